// The reference engine: the rules of scheduling as they are written, with maps and lists and no thought of speed (S-1018). Tests hold the
// engine that is shipped against it.

import { compareText } from "../../units/index.ts";
import type { Pod } from "../../api/index.ts";
import { Explainer, referenceTo } from "../../scheduling/explain/explain.ts";
import { plannedClaim } from "../../scheduling/plan-claims.ts";
import { unsupportedNeed } from "../../scheduling/not-supported.ts";
import type { UnsupportedNeed } from "../../scheduling/not-supported.ts";
import { optsOutOfNodePools } from "../../scheduling/pod-validity.ts";
import { compareForQueue, completed } from "./pod-in-queue.ts";
import type { PodDraft, PodToPlace } from "../../scheduling/pod-to-place.ts";
import type { ProblemInput } from "../../scheduling/problem.ts";
import { invalidity, readingOf, tryRead } from "../../scheduling/read-pod.ts";
import type { PodExplanation, Solution, SolveOptions } from "../../scheduling/solution.ts";
import { World } from "./world.ts";
import type { PlacementOutcome, Ties } from "./world.ts";

/** The same input in any order gives the same answer (S-306). */
export function solveByRules(
  input: ProblemInput,
  { shouldStop = () => false }: SolveOptions = {},
  ties?: Ties,
): Solution {
  const world = new World(input, ties);
  const explainer = new Explainer(world);
  const { ready, refused } = readPods(input, world);
  const left = placeAll(ready.toSorted(compareForQueue), world, shouldStop);
  const failures: PodExplanation[] = [
    ...refused.map(({ pod, need }) => explainer.refusedEverywhere(pod, need)),
    ...left.failed.map((pod) => explainer.notPlaced(pod)),
    ...left.untried.map((pod) => explainer.notEvaluated(pod)),
  ];
  return {
    newClaims: world.claims.map((claim) => plannedClaim(claim, world, input)),
    existing: world.nodes.flatMap(({ name, pods }) => (pods.length > 0 ? [{ node: name, pods }] : [])),
    failures: failures.toSorted(compareExplanations),
    deferred: left.deferred.map(({ pod }) => pod).toSorted(comparePods),
    relaxed: world.relaxed,
  };
}

interface ReadPods {
  readonly ready: readonly PodToPlace[];
  readonly refused: readonly { readonly pod: Pod; readonly need: UnsupportedNeed }[];
}

function readPods(input: ProblemInput, { topology, volumes }: World): ReadPods {
  const drafts: PodDraft[] = [];
  const refused: { pod: Pod; need: UnsupportedNeed }[] = [];
  const reading = readingOf(input, topology);
  for (const pod of input.pods.filter((each) => !optsOutOfNodePools(each))) {
    const need = invalidity(pod, input) ?? unsupportedNeed(pod);
    const read = need ?? tryRead(pod, volumes, reading);
    if ("reason" in read) refused.push({ pod, need: read });
    else drafts.push(read);
  }
  return { ready: drafts.map((draft) => completed(draft, topology)), refused };
}

/** S-315: placements between two looks at the time. */
const STOP_INTERVAL = 64;

interface LeftPods {
  /** No candidate takes them as things now stand. */
  readonly failed: readonly PodToPlace[];
  /** S-515. */
  readonly deferred: readonly PodToPlace[];
  /** Cut off before they were looked at. */
  readonly untried: readonly PodToPlace[];
}

/** S-314. */
function placeAll(queue: readonly PodToPlace[], world: World, shouldStop: () => boolean): LeftPods {
  const waiting = [...queue];
  const lengthAtPush = new Map<PodToPlace, number>();
  // A pod like one that did not find a place since the last placement finds none either.
  const refused = new Map<string, Refusal>();
  const outcomes = new Map<PodToPlace, PlacementOutcome>();
  let placements = 0;
  let head = 0;
  for (let pod = waiting[head]; pod !== undefined; pod = waiting[head]) {
    if (lengthAtPush.get(pod) === waiting.length - head) break;
    head++;
    const known = refused.get(pod.signature);
    const outcome = known?.placements === placements ? known.outcome : world.place(pod);
    outcomes.set(pod, outcome);
    if (outcome === "placed") {
      placements++;
      if (placements % STOP_INTERVAL === 0 && shouldStop()) break;
    } else {
      refused.set(pod.signature, { placements, outcome });
      waiting.push(pod);
      lengthAtPush.set(pod, waiting.length - head);
    }
  }
  const left = waiting.slice(head);
  return {
    failed: left.filter((pod) => outcomes.get(pod) === "failed"),
    deferred: left.filter((pod) => outcomes.get(pod) === "deferred"),
    untried: left.filter((pod) => !outcomes.has(pod)),
  };
}

interface Refusal {
  readonly placements: number;
  readonly outcome: PlacementOutcome;
}

function comparePods(a: Pod, b: Pod): number {
  return compareExplanations({ pod: referenceTo(a) }, { pod: referenceTo(b) });
}

function compareExplanations({ pod: a }: Pick<PodExplanation, "pod">, { pod: b }: Pick<PodExplanation, "pod">): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.uid, b.uid);
}
