// ovh.nodesync: a node that MKS has installed anew comes back under its old name without what core wrote on it. What its claim promises is written again (O-29b).

import {
  hasTaint,
  isConditionTrue,
  Label,
  NodeClaims,
  Nodes,
  TERMINATION_FINALIZER,
  toOpening,
} from "@karpenter-multicloud/core/api";
import type { Node, NodeClaim } from "@karpenter-multicloud/core/api";
import { patchObject } from "@karpenter-multicloud/core/kube";
import type { KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { isOurs } from "../access/cluster-access.ts";

const BY_PROVIDER_ID = "ovh.status.providerID";

export interface NodeSyncParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly logger: Logger;
}

export function nodeSyncController({ kube, cache, logger }: NodeSyncParts): Controller {
  const nodes = cache.informer(Nodes);
  const claims = cache.informer(NodeClaims, {
    [BY_PROVIDER_ID]: ({ status }) => (status?.providerID ? [status.providerID] : []),
  });
  return {
    name: "ovh.nodesync",
    triggers: [
      onChange(Nodes, ({ after }) => (after?.spec?.providerID ? [after.metadata.name ?? ""] : [])),
      // The claim may be seen as registered only after its node was.
      onChange(NodeClaims, ({ after }) => (after?.status?.nodeName ? [after.status.nodeName] : [])),
    ],
    concurrency: 10,
    async reconcile(name, { signal }) {
      const node = nodes.get({ name });
      const [claim, ...others] = claims.byIndex(BY_PROVIDER_ID, node?.spec?.providerID ?? "").filter(isOurs);
      if (node === undefined || claim === undefined || others.length > 0 || !hasLostLabels(node, claim))
        return undefined;
      const after = withPromises(node, claim);
      await patchObject(kube, Nodes, { before: node, after }, { lock: true, signal });
      logger.info("wrote labels and taints again on a node that came back without them", {
        Node: name,
        NodeClaim: claim.metadata.name,
      });
      return undefined;
    },
  };
}

/** Only what was registered once: before that it is core's turn. */
function hasLostLabels(node: Node, claim: NodeClaim): boolean {
  if (node.metadata.deletionTimestamp !== undefined || claim.metadata.deletionTimestamp !== undefined) return false;
  if (!isConditionTrue(claim, "Registered")) return false;
  const { labels = {} } = node.metadata;
  const pool = claim.metadata.labels?.[Label.NodePool];
  return labels[Label.Registered] !== "true" || (pool !== undefined && labels[Label.NodePool] === undefined);
}

/** Startup taints were for the first start; who took them away then would not be there to do it again. */
export function withPromises(node: Node, claim: NodeClaim): Node {
  const { metadata, spec } = claim;
  const { finalizers = [], ownerReferences = [], labels, annotations } = node.metadata;
  // Core opens the node a moment later, as after its registration.
  const kept = toOpening(node.spec?.taints ?? []);
  const isSynced = labels?.[Label.DoNotSyncTaints] !== "true";
  const missing = (isSynced ? (spec.taints ?? []) : []).filter((taint) => !hasTaint(kept, taint));
  // Core writes it once per claim; without it the node would never leave again.
  const initialized = isConditionTrue(claim, "Initialized") ? { [Label.Initialized]: "true" } : {};
  const owner = {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    name: metadata.name ?? "",
    uid: metadata.uid ?? "",
    blockOwnerDeletion: true,
  };
  return {
    ...node,
    metadata: {
      ...node.metadata,
      labels: { ...labels, ...metadata.labels, [Label.Registered]: "true", ...initialized },
      annotations: { ...annotations, ...metadata.annotations },
      finalizers: finalizers.includes(TERMINATION_FINALIZER) ? finalizers : [...finalizers, TERMINATION_FINALIZER],
      ownerReferences: ownerReferences.some(({ uid }) => uid === owner.uid)
        ? ownerReferences
        : [...ownerReferences, owner],
    },
    spec: { ...node.spec, taints: [...kept, ...missing] },
  };
}
