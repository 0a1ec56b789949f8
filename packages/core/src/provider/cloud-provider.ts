// The contract between core and a cloud.
//
// Core decides which machine is needed and when one may go; a provider translates. It keeps no state that a restart
// would miss: what it must remember stands in the cloud (tags, pools) or in annotations of the NodeClaim. Every method
// may be called again after a crash, a timeout or a lost answer, and must then lead to the same end. Core owns
// retrying, limiting, collecting orphans and remembering refused offerings; a provider hands in numbers and errors
// with their scope. No method may block longer than its deadline: what takes minutes is asked for again later
// (LaunchPending).

import type { GroupKind, NodeClaim, NodePool } from "../api/index.ts";
import type { Duration } from "../units/index.ts";
import type { InstanceType } from "./instance-type.ts";
import type { ProviderSettings } from "./settings.ts";

export interface CallContext {
  readonly signal: AbortSignal;
}

/** All types of a pool's class, also those without an available offering, in a stable order. */
export interface InstanceTypes {
  /** Changes whenever anything in `items` does; equal versions mean equal lists. */
  readonly version: string;
  readonly items: readonly InstanceType[];
}

export interface RepairPolicy {
  readonly conditionType: string;
  readonly conditionStatus: "True" | "False" | "Unknown";
  readonly tolerationDuration: Duration;
}

/** How long core waits for this machine before giving it up. Wins over the flags. */
export interface MachineTimeouts {
  readonly launch?: Duration;
  readonly registration?: Duration;
  readonly initialization?: Duration;
}

/** Must answer {} before a node counts as registered (S-705). */
export interface RegistrationHook {
  readonly name: string;
  registered(claim: NodeClaim, context: CallContext): Promise<{ readonly requeueAfter?: Duration }>;
}

export interface CloudProvider {
  /** Lower case; the value of the metric label `provider`. */
  readonly name: string;

  /**
   * Launches one machine that satisfies the claim's requirements and requests, from the cheapest compatible available
   * offering, in the order of `overlaidRank` where NodeOverlays have changed prices. Answers the claim with status
   * (providerID, imageID, capacity, allocatable), labels and annotations filled in. Idempotent by the claim's UID: called
   * twice, it answers the same machine.
   * @throws InsufficientCapacity, QuotaExceeded, NodeClassNotReady, LaunchPending, CreateFailed, …
   */
  create(claim: NodeClaim, context: CallContext): Promise<NodeClaim>;

  /**
   * Resolves when the deletion was accepted; called again until it throws MachineNotFound.
   * @throws MachineNotFound when the machine is gone
   */
  delete(claim: NodeClaim, context: CallContext): Promise<void>;

  /** @throws MachineNotFound when it is gone or irrevocably terminating */
  get(providerID: string, context: CallContext): Promise<NodeClaim>;

  /** All machines of this cluster that we own, without those being deleted. Complete, or it throws: an error never looks like an empty list. */
  list(context: CallContext): Promise<readonly NodeClaim[]>;

  getInstanceTypes(pool: NodePool, context: CallContext): Promise<InstanceTypes>;

  /** The drift reason in PascalCase, or "" when there is none. An error is never "drifted". */
  isDrifted(claim: NodeClaim, context: CallContext): Promise<string>;

  repairPolicies(): readonly RepairPolicy[];

  /** The first is the default. */
  supportedNodeClasses(): readonly GroupKind[];

  settings(): ProviderSettings;

  timeouts?(claim: NodeClaim): MachineTimeouts;

  registrationHooks?(): readonly RegistrationHook[];

  /**
   * Why the machine cannot be removed at present, in lower case; undefined when it can. Core then neither disrupts nor expires
   * it. From what the provider knows: no call, no waiting.
   */
  keeps?(claim: NodeClaim): string | undefined;

  /**
   * Collects what only the provider can see: surplus machines of a pool, empty pools, half-created resources.
   * Called by core's instance.garbagecollection after its own round, with the claims read after the cloud's list.
   */
  collectGarbage?(claims: readonly NodeClaim[], context: CallContext): Promise<void>;
}
