// The routes around the account: time, consumer keys, OAuth2 tokens, identity and the public price catalogue.

import { createHash } from "node:crypto";
import { badRequest } from "../api-error.ts";
import { application } from "../auth.ts";
import type { AccessRule } from "../keyring.ts";
import type { Call, Route } from "../router.ts";
import { catalogue, currencyOf } from "../seed/catalogue.ts";
import { Reply, wallMs } from "@karpenter-multicloud/core/testing/fake-cloud";
import { isRecord } from "../world/body-fields.ts";
import { iso } from "../world/timestamps.ts";
import { bodyOf } from "./call-context.ts";

/** Below /1.0, /v1. */
export const ACCOUNT_ROUTES: readonly Route[] = [
  {
    operation: "getTime",
    method: "GET",
    path: "/auth/time",
    access: "open",
    handle: ({ backend }) => Math.floor(wallMs() / 1000 + backend.switches.skewSeconds),
  },
  { operation: "requestCredential", method: "POST", path: "/auth/credential", access: "open", handle: requestKey },
  {
    operation: "getCurrentCredential",
    method: "GET",
    path: "/auth/currentCredential",
    access: "known",
    handle: currentCredential,
  },
  {
    operation: "getMe",
    method: "GET",
    path: "/me",
    access: "ruled",
    iamAction: "account:apiovh:me/get",
    handle: () => ({
      nichandle: "xx00000-ovh",
      ovhSubsidiary: "FR",
      country: "FR",
      currency: { code: currencyOf("FR"), symbol: "€" },
      state: "complete",
    }),
  },
  {
    operation: "getCatalogue",
    method: "GET",
    path: "/order/catalog/public/cloud",
    access: "open",
    handle: publicCatalogue,
  },
];

/** Outside of the base path. */
export const TOKEN_ROUTES: readonly Route[] = [
  { operation: "getToken", method: "POST", path: "/auth/oauth2/token", access: "open", handle: issueToken },
  {
    operation: "validateCredential",
    method: "GET",
    path: "/auth/validate",
    access: "open",
    handle: ({ backend, query }) => {
      const consumer = backend.keyring.consumers.get(query.get("credentialToken") ?? "");
      if (consumer === undefined) throw badRequest("This credential token is not valid");
      consumer.validated = true;
      return { state: "validated" };
    },
  },
];

/** Opening the validation URL is all the agreement the fake asks for. */
function requestKey(call: Call): unknown {
  const applicationKey = call.headers["x-ovh-application"];
  application(call.backend.keyring, applicationKey);
  const { accessRules, redirection } = bodyOf(call);
  if (!Array.isArray(accessRules) || !accessRules.every(isAccessRule)) {
    throw badRequest("accessRules must be a list of method and path");
  }
  const consumer = call.backend.keyring.request(applicationKey ?? "", accessRules, wallMs());
  const token = `credentialToken=${consumer.consumerKey}`;
  return {
    consumerKey: consumer.consumerKey,
    state: "pendingValidation",
    validationUrl: `${call.origin}/auth/validate?${token}`,
    ...(typeof redirection === "string" ? { redirection } : {}),
  };
}

function isAccessRule(rule: unknown): rule is AccessRule {
  return isRecord(rule) && typeof rule["method"] === "string" && typeof rule["path"] === "string";
}

function currentCredential({ caller }: Call): unknown {
  const { consumer } = caller;
  return {
    credentialId: 1,
    applicationId: 1,
    status: "validated",
    creation: iso(consumer?.createdAtMs ?? wallMs()),
    lastUse: iso(wallMs()),
    expiration: null,
    ovhSupport: false,
    allowedIPs: null,
    rules: consumer?.rules ?? [],
  };
}

function issueToken(call: Call): unknown {
  const form = isRecord(call.body) ? call.body : {};
  if (form["grant_type"] !== "client_credentials") return oauthError(400, "unsupported_grant_type");
  const [basicId, basicSecret] = basicAuth(call.headers["authorization"]);
  const id = basicId ?? form["client_id"];
  const secret = basicSecret ?? form["client_secret"];
  const { keyring, switches } = call.backend;
  const client = typeof id === "string" ? keyring.clients.get(id) : undefined;
  if (client === undefined || client.clientSecret !== secret) return oauthError(401, "invalid_client");
  return {
    access_token: keyring.issueToken(client, wallMs(), switches.oauthTokenSeconds),
    token_type: "Bearer",
    expires_in: switches.oauthTokenSeconds,
    scope: typeof form["scope"] === "string" ? form["scope"] : "all",
  };
}

/** The id and secret of HTTP Basic, which OAuth2 clients encode like form fields. */
function basicAuth(header: string | undefined): readonly (string | undefined)[] {
  const encoded = /^Basic (.+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return [];
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 0) return [];
  return [text.slice(0, colon), text.slice(colon + 1)].map((part) => decodeURIComponent(part));
}

function oauthError(status: number, error: string): Reply {
  return new Reply({ status, body: { error, error_description: error.replaceAll("_", " ") } });
}

function publicCatalogue(call: Call): unknown {
  const subsidiary = call.query.get("ovhSubsidiary");
  if (subsidiary === null) throw badRequest("ovhSubsidiary is mandatory");
  const { prices, flavors } = call.backend.world.ground;
  const body = catalogue([...flavors.values()], subsidiary, (code, list) => prices.get(code) ?? list);
  const etag = `"${createHash("sha256").update(JSON.stringify(body)).digest("hex").slice(0, 32)}"`;
  if (call.headers["if-none-match"] === etag) return new Reply({ status: 304, headers: { ETag: etag } });
  return new Reply({ status: 200, body, headers: { ETag: etag } });
}
