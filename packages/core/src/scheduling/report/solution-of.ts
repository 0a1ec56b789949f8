// The third step of a solve: the packing becomes a plan people and controllers understand, with a reason for every pod left over (S-601).

import type { Pod } from "../../api/index.ts";
import { compareText } from "../../units/index.ts";
import { STRIDE } from "../compile/steps.ts";
import type { Steps } from "../compile/steps.ts";
import { Explainer, referenceTo } from "../explain/explain.ts";
import type { Packing } from "../pack/pack.ts";
import type { Packer } from "../pack/packer.ts";
import type { PodToPlace } from "../pod-to-place.ts";
import type { PodExplanation, RelaxedPod, Solution } from "../solution.ts";
import { ExplainedPacking } from "./explained-packing.ts";
import { plannedClaims } from "./planned-claims.ts";

/** Pauses now and then. */
export function* solutionOf({ packer, failed, deferred, untried }: Packing): Steps<Solution> {
  const { problem, nodes } = packer;
  const newClaims = yield* plannedClaims(packer);
  yield;
  const failures = yield* explain({ packer, failed, deferred, untried });
  yield;
  return {
    newClaims,
    existing: nodes.pods.flatMap((placed, node) => {
      const name = problem.nodes.inputs[node]?.name;
      return placed.length > 0 && name !== undefined ? [{ node: name, pods: podsOf(packer, placed) }] : [];
    }),
    failures,
    deferred: podsOf(packer, deferred).toSorted(comparePods),
    relaxed: relaxedPods(packer),
  };
}

function* explain({ packer, failed, untried }: Packing): Steps<readonly PodExplanation[]> {
  const { problem } = packer;
  const { refused } = problem;
  if (refused.length + failed.length + untried.length === 0) return [];
  const world = new ExplainedPacking(packer);
  const explainer = new Explainer(world);
  const failures = refused.map(({ pod, need }) => explainer.refusedEverywhere(pod, need));
  const kinds = new Map<number, PodToPlace | undefined>();
  for (const [count, index] of failed.entries()) {
    const kind = world.kindOf(index);
    const isNew = !kinds.has(kind);
    if (isNew) kinds.set(kind, world.podToPlace(index));
    // What was told of a pod before is told again for next to nothing.
    if (isNew || count % STRIDE === STRIDE - 1) yield;
    const [like, pod] = [kinds.get(kind), problem.pods[index]];
    if (like !== undefined && pod !== undefined) failures.push(explainer.notPlaced(like, pod));
  }
  for (const [count, index] of untried.entries()) {
    if (count % STRIDE === STRIDE - 1) yield;
    const pod = world.podToPlace(index);
    if (pod !== undefined) failures.push(explainer.notEvaluated(pod));
  }
  yield;
  return failures.toSorted(compareExplanations);
}

/** S-329, in the order they were placed. */
function relaxedPods({ problem, placedPods, stanceOfPod }: Packer): readonly RelaxedPod[] {
  return placedPods.flatMap((index) => {
    const pod = problem.pods[index];
    const relaxed = problem.stances[stanceOfPod[index] ?? -1]?.attempt.relaxed ?? [];
    return pod !== undefined && relaxed.length > 0 ? [{ pod, relaxed }] : [];
  });
}

function podsOf({ problem }: Packer, indices: readonly number[]): readonly Pod[] {
  return indices.map((index) => problem.pods[index]).filter((pod) => pod !== undefined);
}

function comparePods(a: Pod, b: Pod): number {
  return compareExplanations({ pod: referenceTo(a) }, { pod: referenceTo(b) });
}

function compareExplanations({ pod: a }: Pick<PodExplanation, "pod">, { pod: b }: Pick<PodExplanation, "pod">): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.uid, b.uid);
}
