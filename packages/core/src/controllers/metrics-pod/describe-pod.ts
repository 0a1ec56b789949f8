// One pod as a series (M-19).

import { Label, type Node, type Pod } from "../../api/index.ts";
import type { Series } from "../../telemetry/index.ts";
import { hasCondition } from "./pod-moments.ts";

/** By metric label, what is read from the pod's node. */
export const NODE_LABELS: ReadonlyMap<string, string> = new Map([
  ["nodepool", Label.NodePool],
  ["zone", Label.Zone],
  ["arch", Label.Arch],
  ["capacity_type", Label.CapacityType],
  ["instance_type", Label.InstanceType],
]);

export function describePod(pod: Pod, node: Node | undefined): Series {
  const labels: Record<string, string> = {
    name: pod.metadata.name ?? "",
    namespace: pod.metadata.namespace ?? "",
    owner: ownerOf(pod),
    node: pod.spec.nodeName ?? "",
    scheduled: String(Boolean(pod.spec.nodeName)),
    phase: pod.status?.phase ?? "",
    ready: String(hasCondition(pod, "Ready")),
    managed: String(node?.metadata.labels?.[Label.NodePool] !== undefined),
  };
  for (const [label, key] of NODE_LABELS) labels[label] = node?.metadata.labels?.[key] ?? "";
  return { labels, value: 1 };
}

/** As a path, in the way dashboards know it. */
function ownerOf({ metadata }: Pod): string {
  const [owner] = metadata.ownerReferences ?? [];
  if (!owner) return "";
  return `/apis/${owner.apiVersion}/namespaces/${metadata.namespace}/${owner.kind.toLowerCase()}s/${owner.name}`;
}
