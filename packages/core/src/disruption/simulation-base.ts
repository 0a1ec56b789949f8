// What all simulations about one picture of the cluster have in common, worked out once: each of them leaves out nodes and adds pods (S-1017).

import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { CompileCache } from "../scheduling/index.ts";
import type { NodeInput, ProblemInput } from "../scheduling/index.ts";
import { consolidateAfter, restedAt } from "./consolidatable.ts";
import { isCurrentlyReschedulable } from "./currently-reschedulable.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { indexPdbs } from "./pdbs.ts";
import type { PdbIndex } from "./pdbs.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";

/** Pictures never change, so what is read from one holds as long as it lives. */
const bases = new WeakMap<DisruptionSnapshot, SimulationBase>();

export function simulationBase(snapshot: DisruptionSnapshot): SimulationBase {
  const known = bases.get(snapshot);
  if (known !== undefined) return known;
  const base = new SimulationBase(snapshot);
  bases.set(snapshot, base);
  return base;
}

/** A node that stays unless a simulation takes it away, as a solve sees it. */
interface Staying {
  readonly node: DisruptionNode;
  readonly input: NodeInput;
  /** The same, closed to pods that only move when it is inside its consolidateAfter (D-45, D-46). */
  readonly settled: NodeInput;
}

export class SimulationBase {
  readonly cache: CompileCache;
  readonly byName: ReadonlyMap<string, DisruptionNode>;
  /** Uids. */
  readonly pending: ReadonlySet<string>;
  /** Pods of nodes that go anyway. */
  readonly fleeing: readonly Pod[];
  readonly fromLeaving: ReadonlySet<string>;
  /** Managed nodes that have not started, those that go anyway left out. */
  readonly starting: ReadonlyMap<string, DisruptionNode>;
  readonly #snapshot: DisruptionSnapshot;
  readonly #staying: readonly Staying[];
  readonly #inputs: readonly NodeInput[];
  readonly #settled: readonly NodeInput[];
  readonly #pdbs: PdbIndex;

  constructor(snapshot: DisruptionSnapshot) {
    const { nodes, pdbs, pendingPods, cache } = snapshot;
    this.#snapshot = snapshot;
    this.cache = cache ?? new CompileCache();
    this.byName = new Map(nodes.map((node) => [node.name, node]));
    this.pending = new Set(pendingPods.map(uidOf));
    this.#pdbs = indexPdbs(pdbs);
    const staying = nodes.filter(({ markedForDeletion }) => !markedForDeletion);
    this.#staying = staying.flatMap((node) => stayingNode(node, snapshot));
    this.#inputs = this.#staying.map(({ input }) => input);
    this.#settled = this.#staying.map(({ settled }) => settled);
    this.fleeing = this.reschedulable(nodes.filter(({ markedForDeletion }) => markedForDeletion));
    this.fromLeaving = new Set(this.fleeing.map(uidOf));
    this.starting = new Map(
      staying.flatMap((node) => (node.managed && !node.initialized ? [[node.name, node] as const] : [])),
    );
  }

  reschedulable(nodes: readonly DisruptionNode[]): readonly Pod[] {
    const { nowMs } = this.#snapshot;
    return nodes.flatMap((node) => node.pods.filter((pod) => isCurrentlyReschedulable(pod, nowMs, this.#pdbs)));
  }

  /** The problem without some of the nodes, their pods waiting for another place. */
  without(gone: ReadonlySet<string>, moving: readonly Pod[], respectConsolidateAfter: boolean): ProblemInput {
    const { problem, pools, pendingPods } = this.#snapshot;
    const nodes: NodeInput[] = [];
    for (const { node, input, settled } of this.#staying) {
      if (!gone.has(node.name)) nodes.push(respectConsolidateAfter ? settled : input);
    }
    return {
      ...problem,
      pods: [...pendingPods, ...moving, ...this.fleeing],
      nodePools: pools,
      nodes,
      nodesInCommon: respectConsolidateAfter ? this.#settled : this.#inputs,
      movingPods: new Set(moving.flatMap(({ metadata, status }) => (isPending(status) ? [] : (metadata.uid ?? [])))),
      // A reservation that is taken is no reason to wait: the node could stay as it is (S-514).
      reservedCapacity: problem.reservedCapacity === "Off" ? "Off" : "Fallback",
    };
  }
}

function stayingNode(node: DisruptionNode, snapshot: DisruptionSnapshot): readonly Staying[] {
  const input = snapshot.nodeInputs.get(node.name);
  if (input === undefined) return [];
  const settled = isSettling(node, snapshot) ? { ...input, settling: true } : input;
  return [{ node, input, settled }];
}

/** D-46: `Never` and 0s close nothing; nodes of static pools are never consolidated, so that there is nothing to wait for (D-53). */
function isSettling(
  { nodeClaim, labels, lastPodEvent }: DisruptionNode,
  { nodePools, nowMs }: DisruptionSnapshot,
): boolean {
  const pool = nodePools.find(({ metadata }) => metadata.name === labels[Label.NodePool]);
  if (nodeClaim === undefined || pool === undefined || pool.spec.replicas !== undefined) return false;
  const after = consolidateAfter(pool);
  if (after === undefined || after === 0) return false;
  const at = restedAt(nodeClaim, pool, lastPodEvent);
  return at !== undefined && nowMs < at;
}

function isPending(status: Pod["status"]): boolean {
  return status?.phase === "Pending";
}

export function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? "";
}
