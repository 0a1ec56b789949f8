// What disruption decides on, for tests: nodes that are initialized, ready and consolidatable, in pools without budgets in the way.

import { CapacityType, Label, WELL_KNOWN_LABELS } from "../../api/index.ts";
import type { Pod, ResourceList } from "../../api/index.ts";
import { DISRUPTION_DEFAULTS } from "../../disruption/index.ts";
import type { DisruptionNode, DisruptionSettings, DisruptionSnapshot } from "../../disruption/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import type { NodeInput, PoolInput } from "../../scheduling/index.ts";
import { allocatableFrom } from "../../units/index.ts";
import { aNode, aNodeClaim } from "./node.ts";
import type { NodeClaimOptions, NodeOptions } from "./node.ts";
import { aPoolInput } from "./node-pool.ts";
import type { PoolInputOptions } from "./node-pool.ts";

/** A day after everything was made. */
export const SNAPSHOT_NOW = Date.UTC(2026, 0, 2);

export interface DisruptionNodeOptions {
  readonly name?: string;
  /** Empty: not of any pool, and without a claim. */
  readonly nodePool?: string;
  /** What it runs on: its labels, capacity, and by default the place and kind of its first offering. */
  readonly type?: InstanceType;
  readonly zone?: string;
  readonly capacityType?: string;
  /** They are bound to it whatever they say. */
  readonly pods?: readonly Pod[];
  readonly node?: NodeOptions;
  readonly claim?: NodeClaimOptions;
  readonly changes?: Partial<DisruptionNode>;
}

export interface SnapshotOptions extends Partial<Omit<DisruptionSnapshot, "nodePools" | "settings" | "problem">> {
  readonly settings?: Partial<DisruptionSettings>;
  readonly problem?: Partial<DisruptionSnapshot["problem"]>;
}

const READY = ["Launched", "Registered", "Initialized", "Consolidatable"];

export function aDisruptionNode(options: DisruptionNodeOptions = {}): DisruptionNode {
  const { name = "n1", nodePool = "default", pods = [], changes } = options;
  const labels = { ...placeOf(options), ...options.node?.labels };
  const capacity = options.type && listOf(options.type);
  const node = aNode({ name, nodePool, ...(capacity && { capacity }), ...options.node, labels });
  const nodeClaim = nodePool ? aNodeClaim({ name, nodePool, conditions: READY, ...options.claim }) : undefined;
  return {
    name,
    providerID: `test:///${name}`,
    node,
    ...(nodeClaim && { nodeClaim }),
    managed: nodeClaim !== undefined,
    initialized: true,
    ...(nodePool && { nodePool }),
    labels: node.metadata.labels ?? {},
    annotations: node.metadata.annotations ?? {},
    pods: pods.map((pod) => ({ ...pod, spec: { ...pod.spec, nodeName: name } })),
    markedForDeletion: false,
    ...changes,
  };
}

export function aSnapshot(options: SnapshotOptions = {}): DisruptionSnapshot {
  const { nodes = [], pools = [aConsolidatedPool()], settings, problem, ...more } = options;
  return {
    nowMs: SNAPSHOT_NOW,
    nodes,
    nodeInputs: new Map(nodes.map((node) => [node.name, inputOf(node)])),
    nodePools: pools.map(({ nodePool }) => nodePool),
    pools,
    pdbs: [],
    pendingPods: [],
    inCommand: new Set(),
    ...more,
    problem: { daemonSets: [], wellKnownLabels: new Set(WELL_KNOWN_LABELS), ...problem },
    settings: { ...DISRUPTION_DEFAULTS, ...settings },
  };
}

/** A pool that lets all its nodes go at once. */
export function aConsolidatedPool(options: PoolInputOptions = {}): PoolInput {
  return aPoolInput({ ...options, disruption: { budgets: [{ nodes: "100%" }], ...options.disruption } });
}

function placeOf({ type, zone, capacityType }: DisruptionNodeOptions): Readonly<Record<string, string>> {
  const first = type?.offerings[0]?.requirements;
  return {
    ...(type && { [Label.InstanceType]: type.name }),
    [Label.Zone]: zone ?? first?.get(Label.Zone).single() ?? "test-zone-1",
    [Label.CapacityType]: capacityType ?? first?.get(Label.CapacityType).single() ?? CapacityType.OnDemand,
  };
}

function inputOf({ name, nodePool, initialized, labels, node, pods }: DisruptionNode): NodeInput {
  return {
    name,
    ...(nodePool && { nodePool }),
    initialized,
    labels: { [Label.Hostname]: name, ...labels },
    taints: node?.spec?.taints ?? [],
    capacity: { ...allocatableFrom(node?.status?.capacity), nodes: 1 },
    allocatable: allocatableFrom(node?.status?.allocatable),
    pods,
  };
}

/** Quantities are kept in millicores and base units. */
function listOf({ capacity }: InstanceType): ResourceList {
  return Object.fromEntries(
    Object.entries(capacity).map(([resource, amount]) => [
      resource,
      resource === "cpu" ? `${amount}m` : String(amount),
    ]),
  );
}
