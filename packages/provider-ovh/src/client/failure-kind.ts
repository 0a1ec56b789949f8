// What a failed call means for the caller: the one place that reads statuses, codes and texts of the API (O-62).

import {
  InvalidConfiguration,
  ProviderError,
  QuotaExceeded,
  RateLimited,
  Transient,
  Unauthorized,
} from "@karpenter-multicloud/core/provider";
import { ObserveOnly } from "@karpenter-multicloud/core/runtime";
import { type Duration, milliseconds } from "@karpenter-multicloud/core/units";

import { OvhApiError } from "./ovh-api.ts";
import { WireError } from "./wire.ts";

export type FailureKind =
  /** Another operation runs on the pool: wait until it is READY or ERROR (O-53). */
  | "busy"
  | "quota"
  | "zones-mandatory"
  | "zone-unknown"
  | "name-taken"
  | "config"
  | "auth"
  | "permission"
  | "not-found"
  /** The project itself ended (status 460). */
  | "expired"
  | "rate-limited"
  | "transient"
  /** Not an answer of the API: aborted, observe mode, or a defect. */
  | "other";

const BUSY = /IntegrityError|status is [A-Z_]+|another operation is in progress/;
const TIME = /timestamp/i;

export function kindOf(error: unknown): FailureKind {
  if (error instanceof WireError) return "transient";
  if (!(error instanceof OvhApiError)) return "other";
  const { status, errorCode = "", said } = error.facts;
  // The transport has set its clock right and tried again before this gets here.
  if (errorCode === "INVALID_SIGNATURE" && !TIME.test(said)) return "auth";
  if (status === undefined || status < 300) return "transient";
  if (status === 400 || status === 409) return refusal(status, `${errorCode} ${said}`);
  if (status === 401) return "auth";
  if (status === 403) return isCredentialCode(errorCode) ? "auth" : "permission";
  if (status === 404) return "not-found";
  if (status === 460) return "expired";
  if (status === 429) return "rate-limited";
  return status === 408 || status >= 500 ? "transient" : "config";
}

function refusal(status: number, said: string): FailureKind {
  if (/availabilityZones is mandatory/i.test(said)) return "zones-mandatory";
  if (/availability ?zones?/i.test(said) && /unknown|not exist|invalid|not found/i.test(said)) return "zone-unknown";
  if (/name/i.test(said) && /already (exists|used|taken|in use)|exists already|must be unique/i.test(said))
    return "name-taken";
  if (BUSY.test(said)) return "busy";
  if (/quota/i.test(said)) return "quota";
  if (TIME.test(said)) return "transient";
  return status === 409 ? "busy" : "config";
}

function isCredentialCode(code: string): boolean {
  return code === "INVALID_CREDENTIAL" || code === "INVALID_KEY" || code === "NOT_CREDENTIAL";
}

/** May the call have been carried out although it failed? */
export function outcomeUnknown(error: unknown): boolean {
  return error instanceof OvhApiError && error.facts.outcomeUnknown;
}

/** What a person should do about it; empty when waiting is all there is to do. */
export function adviceFor(error: unknown): string {
  const facts = error instanceof OvhApiError ? error.facts : undefined;
  switch (kindOf(error)) {
    case "auth":
      return whichCredential(facts?.errorCode);
    case "permission": {
      if (facts?.missingAction !== undefined)
        return `grant the action "${facts.missingAction}" in an IAM policy for the service account`;
      const right = facts === undefined ? "" : `${facts.method} ${facts.route}`;
      return `grant the right "${right}" to the consumer key (https://api.ovh.com/createToken/)`;
    }
    case "quota":
      return "raise the quota of the project in this region in the OVHcloud control panel (Public Cloud, Quota and Regions)";
    case "expired":
      return "the Public Cloud project has expired: renew it in the OVHcloud control panel";
    default:
      return "";
  }
}

/** The API tells which of the three it does not like. */
function whichCredential(errorCode: string | undefined): string {
  switch (errorCode) {
    case "INVALID_KEY":
      return "check applicationKey in the credentials Secret, and that it was made for this endpoint (https://api.ovh.com/createToken/)";
    case "INVALID_SIGNATURE":
      return "check applicationSecret in the credentials Secret: it is not the one of the applicationKey (https://api.ovh.com/createToken/)";
    case "INVALID_CREDENTIAL":
    case "NOT_CREDENTIAL":
      return "check consumerKey in the credentials Secret: it must belong to the applicationKey, be validated and not be expired (https://api.ovh.com/createToken/)";
    case "INVALID_CLIENT":
      return "check clientId and clientSecret in the credentials Secret, and that the service account was made for this endpoint (POST /me/api/oauth2/client)";
    default:
      return "check applicationKey, applicationSecret and consumerKey in the credentials Secret (https://api.ovh.com/createToken/)";
  }
}

/** As core wants it. Errors that are none of the API's pass unchanged. */
export function toProviderError(error: unknown, doing: string): unknown {
  if (ProviderError.is(error) || error instanceof ObserveOnly) return error;
  const kind = kindOf(error);
  if (kind === "other") return error;
  const advice = adviceFor(error);
  const message = `${doing}: ${(error as Error).message}${advice === "" ? "" : `; ${advice}`}`;
  switch (kind) {
    case "auth":
      return new Unauthorized(message, { cause: error, conditionReason: "InvalidCredential" });
    case "permission":
      return new Unauthorized(message, { cause: error, conditionReason: "CallNotGranted" });
    case "expired":
      return new Unauthorized(message, { cause: error, conditionReason: "ProjectExpired" });
    case "quota":
      return new QuotaExceeded(message, { cause: error, scope: { level: "region" }, conditionReason: "QuotaExceeded" });
    case "config":
    case "zones-mandatory":
    case "zone-unknown":
    case "name-taken":
      return new InvalidConfiguration(message, { cause: error, conditionReason: "InvalidRequest" });
    case "not-found":
      return new Transient(message, { cause: error, conditionReason: "NotFound" });
    case "rate-limited":
      return new RateLimited(message, { cause: error, ...retryAfter(error) });
    case "busy":
    case "transient":
      return new Transient(message, { cause: error });
  }
}

function retryAfter(error: unknown): { readonly retryAfter?: Duration } {
  const ms = error instanceof OvhApiError ? error.facts.retryAfterMs : undefined;
  return ms === undefined ? {} : { retryAfter: milliseconds(ms) };
}
