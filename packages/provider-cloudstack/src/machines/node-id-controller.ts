// cloudstack.nodeid: a node that calls its machine by another accepted form of the same id is the claim's all the same; the claim follows it (C-52).

import { NodeClaims, Nodes } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isNotFound as isGoneFromCluster, patchObjectStatus } from "@karpenter-multicloud/core/kube";
import type { KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { isOurs } from "./class-view.ts";
import { parseProviderId } from "./machine-id.ts";

const BY_MACHINE = "cloudstack.machine";

export interface NodeIdParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly logger: Logger;
}

/** A Node's provider id can never be changed, a claim's can: it is only a note of what the cloud said. */
export function nodeIdController({ kube, cache, logger }: NodeIdParts): Controller {
  const indexed = (providerID: string | undefined): readonly string[] => {
    const id = parseProviderId(providerID);
    return id === undefined ? [] : [id];
  };
  const nodes = cache.informer(Nodes);
  const claims = cache.informer(NodeClaims, { [BY_MACHINE]: ({ status }) => indexed(status?.providerID) });
  return {
    name: "cloudstack.nodeid",
    triggers: [
      onChange(Nodes, ({ after }) => (indexed(after?.spec?.providerID).length > 0 ? [after?.metadata.name ?? ""] : [])),
    ],
    concurrency: 4,
    async reconcile(name, { signal }) {
      const providerID = nodes.get({ name })?.spec?.providerID ?? "";
      const [claim, ...others] = claims.byIndex(BY_MACHINE, parseProviderId(providerID) ?? "").filter(isOurs);
      if (claim === undefined || others.length > 0 || claim.status?.providerID === providerID) return undefined;
      const after: NodeClaim = { ...claim, status: { ...claim.status, providerID } };
      try {
        await patchObjectStatus(kube, NodeClaims, { before: claim, after }, { lock: true, signal });
      } catch (error) {
        if (!isGoneFromCluster(error)) throw error;
        return undefined;
      }
      logger.info("a node calls its machine by another form of its id; its nodeclaim follows", {
        NodeClaim: claim.metadata.name,
        Node: name,
        "provider-id": providerID,
      });
      return undefined;
    },
  };
}
