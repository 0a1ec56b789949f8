// What would happen to the pods of some nodes if these were gone: the planner is asked with the nodes left out (D-42…D-55).

import type { Pod } from "../api/index.ts";
import { solveSteps } from "../scheduling/index.ts";
import type { PodExplanation, Solution } from "../scheduling/index.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { simulationBase, uidOf } from "./simulation-base.ts";
import type { SimulationBase } from "./simulation-base.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";
import { SimulationMark, type Steps } from "./steps.ts";

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
export function* simulateSteps(
  snapshot: DisruptionSnapshot,
  names: readonly string[],
  { respectConsolidateAfter, shouldStop }: SimulationOptions,
): Steps<Simulation | undefined> {
  const base = simulationBase(snapshot);
  yield;
  const gone = new Set(names);
  const candidates = inSnapshotOrder(snapshot, base, gone);
  if (candidates.some(({ markedForDeletion }) => markedForDeletion)) return undefined;
  yield SimulationMark.Begins;
  const problem = base.without(gone, base.reschedulable(candidates), respectConsolidateAfter);
  const solution = yield* solveSteps(problem, {
    mode: "parity",
    cache: base.cache,
    ...(shouldStop && { shouldStop }),
  });
  yield SimulationMark.Ends;
  return {
    solution,
    unplaced: [...withoutPlace(solution, problem.pods, base.pending), ...onStartingNodes(solution, base)],
  };
}

/** In whatever order they are named: the order of pods must not depend on it. */
function inSnapshotOrder(
  { nodes }: DisruptionSnapshot,
  { byName }: SimulationBase,
  gone: ReadonlySet<string>,
): readonly DisruptionNode[] {
  if (gone.size > 1) return nodes.filter(({ name }) => gone.has(name));
  return [...gone].flatMap((name) => byName.get(name) ?? []);
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
  { starting, fromLeaving, pending }: SimulationBase,
): readonly UnplacedPod[] {
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
