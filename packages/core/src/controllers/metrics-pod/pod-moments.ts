// When a pod was created, bound and ready, in epoch milliseconds, as the cluster says it.

import type { Pod } from "../../api/index.ts";

export function createdAt({ metadata }: Pod): number {
  return Date.parse(metadata.creationTimestamp ?? "");
}

export function hasCondition(pod: Pod, type: "PodScheduled" | "Ready"): boolean {
  return since(pod, type) !== undefined;
}

/** Undefined while it is not. */
export function since({ status }: Pod, type: "PodScheduled" | "Ready"): number | undefined {
  const found = status?.conditions?.find((condition) => condition.type === type && condition.status === "True");
  return found ? Date.parse(found.lastTransitionTime ?? "") : undefined;
}
