// Which pods still keep a node, and which of them go next (D-165 to D-168).

import type { Pod } from "../../api/index.ts";
import { isOwnedByDaemonSet, isWaitingEviction } from "../../disruption/index.ts";
import { isDeleteEligible } from "./delete-eligible.ts";

const CRITICAL = new Set(["system-cluster-critical", "system-node-critical"]);

export interface DrainStep {
  /** All that the node waits for. */
  readonly waiting: readonly Pod[];
  /** To be handed to the eviction queue now. */
  readonly next: readonly Pod[];
}

/** `deadline` in epoch ms, +∞ for none. */
export function nextDrainStep(pods: readonly Pod[], deadline: number, now: number): DrainStep {
  const waiting = pods.filter((pod) => isWaitingEviction(pod, now));
  const due = waiting.filter((pod) => isDeleteEligible(pod, deadline, now));
  const graceful = waiting.filter((pod) => !isDeleteEligible(pod, deadline, now));
  const tier = Math.min(...graceful.map(tierOf));
  return { waiting, next: [...due, ...graceful.filter((pod) => tierOf(pod) === tier)] };
}

/** Ordinary pods first, their daemons after them, critical ones last. */
function tierOf(pod: Pod): number {
  return (CRITICAL.has(pod.spec.priorityClassName ?? "") ? 2 : 0) + (isOwnedByDaemonSet(pod) ? 1 : 0);
}
