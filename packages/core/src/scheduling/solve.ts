// The loop: reads the pods, tries them large ones first until a whole round changes nothing, and reports. Start reading here.

import { compareText, QuantityError } from "../units/index.ts";
import type { Pod } from "../api/index.ts";
import { Explainer } from "./explain.ts";
import { planClaims } from "./plan-claims.ts";
import { unsupportedNeed } from "./not-supported.ts";
import type { UnsupportedNeed } from "./not-supported.ts";
import { optsOutOfNodePools, podErrors } from "./pod-validity.ts";
import { compareForQueue, completed, readPod } from "./pod-to-place.ts";
import type { PodDraft, PodReading, PodToPlace } from "./pod-to-place.ts";
import type { ProblemInput } from "./problem.ts";
import { satisfiableTerms } from "./satisfiable-terms.ts";
import type { PodExplanation, Solution } from "./solution.ts";
import type { TopologyTracker } from "./topology/tracker.ts";
import { World } from "./world.ts";

/** The same input in any order gives the same answer (S-306). */
export function solve(input: ProblemInput): Solution {
  const world = new World(input);
  const explainer = new Explainer(world);
  const { ready, refused } = readPods(input, world);
  const left = placeAll(ready.toSorted(compareForQueue), world);
  const { claims, dropped } = planClaims(world, input);
  const failures: PodExplanation[] = [
    ...refused.map(({ pod, need }) => explainer.refusedEverywhere(pod, need)),
    ...left.map((pod) => explainer.notPlaced(pod)),
    ...dropped.map(({ pod, pool, missing }) => explainer.droppedWithClaim(pod, pool, missing)),
  ];
  return {
    newClaims: claims,
    existing: world.nodes.flatMap(({ name, pods }) => (pods.length > 0 ? [{ node: name, pods }] : [])),
    failures: failures.toSorted(compareExplanations),
    deferred: [],
    relaxed: [],
  };
}

interface ReadPods {
  readonly ready: readonly PodToPlace[];
  readonly refused: readonly { readonly pod: Pod; readonly need: UnsupportedNeed }[];
}

function readPods(input: ProblemInput, { topology }: World): ReadPods {
  const drafts: PodDraft[] = [];
  const refused: { pod: Pod; need: UnsupportedNeed }[] = [];
  const reading = readingOf(input, topology);
  for (const pod of input.pods.filter((each) => !optsOutOfNodePools(each))) {
    const need = invalidity(pod, input) ?? unsupportedNeed(pod);
    const read = need ?? tryRead(pod, reading);
    if ("reason" in read) refused.push({ pod, need: read });
    else drafts.push(read);
  }
  return { ready: drafts.map((draft) => completed(draft, topology)), refused };
}

function readingOf(
  { nodes, nodePools, normalization, preferencePolicy = "Respect" }: ProblemInput,
  topology: TopologyTracker,
): PodReading {
  const taints = [
    ...nodes.flatMap((node) => node.taints),
    ...nodePools.flatMap(({ nodePool }) => nodePool.spec.template.spec.taints ?? []),
  ];
  return {
    topology,
    policy: preferencePolicy,
    preferencesAreTainted: taints.some(({ effect }) => effect === "PreferNoSchedule"),
    ...(normalization && { normalization }),
  };
}

function invalidity(pod: Pod, input: ProblemInput): UnsupportedNeed | undefined {
  const { wellKnownLabels, restrictedDomains = [], capacityTypes, normalization } = input;
  const errors = podErrors(pod, {
    wellKnown: wellKnownLabels,
    restrictedDomains,
    ...(capacityTypes && { capacityTypes }),
    ...(normalization?.keys && { normalizedKeys: normalization.keys }),
  });
  if (errors.length > 0) return { reason: "InvalidPod", detail: errors.join("; ") };
  const { contradiction } = satisfiableTerms(pod, normalization);
  if (contradiction === undefined) return undefined;
  const detail = `nodeSelector and node affinity leave no value for label ${contradiction}, so no node can match`;
  return { reason: "InvalidPod", detail };
}

function tryRead(pod: Pod, reading: PodReading): PodDraft | UnsupportedNeed {
  try {
    return readPod(pod, reading);
  } catch (error) {
    if (!(error instanceof QuantityError || error instanceof RangeError)) throw error;
    return { reason: "InvalidPod", detail: error.message };
  }
}

/** S-314. Answers the pods that are left, none of which any candidate takes as things now stand. */
function placeAll(queue: readonly PodToPlace[], world: World): readonly PodToPlace[] {
  const waiting = [...queue];
  const lengthAtPush = new Map<PodToPlace, number>();
  // A pod like one that failed since the last placement fails too.
  const failedAfter = new Map<string, number>();
  let placements = 0;
  let head = 0;
  for (let pod = waiting[head]; pod !== undefined; pod = waiting[head]) {
    if (lengthAtPush.get(pod) === waiting.length - head) break;
    head++;
    if (failedAfter.get(pod.signature) !== placements && world.place(pod)) {
      placements++;
    } else {
      failedAfter.set(pod.signature, placements);
      waiting.push(pod);
      lengthAtPush.set(pod, waiting.length - head);
    }
  }
  return waiting.slice(head);
}

function compareExplanations({ pod: a }: PodExplanation, { pod: b }: PodExplanation): number {
  return compareText(a.namespace, b.namespace) || compareText(a.name, b.name) || compareText(a.uid, b.uid);
}
