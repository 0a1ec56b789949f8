// Why a pod cannot run on a node, in kube-scheduler's words; the first filter that refuses speaks.

import type { Pod, Taint } from "@karpenter-multicloud/core/api";
import { untolerated } from "@karpenter-multicloud/core/api";
import { sortedKeys } from "@karpenter-multicloud/core/units";
import type { NodeView } from "./node-view.ts";
import { hostPorts, podRequests, portsConflict } from "./pod-facts.ts";
import { acceptsNode } from "./selectors.ts";
import type { PlacementRules } from "./placement-rules.ts";

const UNSCHEDULABLE: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

type Filter = (pod: Pod, view: NodeView) => readonly string[];

const FILTERS: readonly Filter[] = [
  cordon,
  (pod, { node }) => {
    const taint = untolerated((node.spec?.taints ?? []).filter(repels), pod.spec.tolerations);
    return taint === undefined ? [] : [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`];
  },
  (pod, { node }) => (acceptsNode(pod.spec, node) ? [] : ["node(s) didn't match Pod's node affinity/selector"]),
  (pod, view) =>
    hostPorts(pod).some((port) => view.ports.some((used) => portsConflict(port, used)))
      ? ["node(s) didn't have free ports for the requested pod ports"]
      : [],
  resources,
];

/** Empty when the pod may run there. */
export function refusals(pod: Pod, view: NodeView, rules: PlacementRules): readonly string[] {
  for (const filter of FILTERS) {
    const reasons = filter(pod, view);
    if (reasons.length > 0) return reasons;
  }
  return rules.refusals(view);
}

function cordon(pod: Pod, { node }: NodeView): readonly string[] {
  const refused = node.spec?.unschedulable === true && untolerated([UNSCHEDULABLE], pod.spec.tolerations);
  return refused ? ["node(s) were unschedulable"] : [];
}

function repels(taint: Taint): boolean {
  return taint.effect !== "PreferNoSchedule";
}

function resources(pod: Pod, view: NodeView): readonly string[] {
  const requests = podRequests(pod);
  return sortedKeys(requests)
    .filter((resource) => (requests[resource] ?? 0) > 0 && (requests[resource] ?? 0) > view.free(resource))
    .map((resource) => (resource === "pods" ? "Too many pods" : `Insufficient ${resource}`));
}

/** "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable." */
export function unschedulableMessage(nodes: number, reasons: readonly string[]): string {
  if (nodes === 0) return "no nodes available to schedule pods";
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${parts.join(", ")}.`;
}
