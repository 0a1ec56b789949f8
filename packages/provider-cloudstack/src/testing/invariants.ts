// What a safe client of CloudStack never does, and what must never stay behind.

import { Invariants, reportOf } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { InvariantReport, Violation as AnyViolation } from "@karpenter-multicloud/core/testing/fake-cloud";

export type ViolationKind =
  /** Two machines for one NodeClaim at the same time. */
  | "MachineCreatedTwice"
  /** Something that somebody else made was changed or removed. */
  | "ForeignDeleted"
  /** A volume of a CSI driver went with its machine. */
  | "CsiVolumeDeleted"
  /** A write was sent by GET: it stands in the logs of every proxy. */
  | "WroteByGet"
  | "LeakedMachine"
  | "LeakedVolume"
  /** With its card: of a machine that is gone, or could be. */
  | "LeakedAddress"
  | "HookFailed";

export type Violation = AnyViolation<ViolationKind>;

export class CloudStackInvariants extends Invariants<ViolationKind> {}

export function report(violations: readonly Violation[]): InvariantReport<ViolationKind> {
  return reportOf(violations, {
    leaks: ["LeakedMachine", "LeakedVolume", "LeakedAddress"],
    wrongDeletions: ["ForeignDeleted", "CsiVolumeDeleted"],
    doubleCreates: ["MachineCreatedTwice"],
  });
}
