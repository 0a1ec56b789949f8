// What a failed call means for the caller: the one place that reads types, statuses and texts of the API (§1.4, §9).

import {
  CreateFailed,
  InvalidConfiguration,
  ProviderError,
  RateLimited,
  Transient,
  Unauthorized,
} from "@karpenter-multicloud/core/provider";
import { ObserveOnly } from "@karpenter-multicloud/core/runtime";
import { milliseconds } from "@karpenter-multicloud/core/units";

import { ScalewayApiError } from "./scaleway-api.ts";
import type { ApiErrorFacts } from "./scaleway-api.ts";
import { WireError } from "./wire.ts";

export type FailureKind =
  | "out-of-stock"
  | "quota"
  | "invalid"
  | "not-found"
  | "permission"
  | "auth"
  | "rate-limited"
  /** Busy: what was asked is refused until it has settled. */
  | "busy"
  | "locked"
  | "transient"
  /** Not an answer of the API: aborted, observe mode, or a defect. */
  | "other";

const BY_TYPE: Readonly<Record<string, FailureKind>> = {
  out_of_stock: "out-of-stock",
  quotas_exceeded: "quota",
  invalid_arguments: "invalid",
  not_found: "not-found",
  unknown_resource: "not-found",
  permissions_denied: "permission",
  denied_authentication: "auth",
  too_many_requests: "rate-limited",
  transient_state: "busy",
  precondition_failed: "busy",
  conflict: "busy",
  already_exists: "busy",
  locked: "locked",
};

export function kindOf(error: unknown): FailureKind {
  if (error instanceof WireError) return "transient";
  if (!(error instanceof ScalewayApiError)) return "other";
  const { type, status, said } = error.facts;
  if (type === "invalid_request_error") return legacyKind(said);
  const known = type === undefined ? undefined : BY_TYPE[type];
  return known ?? byStatus(status);
}

/** T-38: the first Instance API has one type for everything. */
function legacyKind(said: string): FailureKind {
  if (/quota exceeded/i.test(said)) return "quota";
  return /server should be|in a transient state|busy/i.test(said) ? "busy" : "invalid";
}

function byStatus(status: number | undefined): FailureKind {
  if (status === undefined || status < 300) return "transient";
  if (status === 401) return "auth";
  if (status === 403) return "permission";
  if (status === 404) return "not-found";
  if (status === 409 || status === 412) return "busy";
  if (status === 429) return "rate-limited";
  return status === 408 || status >= 500 ? "transient" : "invalid";
}

export function isNotFound(error: unknown): boolean {
  return kindOf(error) === "not-found";
}

export function factsOf(error: unknown): ApiErrorFacts | undefined {
  return error instanceof ScalewayApiError ? error.facts : undefined;
}

/** May the call have been carried out although it failed? */
export function outcomeUnknown(error: unknown): boolean {
  return factsOf(error)?.outcomeUnknown === true || error instanceof WireError;
}

/** What a person should do about it; empty when waiting is all there is to do. */
export function adviceFor(error: unknown): string {
  const kind = kindOf(error);
  if (kind === "auth") return "check SCW_ACCESS_KEY and SCW_SECRET_KEY in the credentials Secret";
  if (kind !== "permission") return "";
  const detail = factsOf(error)?.details.find(({ resource }) => resource !== undefined);
  const right = detail === undefined ? "this call" : `${detail.action ?? "write"} ${detail.resource ?? ""}`;
  const set = /volume|block/.test(detail?.resource ?? "") ? "BlockStorageFullAccess (Block Storage)" : SETS;
  return `the key lacks the permission for ${right}: grant it ${set} in its IAM policy`;
}

const SETS = "InstancesFullAccess and BlockStorageFullAccess";

/** As core wants it. Errors that are none of the API's pass unchanged. */
export function toProviderError(error: unknown, doing: string): unknown {
  if (ProviderError.is(error) || error instanceof ObserveOnly) return error;
  const kind = kindOf(error);
  if (kind === "other") return error;
  const advice = adviceFor(error);
  const message = `${doing}: ${(error as Error).message}${advice === "" ? "" : `; ${advice}`}`;
  const after = factsOf(error)?.retryAfterMs;
  const retry = after === undefined ? {} : { retryAfter: milliseconds(after) };
  switch (kind) {
    case "auth":
    case "permission":
      return new Unauthorized(message, { cause: error, conditionReason: "Unauthorized" });
    case "invalid":
      return new InvalidConfiguration(message, { cause: error, conditionReason: "InvalidConfiguration" });
    case "rate-limited":
      return new RateLimited(message, { cause: error, conditionReason: "Throttled", ...retry });
    case "locked":
      return new CreateFailed(message, { cause: error, conditionReason: "Locked" });
    case "quota":
      return new CreateFailed(message, { cause: error, conditionReason: "QuotaExceeded" });
    case "out-of-stock":
    case "not-found":
    case "busy":
    case "transient":
      return new Transient(message, { cause: error });
  }
}

export async function inCoreWords<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toProviderError(error, doing);
  }
}
