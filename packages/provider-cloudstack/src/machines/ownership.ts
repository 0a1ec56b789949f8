// By what our machines are known: tags, and a mark in the display name that stands there from the first moment (C-50, C-51).

import { Label } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";

import type { CloudStackNodeClass } from "../api/cloudstack-node-class.ts";
import { clusterTag, MANAGED_BY, OwnerTag } from "../api/labels.ts";
import type { WireVm } from "../client/wire.ts";

type Known = Pick<WireVm, "tags" | "displayName">;

export function ownerTags(
  claim: NodeClaim,
  nodeClass: CloudStackNodeClass,
  clusterName: string,
): Readonly<Record<string, string>> {
  const { name = "", uid = "", labels = {} } = claim.metadata;
  const pool = labels[Label.NodePool];
  return {
    [OwnerTag.ManagedBy]: MANAGED_BY,
    [clusterTag(clusterName)]: "owned",
    ...(pool === undefined ? {} : { [OwnerTag.NodePool]: pool }),
    [OwnerTag.NodeClaim]: name,
    [OwnerTag.NodeClass]: nodeClass.metadata.name ?? "",
    [OwnerTag.NodeClaimUid]: uid,
    ...nodeClass.spec.tags,
  };
}

export function displayName(name: string, clusterName: string, uid: string): string {
  return `${name} ${mark(clusterName)}${uid}`;
}

/** To search for by keyword. */
export function mark(clusterName: string): string {
  return `karpenter:${clusterName}:`;
}

export function isOwned({ tags, displayName: shown }: Known, clusterName: string): boolean {
  const isTagged = tags[OwnerTag.ManagedBy] === MANAGED_BY && tags[clusterTag(clusterName)] === "owned";
  return isTagged || shown.includes(` ${mark(clusterName)}`);
}

/** Of the claim a machine was bought for. */
export function claimUidOf({ tags, displayName: shown }: Known, clusterName: string): string | undefined {
  const tagged = tags[OwnerTag.NodeClaimUid];
  if (tagged !== undefined) return tagged;
  const at = shown.indexOf(` ${mark(clusterName)}`);
  return at < 0 ? undefined : shown.slice(at + 1 + mark(clusterName).length);
}
