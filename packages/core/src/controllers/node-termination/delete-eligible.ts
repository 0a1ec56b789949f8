// Whether a pod may be deleted outright because the node's deadline leaves no more time than its own grace (D-169).

import type { Pod } from "../../api/index.ts";

/** `deadline` in epoch ms, +∞ when the node has none. */
export function isDeleteEligible(pod: Pod, deadline: number, now: number): boolean {
  if (deadline === Infinity) return false;
  const { deletionTimestamp } = pod.metadata;
  if (deletionTimestamp) return Date.parse(deletionTimestamp) > deadline;
  const grace = pod.spec.terminationGracePeriodSeconds;
  return grace !== undefined && now > deadline - grace * 1000;
}
