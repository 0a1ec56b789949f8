// What one round of disruption decisions looks at: an immutable picture of the cluster, and what may be done about it (DX-3).

import type { NodePool, Pod, PodDisruptionBudget } from "../api/index.ts";
import type { CompileCache, NodeInput, PoolInput, ProblemInput } from "../scheduling/index.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import type { HourlyLimits } from "./hourly-limit.ts";
import type { Pause } from "./pause.ts";

export interface DisruptionSnapshot {
  readonly nowMs: number;
  readonly nodes: readonly DisruptionNode[];
  /** The same nodes as a solve sees them, by name. */
  readonly nodeInputs: ReadonlyMap<string, NodeInput>;
  /** Managed ones. */
  readonly nodePools: readonly NodePool[];
  /**
   * Managed pools with their instance types, overlays applied; the same that the provisioner plans with. Those that take
   * no part, such as static ones, need their types here all the same: without them no node of theirs is a candidate (D-19).
   */
  readonly pools: readonly PoolInput[];
  readonly pdbs: readonly PodDisruptionBudget[];
  /** Pods that wait for a node now and take part in every simulation (D-43). */
  readonly pendingPods: readonly Pod[];
  /** Everything else a solve needs. */
  readonly problem: Omit<ProblemInput, "pods" | "nodes" | "nodePools">;
  /** Names of nodes that belong to a running command. */
  readonly inCommand: ReadonlySet<string>;
  /** By node name: why the provider cannot remove the machine at present. */
  readonly kept?: ReadonlyMap<string, string>;
  /** By node name: which are left alone for a while (DX-35). */
  readonly paused?: ReadonlyMap<string, Pause>;
  /** By node name: the CapacityBuffers whose room was planned on it (D-61). */
  readonly bufferNodes?: ReadonlyMap<string, readonly string[]>;
  /** By static pool: what is taken of it. Absent: counted from the nodes, and nothing is reserved. */
  readonly staticCounts?: ReadonlyMap<string, StaticCounts>;
  /** By pool and reason: how many nodes may still go within this hour (DX-33). */
  readonly hourly?: HourlyLimits;
  readonly settings: DisruptionSettings;
  /** What earlier solves have read of the pools; changes no decision (S-1015). */
  readonly cache?: CompileCache;
}

/** The machines of one static pool, each in one of the first three (D-64, D-65). */
export interface StaticCounts {
  readonly active: number;
  readonly deleting: number;
  /** Chosen by a running command; the claim is not deleted yet. */
  readonly pendingDisruption: number;
  /** Granted to creates that are on their way. */
  readonly reserved: number;
}

export interface DisruptionSettings {
  /** Gate SpotToSpotConsolidation (D-85). */
  readonly spotToSpot: boolean;
  /** Cheaper types that must remain for a spot node to be replaced by another (D-88). */
  readonly spotFlexibility: number;
  /** Nodes in one multi-node command at most (D-89). */
  readonly maxBatch: number;
}

export const DISRUPTION_DEFAULTS: DisruptionSettings = { spotToSpot: false, spotFlexibility: 15, maxBatch: 100 };
