// Who is calling, and may they? Signed calls, bearer tokens and keystone tokens, refused the way the API refuses them (F-3).

import { ApiError } from "./api-error.ts";
import { matchesGlob, wallMs } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { OvhInvariants } from "./invariants.ts";
import type { Consumer, Keyring } from "./keyring.ts";
import { acceptableUrls, isSignedFor } from "./signature.ts";
import type { Switches } from "./switches.ts";

export type AuthKind = "none" | "off" | "signed" | "bearer" | "openstack";

export interface Caller {
  readonly kind: AuthKind;
  readonly consumer?: Consumer;
}

/** What of a request decides about its caller. */
export interface AuthRequest {
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** Without base path and query. */
  readonly apiPath: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The IAM action of the route; absent = no policy applies. */
  readonly iamAction: string | undefined;
  /** Rules of the consumer key apply. */
  readonly ruled: boolean;
}

export interface AuthDeps {
  readonly keyring: Keyring;
  readonly switches: Switches;
  readonly invariants: OvhInvariants;
  readonly publicUrl: string | undefined;
}

export function authenticate(deps: AuthDeps, request: AuthRequest): Caller {
  if (deps.switches.auth === "off") return { kind: "off" };
  const authorization = request.headers["authorization"];
  if (authorization?.startsWith("Bearer ")) return bearer(deps, request, authorization.slice("Bearer ".length));
  const consumer = signedConsumer(deps, request);
  if (request.ruled && !consumer.rules.some((rule) => allows(rule, request))) {
    throw new ApiError(403, "This call has not been granted", { errorCode: "NOT_GRANTED_CALL" });
  }
  return { kind: "signed", consumer };
}

/** The key and secret of a call that needs an application only, such as POST /auth/credential. */
export function application(keyring: Keyring, key: string | undefined): string {
  if (key === undefined) throw new ApiError(403, "You must login first", { errorCode: "NOT_CREDENTIAL" });
  const secret = keyring.applications.get(key);
  if (secret === undefined) {
    throw new ApiError(403, "This application key is invalid", { errorCode: "INVALID_KEY" });
  }
  return secret;
}

function signedConsumer(deps: AuthDeps, request: AuthRequest): Consumer {
  const { headers } = request;
  const applicationKey = headers["x-ovh-application"];
  const applicationSecret = application(deps.keyring, applicationKey);
  const consumerKey = headers["x-ovh-consumer"];
  if (consumerKey === undefined) throw new ApiError(403, "You must login first", { errorCode: "NOT_CREDENTIAL" });
  const consumer = deps.keyring.consumers.get(consumerKey);
  if (consumer === undefined || consumer.applicationKey !== applicationKey || !consumer.validated) {
    throw new ApiError(403, "This credential is not valid", { errorCode: "INVALID_CREDENTIAL" });
  }
  checkTimestamp(deps, headers["x-ovh-timestamp"]);
  const timestamp = headers["x-ovh-timestamp"] ?? "";
  const { method, body } = request;
  const urls = acceptableUrls(headers["host"] ?? "", request.target, deps.publicUrl);
  const given = headers["x-ovh-signature"] ?? "";
  if (isSignedFor({ applicationSecret, consumerKey, method, body, timestamp }, given, urls)) return consumer;
  throw badSignature(deps, request, "Invalid signature");
}

function checkTimestamp(deps: AuthDeps, timestamp: string | undefined): void {
  const { skewSeconds, timestampToleranceSeconds } = deps.switches;
  const server = wallMs() / 1000 + skewSeconds;
  const difference = Math.abs(Number(timestamp ?? Number.NaN) - server);
  if (difference <= timestampToleranceSeconds) return;
  throw badSignature(deps, undefined, "Invalid timestamp");
}

function badSignature(deps: AuthDeps, request: AuthRequest | undefined, message: string): ApiError {
  const about = request === undefined ? "" : ` of ${request.method} ${request.apiPath}`;
  deps.invariants.record("InvalidSignature", `${message.toLowerCase()}${about}`);
  return new ApiError(400, message, { errorCode: "INVALID_SIGNATURE" });
}

function allows(rule: { readonly method: string; readonly path: string }, request: AuthRequest): boolean {
  return rule.method === request.method && matchesGlob(rule.path, request.apiPath);
}

function bearer(deps: AuthDeps, request: AuthRequest, text: string): Caller {
  const keystone = /^OpenStack\/(.+)$/.exec(text)?.[1];
  if (keystone !== undefined) {
    if (deps.keyring.openstackTokens.has(keystone)) return { kind: "openstack" };
    throw new ApiError(401, "This access token is not valid");
  }
  const token = deps.keyring.tokens.get(text);
  if (token === undefined || token.expiresAtMs <= wallMs()) throw new ApiError(401, "This access token is not valid");
  const { iamAction } = request;
  if (iamAction === undefined || token.iamActions.some((action) => matchesGlob(action, iamAction))) {
    return { kind: "bearer" };
  }
  const details = { unauthorizedActionsByAuthentication: "", unauthorizedActionsByIAM: iamAction };
  throw new ApiError(403, "User not authorized for this action", { details });
}
