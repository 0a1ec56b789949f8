// What a failed command means: the one place that reads CloudStack's codes and texts (spec part 10).

import type { CallVerdict } from "@karpenter-multicloud/core/runtime";
import { milliseconds } from "@karpenter-multicloud/core/units";
import { CloudStackError, isRead } from "./cloudstack-api.ts";

export type FailureKind =
  /** No host or pool takes it. */
  | "no-capacity"
  | "no-address"
  | "no-storage"
  | "affinity"
  /** The account, domain or project may not have more. */
  | "limit"
  /** Zone, pod or network are down. */
  | "unavailable"
  | "name-taken"
  | "not-found"
  /** The request cannot succeed before a person changes something. */
  | "config"
  /** The role lacks the command. */
  | "permission"
  | "object-permission"
  | "auth"
  | "throttled"
  | "exists"
  | "in-use"
  | "transient"
  /** None of CloudStack's: aborted, observe mode, or a defect. */
  | "other";

const NOT_FOUND = /entity does not exist|unable to find uuid|unable to find a virtual machine|no match found/i;
const NO_CAPACITY = /unable to create a deployment for vm|no destination found|insufficient[\w ]* capacity/i;

export function kindOf(error: unknown): FailureKind {
  if (!(error instanceof CloudStackError)) return "other";
  const { code, said, answered } = error.facts;
  if (code === undefined) return "transient";
  if (!answered) return code === 401 || code === 403 ? "auth" : "transient";
  switch (code) {
    case 401:
    case 411:
      return /does not exist, is not available for user/i.test(said) ? "permission" : "auth";
    case 429:
      return "throttled";
    case 430:
    case 431:
      return refusal(said);
    case 432:
      return /is not available for user/i.test(said) ? "permission" : "config";
    case 532:
    case 535:
      return "limit";
    case 533:
      return shortage(said, error.facts.csCode);
    case 534:
      return "unavailable";
    case 531:
      return "object-permission";
    case 536:
    case 537:
      return "in-use";
    default:
      return code === 530 ? internal(said) : "transient";
  }
}

function refusal(said: string): FailureKind {
  if (/already exists in the network domain/i.test(said)) return "name-taken";
  if (NOT_FOUND.test(said)) return "not-found";
  return "config";
}

function shortage(said: string, csCode: number | undefined): FailureKind {
  if (/affinity group/i.test(said)) return "affinity";
  if (csCode === 4320 || /address|\bIPs?\b/.test(said)) return "no-address";
  if (csCode === 4340 || /storage/i.test(said)) return "no-storage";
  return "no-capacity";
}

function internal(said: string): FailureKind {
  if (/affinity group/i.test(said) && NO_CAPACITY.test(said)) return "affinity";
  if (NO_CAPACITY.test(said)) return "no-capacity";
  if (/^tag .* already on/i.test(said)) return "exists";
  if (/permission/i.test(said)) return "object-permission";
  return "transient";
}

/** Writes are repeated only when the server refused them before doing anything; what may have happened is looked up instead (C-61). */
export function judge(error: unknown): CallVerdict {
  const kind = kindOf(error);
  if (kind === "other" || !(error instanceof CloudStackError)) return { cloud: "unknown", retry: false, reason: kind };
  const { command, retryAfterMs, answered } = error.facts;
  if (kind === "throttled") {
    return {
      cloud: "alive",
      retry: true,
      reason: kind,
      ...(retryAfterMs === undefined ? {} : { after: milliseconds(retryAfterMs) }),
    };
  }
  if (kind !== "transient") return { cloud: "alive", retry: false, reason: kind };
  return { cloud: answered ? "alive" : "down", retry: isRead(command) || wasRefusedAtTheDoor(error), reason: kind };
}

function wasRefusedAtTheDoor({ facts }: CloudStackError): boolean {
  return !facts.answered && !facts.outcomeUnknown && facts.code === undefined;
}

export function outcomeUnknown(error: unknown): boolean {
  return error instanceof CloudStackError && error.facts.outcomeUnknown;
}
