// The input of one solve: an immutable picture of pods, pools and capacity. No clock, no I/O: what the engine needs to know is in here.

import type {
  DaemonSet,
  LabelSelector,
  NodePool,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  StorageClass,
  Taint,
} from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import type { Normalization } from "../requirements/index.ts";
import type { Resources } from "../units/index.ts";

/** A pool that may grow, with everything its cloud sells for it. */
export interface PoolInput {
  readonly nodePool: NodePool;
  readonly instanceTypes: readonly InstanceType[];
  /** Set when the pool takes no part: it is explained, not used. */
  readonly skipped?: { readonly reason: SkippedPoolReason; readonly detail: string };
}

export type SkippedPoolReason =
  | "NodePoolNotReady"
  | "NodePoolDeleting"
  | "NodePoolStatic"
  | "NodePoolBackOff"
  | "OverlayPending"
  | "InstanceTypesUnavailable";

/** Real or in-flight capacity. The state layer has already decided which side (Node or NodeClaim) each fact comes from (S-216…S-218). */
export interface NodeInput {
  readonly name: string;
  readonly nodePool?: string;
  readonly initialized: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Without the ones overlooked by S-217. */
  readonly taints: readonly Taint[];
  readonly capacity: Resources;
  readonly allocatable: Resources;
  /** Bound, not terminal; DaemonSet pods included. */
  readonly pods: readonly Pod[];
  /** CSI driver → volumes it can have attached, as its CSINode says (S-235), else as its instance type does (S-236). */
  readonly volumeLimits?: Readonly<Record<string, number>>;
  /** Its pods have changed a short while ago: it takes no pods that only move to save money (S-222, D-46). */
  readonly settling?: boolean;
}

export interface ProblemInput {
  readonly pods: readonly Pod[];
  readonly nodePools: readonly PoolInput[];
  readonly nodes: readonly NodeInput[];
  /** A list that holds all of these, the same for many problems: what one solve reads of it the next finds in the cache. Changes no decision. */
  readonly nodesInCommon?: readonly NodeInput[];
  readonly daemonSets: readonly DaemonSetInput[];
  /** Keys a claim may be asked for although its pool does not define them: Karpenter's and the provider's. */
  readonly wellKnownLabels: ReadonlySet<string>;
  readonly restrictedDomains?: readonly string[];
  /** Older spellings of label keys and values, besides Karpenter's own (S-120). */
  readonly normalization?: Normalization;
  /** Capacity types besides on-demand, spot and reserved. */
  readonly capacityTypes?: readonly string[];
  /** Whether preferences are tried before they are given up (S-321, S-327). @defaultValue "Respect" */
  readonly preferencePolicy?: "Respect" | "Ignore";
  /** What happens when minValues cannot be kept: the pool is passed over, or the minimum is lowered (S-509). @defaultValue "Strict" */
  readonly minValuesPolicy?: "Strict" | "BestEffort";
  /** Reserved offerings: waited for, taken when there are some, or left alone (S-512, S-514). @defaultValue "Strict" */
  readonly reservedCapacity?: "Strict" | "Fallback" | "Off";
  /** The key under which offerings carry the id of their reservation. */
  readonly reservationIdLabel?: string;
  /** Uids of pods that have a place and would leave it only for this plan. */
  readonly movingPods?: ReadonlySet<string>;
  /** What persistent volume claims of pods refer to. Absent: nothing is known, so pods that use one are refused. */
  readonly storage?: StorageInput;
  /** Spread constraints for pods that have none of their own (S-427). */
  readonly defaultSpread?: DefaultSpreadInput;
  /** For namespace selectors of pod affinity. Without them a selector of pod anti-affinity is taken to match every namespace. */
  readonly namespaces?: readonly NamespaceInput[];
  /** Instance types listed in one claim at most (S-511). @defaultValue 600 */
  readonly maxInstanceTypes?: number;
}

export interface NamespaceInput {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface DaemonSetInput {
  readonly daemonSet: DaemonSet;
  /** The newest pod it controls, when there is one (S-224). */
  readonly newestPod?: Pod;
}

export interface StorageInput {
  readonly persistentVolumeClaims: readonly PersistentVolumeClaim[];
  readonly persistentVolumes: readonly PersistentVolume[];
  readonly storageClasses: readonly StorageClass[];
  /** Drivers whose volumes the cloud's machines cannot attach. */
  readonly unsupportedProvisioners?: readonly string[];
  /** Topology keys the cloud's machines do not have. */
  readonly unsupportedTopologyKeys?: readonly string[];
}

export interface DefaultSpreadInput {
  readonly constraints: readonly DefaultSpreadConstraint[];
  /** Services, ReplicationControllers, ReplicaSets and StatefulSets by which pods belong together. */
  readonly owners: readonly PodGrouping[];
}

export interface DefaultSpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway";
}

/** A Service or a controller of pods, as far as its selector goes. */
export interface PodGrouping {
  readonly kind: "Service" | "ReplicationController" | "ReplicaSet" | "StatefulSet";
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** Of a Service or ReplicationController: matchLabels only. Absent selects nothing. */
  readonly selector?: LabelSelector;
}
