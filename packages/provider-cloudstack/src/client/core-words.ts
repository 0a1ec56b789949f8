// Failures of CloudStack as core wants to hear of them.

import { BootstrapError } from "@karpenter-multicloud/core/bootstrap";
import {
  CreateFailed,
  InsufficientCapacity,
  InvalidConfiguration,
  NodeClassNotReady,
  ProviderError,
  RateLimited,
  Transient,
  Unauthorized,
} from "@karpenter-multicloud/core/provider";
import { ObserveOnly } from "@karpenter-multicloud/core/runtime";
import { milliseconds } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";

import { CloudStackError } from "./cloudstack-api.ts";
import { CredentialsError } from "./credentials-error.ts";
import { kindOf } from "./failure-kind.ts";

/** What a person should do about it; empty when waiting is all there is to do. */
export function adviceFor(error: unknown): string {
  const kind = kindOf(error);
  if (kind === "auth") return "check CLOUDSTACK_API_KEY, CLOUDSTACK_SECRET_KEY and the clocks of both sides";
  if (kind !== "permission" || !(error instanceof CloudStackError)) return "";
  return `the account's role lacks the API ${error.facts.command}: allow it in the role`;
}

/** Errors that are none of the API's pass unchanged. */
export function toProviderError(error: unknown, doing: string): unknown {
  if (ProviderError.is(error) || error instanceof ObserveOnly) return error;
  if (BootstrapError.is(error)) {
    return new InvalidConfiguration(`${doing}: ${error.message}`, { cause: error, conditionReason: error.reason });
  }
  if (error instanceof CredentialsError) return new NodeClassNotReady(`${doing}: ${error.message}`, { cause: error });
  const kind = kindOf(error);
  if (kind === "other") return error;
  const advice = adviceFor(error);
  const message = `${doing}: ${(error as Error).message}${advice === "" ? "" : `; ${advice}`}`;
  switch (kind) {
    case "auth":
    case "permission":
      return new Unauthorized(message, { cause: error, conditionReason: "Unauthorized" });
    case "object-permission":
      return new CreateFailed(message, { cause: error, conditionReason: "PermissionDenied" });
    case "config":
    case "not-found":
    case "name-taken":
      return new InvalidConfiguration(message, { cause: error, conditionReason: "InvalidConfiguration" });
    case "throttled":
      return new RateLimited(message, { cause: error, conditionReason: "Throttled", ...retryAfter(error) });
    case "no-capacity":
    case "no-address":
    case "no-storage":
    case "affinity":
    case "unavailable":
    case "limit":
      return new InsufficientCapacity(message, { cause: error, conditionReason: "InsufficientCapacity" });
    case "exists":
    case "in-use":
    case "transient":
      return new Transient(message, { cause: error });
  }
}

function retryAfter(error: unknown): { readonly retryAfter?: Duration } {
  const ms = error instanceof CloudStackError ? error.facts.retryAfterMs : undefined;
  return ms === undefined ? {} : { retryAfter: milliseconds(ms) };
}

export async function inCoreWords<Result>(doing: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toProviderError(error, doing);
  }
}

export function isNotFound(error: unknown): boolean {
  return kindOf(error) === "not-found";
}
