// From a pod of the problem to what the engine works with, or the reason why it cannot be planned with (S-206).

import type { Pod } from "../api/index.ts";
import { QuantityError } from "../units/index.ts";
import { spreadReader } from "./default-spread.ts";
import type { UnsupportedNeed } from "./not-supported.ts";
import { podErrors } from "./pod-validity.ts";
import { readPod } from "./pod-to-place.ts";
import type { PodDraft, PodReading } from "./pod-to-place.ts";
import type { ProblemInput } from "./problem.ts";
import { satisfiableTerms } from "./satisfiable-terms.ts";
import type { RuleBook } from "./topology/rule-book.ts";
import type { VolumeBook } from "./volumes/volume-book.ts";

/** What reading the pods of a problem goes by. */
export function readingOf(
  { nodes, nodePools, normalization, defaultSpread, movingPods, preferencePolicy = "Respect" }: ProblemInput,
  topology: RuleBook,
): PodReading {
  const taints = [
    ...nodes.flatMap((node) => node.taints),
    ...nodePools.flatMap(({ nodePool }) => nodePool.spec.template.spec.taints ?? []),
  ];
  return {
    topology,
    policy: preferencePolicy,
    spreadOf: spreadReader(defaultSpread),
    preferencesAreTainted: taints.some(({ effect }) => effect === "PreferNoSchedule"),
    ...(movingPods && { movingPods }),
    ...(normalization && { normalization }),
  };
}

/** What is wrong with a pod whatever the cluster is like. */
export function invalidity(pod: Pod, input: ProblemInput): UnsupportedNeed | undefined {
  const { wellKnownLabels, restrictedDomains = [], capacityTypes, normalization } = input;
  const errors = podErrors(pod, {
    wellKnown: wellKnownLabels,
    restrictedDomains,
    ...(capacityTypes && { capacityTypes }),
    ...(normalization && { normalization }),
  });
  if (errors.length > 0) return { reason: "InvalidPod", detail: errors.join("; ") };
  const { contradiction } = satisfiableTerms(pod, normalization);
  if (contradiction === undefined) return undefined;
  const detail = `nodeSelector and node affinity leave no value for label ${contradiction}, so no node can match`;
  return { reason: "InvalidPod", detail };
}

/** Or why the pod cannot be planned with. */
export function tryRead(pod: Pod, book: VolumeBook, reading: PodReading): PodDraft | UnsupportedNeed {
  const volumes = book.needsOf(pod);
  if ("reason" in volumes) return volumes;
  try {
    return readPod(pod, volumes, reading);
  } catch (error) {
    if (!(error instanceof QuantityError || error instanceof RangeError)) throw error;
    return { reason: "InvalidPod", detail: error.message };
  }
}
