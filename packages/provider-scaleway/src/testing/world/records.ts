// What the fake keeps of each thing a project can own.

import type { Node } from "@karpenter-multicloud/core/api";
import type { RequestFacts } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { FakeImage } from "../seed/images.ts";

export type ServerState = "stopped" | "starting" | "running" | "stopping" | "stopped in place" | "locked";
export type DiskType = "sbs_volume" | "l_ssd" | "scratch";

/** Made through the API's own calls by a client, or by somebody the client knows nothing of. */
export interface Made {
  readonly id: string;
  readonly zone: string;
  readonly projectId: string;
  readonly createdAt: number;
  updatedAt: number;
  tags: readonly string[];
  /** Put there by `outside`: clients must leave it alone. */
  readonly foreign: boolean;
}

export interface AttachedDisk {
  readonly type: DiskType;
  readonly volumeId: string;
}

export interface Server extends Made {
  name: string;
  readonly commercialType: string;
  readonly image: FakeImage | undefined;
  readonly bootType: string;
  readonly macAddress: string;
  dynamicIpRequired: boolean;
  protected: boolean;
  state: ServerState;
  stateDetail: string;
  stateSince: number;
  /** By the keys "0", "1" … of the API. */
  disks: Map<string, AttachedDisk>;
  securityGroupId: string;
  placementGroupId: string | undefined;
  readonly userData: Map<string, Buffer>;
  /** A hypervisor was found. */
  placed: boolean;
  everPoweredOn: boolean;
  /** The request that started it, for faults. */
  order: RequestFacts;
  holdsStock: boolean;
  /** The Node it registered. */
  node: Node | undefined;
  readonly timers: Set<() => void>;
  hookQueue: Promise<void>;
  bootNote: string;
  maintenanceAt: number | undefined;
}

export interface VolumeReference {
  readonly id: string;
  readonly serverId: string;
  readonly createdAt: number;
  status: "attached" | "detaching";
}

/** Lives in the Block API. */
export interface BlockVolume extends Made {
  name: string;
  size: number;
  iops: number;
  readonly parentSnapshotId: string | null;
  references: VolumeReference[];
  deleting: boolean;
  lastDetachedAt: number | undefined;
  /** Came with a server that carries our tags. */
  readonly cameWithOwned: boolean;
  /** Since when nothing uses it. */
  freeSince: number;
}

/** l_ssd and scratch: lives in the Instance API. */
export interface LocalVolume extends Made {
  name: string;
  readonly type: "l_ssd" | "scratch";
  readonly size: number;
  serverId: string | undefined;
  state: "available" | "deleting";
  readonly cameWithOwned: boolean;
}

export interface Ip extends Made {
  readonly address: string;
  readonly type: "routed_ipv4" | "routed_ipv6";
  /** Comes with power-on and goes with power-off. */
  readonly dynamic: boolean;
  serverId: string | undefined;
  state: "detached" | "attached" | "pending";
  freeSince: number;
}

export interface Nic extends Made {
  readonly serverId: string;
  readonly privateNetworkId: string;
  readonly macAddress: string;
  readonly ipIds: readonly string[];
  state: "available" | "syncing";
  attaching: boolean;
}

export interface SecurityGroup extends Made {
  name: string;
  isProjectDefault: boolean;
  description: string | null;
  stateful: boolean;
  inboundDefaultPolicy: string;
  outboundDefaultPolicy: string;
  rules: readonly Readonly<Record<string, unknown>>[];
}

export interface PlacementGroup extends Made {
  name: string;
  policyType: string;
  policyMode: string;
}

export interface PrivateNetwork {
  readonly id: string;
  name: string;
  readonly region: string;
  readonly projectId: string;
  readonly vpcId: string;
  readonly subnetId: string;
  /** The third number of 10.1.x.0. */
  readonly block: number;
  readonly createdAt: number;
  tags: readonly string[];
}

export interface IpamIp {
  readonly id: string;
  readonly address: string;
  readonly isIpv6: boolean;
  readonly region: string;
  readonly projectId: string;
  readonly subnetId: string;
  readonly privateNetworkId: string;
  readonly createdAt: number;
  readonly resource: { readonly type: string; readonly id: string; readonly mac: string; readonly name: string };
}

const OWNER_TAG = "karpenter-managed=true";

export function isOwned({ tags }: Pick<Made, "tags">): boolean {
  return tags.includes(OWNER_TAG);
}

export function regionOf(zone: string): string {
  return zone.replace(/-\d+$/, "");
}
