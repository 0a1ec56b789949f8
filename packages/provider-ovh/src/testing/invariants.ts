// What a safe client of OVHcloud's API never does (F-10).

import { Invariants, reportOf } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { InvariantReport, Violation as AnyViolation } from "@karpenter-multicloud/core/testing/fake-cloud";

export type ViolationKind =
  | "UnnamedMachineDeleted"
  | "DesiredLoweredWithoutNames"
  | "PoolDeletedWithMachines"
  | "AutoscaleOnOwnedPool"
  | "PoolPostedTwice"
  | "InvalidSignature"
  | "FinalizersInTemplate"
  | "BootstrapTaintInTemplate"
  | "TooManyRequests"
  | "LeakedMachine"
  | "HookFailed";

export type Violation = AnyViolation<ViolationKind>;

export class OvhInvariants extends Invariants<ViolationKind> {}

export function report(violations: readonly Violation[]): InvariantReport<ViolationKind> {
  return reportOf(violations, {
    leaks: ["LeakedMachine"],
    wrongDeletions: ["UnnamedMachineDeleted", "DesiredLoweredWithoutNames", "PoolDeletedWithMachines"],
    doubleCreates: ["PoolPostedTwice"],
  });
}
