// ovh.earlytaint: keeps pods off a node that MKS has just let join, until core has registered it; MKS has no hook to do that earlier (O-29a).

import { fromRfc3339, hasTaint, Label, Nodes, UNREGISTERED_TAINT } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";
import { patchObject } from "@karpenter-multicloud/core/kube";
import type { KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Clock, Controller } from "@karpenter-multicloud/core/runtime";

import { MANAGED_BY, OwnerLabel } from "../api/labels.ts";

/** Older nodes are left alone: something may run there already. */
const YOUNG_MS = 60_000;

export interface EarlyTaintParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly clock: Clock;
}

export function earlyTaintController({ kube, cache, clock }: EarlyTaintParts): Controller {
  const nodes = cache.informer(Nodes);
  return {
    name: "ovh.earlytaint",
    triggers: [
      onChange(Nodes, ({ after }) => (after && needsTaint(after, clock.now()) ? [after.metadata.name ?? ""] : [])),
    ],
    concurrency: 10,
    async reconcile(name, { signal }) {
      const node = nodes.get({ name });
      if (node === undefined || !needsTaint(node, clock.now())) return undefined;
      const after = { ...node, spec: { ...node.spec, taints: [...(node.spec?.taints ?? []), UNREGISTERED_TAINT] } };
      await patchObject(kube, Nodes, { before: node, after }, { lock: true, signal });
      return undefined;
    },
  };
}

export function needsTaint(node: Node, now: number): boolean {
  const { labels = {}, creationTimestamp } = node.metadata;
  if (labels[OwnerLabel.ManagedBy] !== MANAGED_BY || labels[Label.Registered] !== undefined) return false;
  if (creationTimestamp === undefined || now - fromRfc3339(creationTimestamp) >= YOUNG_MS) return false;
  const ready = node.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
  return !ready && !hasTaint(node.spec?.taints, UNREGISTERED_TAINT);
}
