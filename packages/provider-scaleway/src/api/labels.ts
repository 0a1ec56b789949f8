// The only place where this provider's label, annotation and tag keys are written.

import { Label } from "@karpenter-multicloud/core/api";

export const SCALEWAY_GROUP = "karpenter.scaleway.com";

/** What an instance type tells about itself; users may select on these (W-5). */
export const ScalewayLabel = {
  Family: `${SCALEWAY_GROUP}/instance-family`,
  Cpu: `${SCALEWAY_GROUP}/instance-cpu`,
  Memory: `${SCALEWAY_GROUP}/instance-memory`,
  GpuCount: `${SCALEWAY_GROUP}/instance-gpu-count`,
  GpuName: `${SCALEWAY_GROUP}/instance-gpu-name`,
  GpuManufacturer: `${SCALEWAY_GROUP}/instance-gpu-manufacturer`,
  GpuMemory: `${SCALEWAY_GROUP}/instance-gpu-memory`,
  Bandwidth: `${SCALEWAY_GROUP}/instance-network-bandwidth`,
  LocalSsd: `${SCALEWAY_GROUP}/instance-local-ssd`,
  Scratch: `${SCALEWAY_GROUP}/instance-scratch-storage`,
} as const;

export const WELL_KNOWN_SCALEWAY_LABELS: readonly string[] = Object.values(ScalewayLabel);

/** The older controller's key for the instance type (W-20). */
export const LEGACY_INSTANCE_TYPE = "karpenter.sh/instance-type";

/** The older controller's capacity type (W-23). */
export const SCALEWAY_GPU = "scaleway-gpu";

export const ScalewayAnnotation = {
  NodeClassHash: `${SCALEWAY_GROUP}/nodeclass-hash`,
  NodeClassHashVersion: `${SCALEWAY_GROUP}/nodeclass-hash-version`,
  /** `<type>:<id>` of each volume that came with the server; written before the call that removes it (W-49). */
  Volumes: `${SCALEWAY_GROUP}/volumes`,
  /** "removed" once the machine has joined and its user data is gone (W-45). */
  UserData: `${SCALEWAY_GROUP}/user-data`,
  /** Ids of the flexible IPs that were made for the server. */
  Ips: `${SCALEWAY_GROUP}/ips`,
} as const;

/** Tags of everything we own (W-33): no slash, no colon, no comma, no space. */
export const OwnerTag = {
  managed: "karpenter-managed=true",
  cluster: (name: string) => `karpenter-cluster=${name}`,
  nodePool: (name: string) => `karpenter-nodepool=${name}`,
  nodeClass: (name: string) => `karpenter-nodeclass=${name}`,
  nodeClaim: (name: string) => `karpenter-nodeclaim=${name}`,
  nodeClaimUid: (uid: string) => `karpenter-nodeclaim-uid=${uid}`,
} as const;

export function tagValue(tags: readonly string[], key: string): string | undefined {
  return tags.find((tag) => tag.startsWith(`${key}=`))?.slice(key.length + 1);
}

/** Labels that tell where and what a machine is. */
export const PLACEMENT_LABELS: readonly string[] = [Label.Region, Label.Zone, Label.InstanceType];
