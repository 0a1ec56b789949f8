// scaleway.agentnodes: names the machine of a node that Scaleway's node agent registered without a provider id, so that core finds it (Kosmos).

import { NodeClaims, Nodes } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";
import { isNotFound, patchObject } from "@karpenter-multicloud/core/kube";
import type { KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import { seconds } from "@karpenter-multicloud/core/units";

import { ScalewayNodeClasses } from "../api/scaleway-node-class.ts";
import { isOurs } from "./class-view.ts";
import { modeOf } from "./joining.ts";
import { machineName } from "./machine-id.ts";

const LOOK_AGAIN = seconds(10);

export interface AgentNodesParts {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
}

/** A provider id can be given once and never be changed: only a node without one, of a claim of a Kosmos class, by its name. */
export function agentNodesController({ kube, cache }: AgentNodesParts): Controller {
  const nodes = cache.informer(Nodes);
  const claims = cache.informer(NodeClaims);
  const classes = cache.informer(ScalewayNodeClasses);
  return {
    name: "scaleway.agentnodes",
    triggers: [onChange(Nodes, ({ after }) => (after && isNameless(after) ? [after.metadata.name ?? ""] : []))],
    concurrency: 1,
    async reconcile(name, { signal }) {
      const node = nodes.get({ name });
      if (node === undefined || !isNameless(node)) return undefined;
      const claim = claims.list().find((each) => isOurs(each) && machineName(each.metadata.name ?? "") === name);
      const nodeClass = claim && classes.get({ name: claim.spec.nodeClassRef.name });
      if (claim === undefined || nodeClass === undefined || modeOf(nodeClass) !== "kosmos") return undefined;
      const { providerID } = claim.status ?? {};
      if (!providerID) return { requeueAfter: LOOK_AGAIN };
      try {
        const after: Node = { ...node, spec: { ...node.spec, providerID } };
        await patchObject(kube, Nodes, { before: node, after }, { signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      return undefined;
    },
  };
}

function isNameless({ metadata, spec }: Node): boolean {
  return !spec?.providerID && metadata.deletionTimestamp === undefined;
}
