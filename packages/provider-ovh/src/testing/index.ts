export type { SeedCluster } from "./backend.ts";
export type { Durations, Speed } from "./durations.ts";
export type { FakeFault } from "./faults.ts";
export type {
  FaultMatch,
  InvariantReport,
  LoggedRequest,
  MachineFaultKind,
  RequestFaultKind,
} from "@karpenter-multicloud/core/testing/fake-cloud";
export type { Violation, ViolationKind } from "./invariants.ts";
export type { AccessRule, SeedCredential, SeedOAuthClient } from "./keyring.ts";
export type { FakeOvhCredentials, FakeOvhOptions } from "./options.ts";
export type { SeedFlavor } from "./seed/flavors.ts";
export { SEED_FLAVORS } from "./seed/flavors.ts";
export { startFakeOvh } from "./server.ts";
export type { FakeOvh } from "./server.ts";
export type { Switches } from "./switches.ts";
export type { FakeOvhState, MachineSummary } from "./world/dump.ts";
export type { Quotas } from "./world/ground.ts";
export type { Cost } from "@karpenter-multicloud/core/testing/fake-cloud";
export type { MachineStatus } from "./world/machine.ts";
export type { Outside, PoolEdit } from "./world/outside.ts";
export type { PoolStatus, PoolTaint, PoolTemplate } from "./world/pool.ts";
