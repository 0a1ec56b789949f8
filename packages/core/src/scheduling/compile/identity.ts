// By what a pod of the problem and the same pod on a node are known to be one.

import type { Pod } from "../../api/index.ts";

export function identityOf(pod: Pod): string {
  return pod.metadata.uid ?? `${pod.metadata.namespace ?? "default"}/${pod.metadata.name ?? ""}`;
}
