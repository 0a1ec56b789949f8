// What a safe client of Scaleway's API never does, and what must never stay behind (W-74).

import { Invariants, reportOf } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { InvariantReport, Violation as AnyViolation } from "@karpenter-multicloud/core/testing/fake-cloud";

export type ViolationKind =
  /** Two servers for one NodeClaim at the same time. */
  | "ServerCreatedTwice"
  /** Powered on before its user data was stored: cloud-init runs once. */
  | "PoweredOnWithoutUserData"
  /** Power-off archives local disks and may take minutes. */
  | "PoweredOff"
  /** Something that somebody else made was changed or removed. */
  | "ForeignDeleted"
  | "InvalidTag"
  | "TooManyRequests"
  | "LeakedServer"
  | "LeakedVolume"
  | "LeakedIp"
  | "HookFailed";

export type Violation = AnyViolation<ViolationKind>;

export class ScalewayInvariants extends Invariants<ViolationKind> {}

export function report(violations: readonly Violation[]): InvariantReport<ViolationKind> {
  return reportOf(violations, {
    leaks: ["LeakedServer", "LeakedVolume", "LeakedIp"],
    wrongDeletions: ["ForeignDeleted"],
    doubleCreates: ["ServerCreatedTwice"],
  });
}
