// cloudstack.claim-hash: stamps claims anew whose fingerprint an older version of the product made, so that an upgrade is no drift (§11).

import { isConditionTrue, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { isNotFound as isGoneFromCluster } from "@karpenter-multicloud/core/kube";
import type { KubeCache, KubeClient } from "@karpenter-multicloud/core/kube";
import { onChange } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";

import { CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import { CloudStackAnnotation } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import { isOurs } from "../machines/class-view.ts";

const { NodeClassHash, NodeClassHashVersion } = CloudStackAnnotation;

export function claimHashController({
  kube,
  cache,
}: {
  readonly kube: KubeClient;
  readonly cache: KubeCache;
}): Controller {
  const classes = cache.informer(CloudStackNodeClasses);
  const claims = cache.informer(NodeClaims);
  return {
    name: "cloudstack.claim-hash",
    triggers: [
      onChange(NodeClaims, ({ after }) => (after !== undefined && isOld(after) ? [after.metadata.name ?? ""] : [])),
    ],
    async reconcile(name, { signal }) {
      const claim = claims.get({ name });
      if (claim === undefined || !isOld(claim)) return undefined;
      const nodeClass = classes.get({ name: claim.spec.nodeClassRef.name });
      if (nodeClass === undefined) return undefined;
      const annotations = {
        [NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
        // What was found to differ before the upgrade still differs after it.
        ...(isConditionTrue(claim, "Drifted") ? {} : { [NodeClassHash]: nodeClassHash(nodeClass.spec) }),
      };
      try {
        await kube.patch(NodeClaims, { name }, { type: "merge", body: { metadata: { annotations } } }, { signal });
      } catch (error) {
        if (!isGoneFromCluster(error)) throw error;
      }
      return undefined;
    },
  };
}

/** A claim that was never stamped is left alone: it does not drift either. */
function isOld(claim: NodeClaim): boolean {
  const version = claim.metadata.annotations?.[NodeClassHashVersion];
  return isOurs(claim) && version !== undefined && version !== NODE_CLASS_HASH_VERSION;
}
