// The tags by which everything of ours is found again (W-33).

import { Label } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";

import { OwnerTag } from "../api/labels.ts";
import type { ScalewayNodeClass } from "../api/scaleway-node-class.ts";

export function ownerTags(claim: NodeClaim, nodeClass: ScalewayNodeClass, clusterName: string): readonly string[] {
  const { name = "", uid = "", labels = {} } = claim.metadata;
  const pool = labels[Label.NodePool];
  return [
    OwnerTag.managed,
    OwnerTag.cluster(clusterName),
    ...(pool === undefined ? [] : [OwnerTag.nodePool(pool)]),
    OwnerTag.nodeClass(nodeClass.metadata.name ?? ""),
    OwnerTag.nodeClaim(name),
    OwnerTag.nodeClaimUid(uid),
    ...(nodeClass.spec?.tags ?? []),
  ];
}

/** To search by; a list with these holds only what is ours and of this cluster. */
export function clusterTags(clusterName: string): readonly string[] {
  return [OwnerTag.managed, OwnerTag.cluster(clusterName)];
}

export function claimTags(clusterName: string, uid: string): readonly string[] {
  return [...clusterTags(clusterName), OwnerTag.nodeClaimUid(uid)];
}

/** The API filters too; a filter that was ignored must not make others' machines ours. */
export function hasTags({ tags }: { readonly tags: readonly string[] }, wanted: readonly string[]): boolean {
  return wanted.every((tag) => tags.includes(tag));
}
