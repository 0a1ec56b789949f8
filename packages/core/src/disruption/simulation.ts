// What would happen to the pods of some nodes if these were gone: the planner is asked with the nodes left out (D-42…D-55).

import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { solveSteps } from "../scheduling/index.ts";
import type { NodeInput, PodExplanation, Solution } from "../scheduling/index.ts";
import { consolidatableAt, consolidateAfter } from "./consolidatable.ts";
import { isCurrentlyReschedulable } from "./currently-reschedulable.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { indexPdbs } from "./pdbs.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";
import { finished, type Steps } from "./steps.ts";

export interface SimulationOptions {
  /** Nodes inside their consolidateAfter take no pods from others (D-45, D-46): consolidation, not drift. */
  readonly respectConsolidateAfter: boolean;
  /** True ends the solve early; pods not tried by then count as not placed (D-93). */
  readonly shouldStop?: () => boolean;
}

export interface UnplacedPod {
  readonly pod: Pod;
  /** In one line. */
  readonly reason: string;
  /** It would find a place, but on a node that has not started (D-49). */
  readonly uninitialized: boolean;
}

export interface Simulation {
  readonly solution: Solution;
  /** Pods that run now and would find no place, or only on a node that is not ready yet (D-49, D-50). */
  readonly unplaced: readonly UnplacedPod[];
}

/** Undefined: one of the nodes is on its way out already (D-42). */
export function simulate(
  snapshot: DisruptionSnapshot,
  names: readonly string[],
  options: SimulationOptions,
): Simulation | undefined {
  return finished(simulateSteps(snapshot, names, options));
}

/** The same with pauses. */
export function* simulateSteps(
  snapshot: DisruptionSnapshot,
  names: readonly string[],
  { respectConsolidateAfter, shouldStop }: SimulationOptions,
): Steps<Simulation | undefined> {
  const gone = new Set(names);
  const candidates = snapshot.nodes.filter(({ name }) => gone.has(name));
  if (candidates.some(({ markedForDeletion }) => markedForDeletion)) return undefined;
  const leaving = snapshot.nodes.filter(({ markedForDeletion }) => markedForDeletion);
  const staying = snapshot.nodes.filter(({ name, markedForDeletion }) => !gone.has(name) && !markedForDeletion);
  const moving = reschedulablePods(candidates, snapshot);
  const fleeing = reschedulablePods(leaving, snapshot);
  const pods = [...snapshot.pendingPods, ...moving, ...fleeing];
  const solution = yield* solveSteps(
    {
      ...snapshot.problem,
      pods,
      nodePools: snapshot.pools,
      nodes: staying.flatMap((node) => nodeInput(node, snapshot, respectConsolidateAfter)),
      movingPods: new Set(moving.flatMap(({ metadata, status }) => (isPending(status) ? [] : (metadata.uid ?? [])))),
      // A reservation that is taken is no reason to wait: the node could stay as it is (S-514).
      reservedCapacity: snapshot.problem.reservedCapacity === "Off" ? "Off" : "Fallback",
    },
    { mode: "parity", ...(shouldStop && { shouldStop }) },
  );
  const pending = new Set(snapshot.pendingPods.map(uidOf));
  const fromLeaving = new Set(fleeing.map(uidOf));
  return {
    solution,
    unplaced: [...withoutPlace(solution, pods, pending), ...onStartingNodes(solution, staying, fromLeaving, pending)],
  };
}

function reschedulablePods(nodes: readonly DisruptionNode[], { nowMs, pdbs }: DisruptionSnapshot): readonly Pod[] {
  const index = indexPdbs(pdbs);
  return nodes.flatMap((node) => node.pods.filter((pod) => isCurrentlyReschedulable(pod, nowMs, index)));
}

function nodeInput(node: DisruptionNode, snapshot: DisruptionSnapshot, respect: boolean): readonly NodeInput[] {
  const input = snapshot.nodeInputs.get(node.name);
  if (input === undefined) return [];
  return [respect && isSettling(node, snapshot) ? { ...input, settling: true } : input];
}

/** D-46: `Never` and 0s close nothing. */
function isSettling({ nodeClaim, labels }: DisruptionNode, { nodePools, nowMs }: DisruptionSnapshot): boolean {
  const pool = nodePools.find(({ metadata }) => metadata.name === labels[Label.NodePool]);
  if (nodeClaim === undefined || pool === undefined) return false;
  const after = consolidateAfter(pool);
  if (after === undefined || after === 0) return false;
  const at = consolidatableAt(nodeClaim, pool);
  return at !== undefined && nowMs < at;
}

/** D-50: a pod that waited before may wait on. */
function withoutPlace(
  { failures }: Solution,
  pods: readonly Pod[],
  pending: ReadonlySet<string>,
): readonly UnplacedPod[] {
  const byUid = new Map(pods.map((pod) => [uidOf(pod), pod]));
  return failures.flatMap((failure: PodExplanation) => {
    const pod = byUid.get(failure.pod.uid);
    return pod === undefined || pending.has(failure.pod.uid)
      ? []
      : [{ pod, reason: failure.summary, uninitialized: false }];
  });
}

/** D-49: what has not started may never do so; pods of nodes that go anyway have no better choice. */
function onStartingNodes(
  { existing }: Solution,
  staying: readonly DisruptionNode[],
  fromLeaving: ReadonlySet<string>,
  pending: ReadonlySet<string>,
): readonly UnplacedPod[] {
  const starting = new Map(
    staying.flatMap((node) => (node.managed && !node.initialized ? [[node.name, node] as const] : [])),
  );
  return existing.flatMap(({ node, pods }) => {
    const target = starting.get(node);
    if (target === undefined) return [];
    const claim = target.nodeClaim?.metadata.name ?? "";
    const reason = `would schedule against uninitialized nodeclaim/${claim}, node/${node}`;
    return pods.flatMap((pod) =>
      fromLeaving.has(uidOf(pod)) || pending.has(uidOf(pod)) ? [] : [{ pod, reason, uninitialized: true }],
    );
  });
}

function isPending(status: Pod["status"]): boolean {
  return status?.phase === "Pending";
}

function uidOf({ metadata }: Pod): string {
  return metadata.uid ?? "";
}
