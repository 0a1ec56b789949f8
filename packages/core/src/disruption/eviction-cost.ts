// How much it hurts to move pods (D-25…D-27), and what makes a node empty.

import { Annotation } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { isReschedulable } from "./pods.ts";

const MOST = 10;
const DELETION_COST_SCALE = 2 ** 27;
const PRIORITY_SCALE = 2 ** 25;
const DECIMAL = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;

/** Between −10 and 10; 1 for an ordinary pod. */
export function evictionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.[Annotation.PodDeletionCost] ?? "";
  const deletionCost = DECIMAL.test(text) ? Number(text) : 0;
  const cost = 1 + deletionCost / DELETION_COST_SCALE + (pod.spec.priority ?? 0) / PRIORITY_SCALE;
  return Math.max(-MOST, Math.min(MOST, cost));
}

/** What the pod says about its deletion cost and is not heeded, for it is no number. */
export function unreadableCost({ metadata }: Pod): string | undefined {
  const text = metadata.annotations?.[Annotation.PodDeletionCost];
  return text === undefined || DECIMAL.test(text) ? undefined : text;
}

/** Of all pods of a node; 1 is the base of each node. */
export function rescheduleCost(pods: readonly Pod[]): number {
  return pods.filter(isReschedulable).reduce((sum, pod) => sum + Math.max(0, evictionCost(pod)), 1);
}

/** No pod that would have to move and is worth anything: not the same as "no pods". */
export function isEmpty(pods: readonly Pod[]): boolean {
  return rescheduleCost(pods) <= 1;
}
