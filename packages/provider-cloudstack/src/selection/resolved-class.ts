// What a class came to in the cloud: the zones that work, what can be bought there, and what stands in the way.

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";

import { CLOUDSTACK_GROUP } from "../api/labels.ts";
import type { WireNetwork, WireOffering, WireTemplate } from "../client/wire.ts";
import type { FiledOffering } from "../offerings/offerings-file.ts";
import type { ServerFacts } from "../client/server-facts.ts";
import type { Scope } from "../client/scope.ts";

export interface ResolvedZone {
  readonly id: string;
  readonly name: string;
  /** The name as a label's value (C-44). */
  readonly label: string;
  /** Its one network is not chosen: a machine names none there. */
  readonly isBasic: boolean;
  /** For the first card: tried in this order. */
  readonly networks: readonly WireNetwork[];
  /** One for each further card. */
  readonly moreNetworks: readonly WireNetwork[];
  /** One for each architecture. */
  readonly templates: ReadonlyMap<string, WireTemplate>;
}

export interface SelectedOffering {
  readonly offering: WireOffering;
  /** The first part of its instance types' names. */
  readonly name: string;
  /** What the offerings file says about it. */
  readonly filed?: FiledOffering;
}

export interface ResolvedDisk {
  readonly offeringId: string;
  readonly offeringName: string;
  readonly sizeGiB?: number;
  readonly minIops?: number;
  readonly maxIops?: number;
}

/** In the words of the class's conditions. */
export interface Problem {
  readonly condition: string;
  readonly reason: string;
  readonly message: string;
}

export interface ResolvedClass {
  /** Changes with the content. */
  readonly version: string;
  readonly scope: Scope;
  readonly server: ServerFacts;
  readonly zones: readonly ResolvedZone[];
  readonly offerings: readonly SelectedOffering[];
  readonly rootDiskOfferingId?: string;
  readonly disks: readonly ResolvedDisk[];
  readonly affinityGroups: readonly { readonly id: string; readonly name: string; readonly type: string }[];
  /** The type of the group that is made for its machines. */
  readonly managedGroup?: string;
  readonly securityGroupIds: readonly string[];
  readonly userDataId?: string;
  /** What keeps every machine from being bought. */
  readonly problems: readonly Problem[];
  /** Zones that do not work while others do. */
  readonly dropped: readonly Problem[];
  readonly remarks: readonly Remark[];
}

/** C-43 */
export function archOf({ offering, filed }: SelectedOffering): string {
  const told = offering.details[`${CLOUDSTACK_GROUP}/arch`] ?? filed?.arch;
  if (told !== undefined) return told === "aarch64" ? "arm64" : told;
  return offering.hostTags.some((tag) => /(?:^|[^a-z0-9])(?:arm64|aarch64)(?:[^a-z0-9]|$)/i.test(tag))
    ? "arm64"
    : "amd64";
}
