// cloudstack.node-id: where a Node registers under another form of its machine's id than the claim has, the claim takes the Node's (C-52).

import { NodeClaims, Nodes } from "@karpenter-multicloud/core/api";
import { isNotFound as isGoneFromCluster } from "@karpenter-multicloud/core/kube";
import type { KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import { isOurs } from "./class-view.ts";
import { parseProviderId } from "./machine-id.ts";

export interface NodeIdControllerParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
  readonly logger: Logger;
}

const BY_MACHINE = "cloudstack.machine";

/** The two may come in any order; what is looked at is always one machine, by its own id. */
export function nodeIdController({ kube, cache, logger }: NodeIdControllerParts): Controller {
  const claims = cache.informer(NodeClaims, { [BY_MACHINE]: ({ status }) => keyOf(status?.providerID) });
  const nodes = cache.informer(Nodes, { [BY_MACHINE]: ({ spec }) => keyOf(spec?.providerID) });
  return {
    name: "cloudstack.node-id",
    triggers: [
      onChange(Nodes, ({ before, after }) => changed(before?.spec?.providerID, after?.spec?.providerID)),
      onChange(NodeClaims, ({ before, after }) => changed(before?.status?.providerID, after?.status?.providerID)),
    ],
    async reconcile(machine, { signal }) {
      const [claim, ...otherClaims] = claims.byIndex(BY_MACHINE, machine).filter(isOurs);
      const [node, ...otherNodes] = nodes.byIndex(BY_MACHINE, machine);
      const providerID = node?.spec?.providerID;
      // Two Nodes for one machine are for core to judge.
      if (claim === undefined || providerID === undefined || otherClaims.length + otherNodes.length > 0)
        return undefined;
      if (claim.status?.providerID === providerID) return undefined;
      const { name = "" } = claim.metadata;
      logger.info("a node has another form of its machine's id; its nodeclaim takes it", {
        NodeClaim: name,
        Node: node?.metadata.name,
        from: claim.status?.providerID,
        to: providerID,
      });
      try {
        await kube.patchStatus(NodeClaims, { name }, { type: "merge", body: { status: { providerID } } }, { signal });
      } catch (error) {
        if (!isGoneFromCluster(error)) throw error;
      }
      return undefined;
    },
  };
}

function keyOf(providerID: string | undefined): readonly string[] {
  const machine = parseProviderId(providerID);
  return machine === undefined ? [] : [machine];
}

function changed(before: string | undefined, after: string | undefined): readonly string[] {
  return before === after ? [] : keyOf(after);
}
