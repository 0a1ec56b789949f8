// The only place where this provider's label and annotation keys are written.

import { Label } from "@karpenter-multicloud/core/api";

export const OVH_GROUP = "karpenter.ovhcloud.sh";

/** What an instance type tells about itself; users may select on these (O-18). */
export const OvhLabel = {
  Category: `${OVH_GROUP}/instance-category`,
  Family: `${OVH_GROUP}/instance-family`,
  Generation: `${OVH_GROUP}/instance-generation`,
  Size: `${OVH_GROUP}/instance-size`,
  Cpu: `${OVH_GROUP}/instance-cpu`,
  Memory: `${OVH_GROUP}/instance-memory`,
  GpuCount: `${OVH_GROUP}/instance-gpu-count`,
  GpuName: `${OVH_GROUP}/instance-gpu-name`,
  GpuMemory: `${OVH_GROUP}/instance-gpu-memory`,
  LocalNvme: `${OVH_GROUP}/instance-local-nvme`,
  Bandwidth: `${OVH_GROUP}/instance-network-bandwidth`,
  Billing: `${OVH_GROUP}/billing`,
  AzType: `${OVH_GROUP}/az-type`,
  /** MKS writes it: standard or gpu. */
  MksNodeType: "node.k8s.ovh/type",
} as const;

/** Cinder's name for the zone, on Nodes and on the volumes it makes: pods may ask for a zone with it, and volumes do. */
export const CINDER_ZONE = "topology.cinder.csi.openstack.org/zone";

/** In the template of every pool we own (O-4). */
export const OwnerLabel = {
  ManagedBy: `${OVH_GROUP}/managed-by`,
  Cluster: `${OVH_GROUP}/cluster`,
  PoolKey: `${OVH_GROUP}/pool-key`,
} as const;

export const MANAGED_BY = "karpenter";

export const OvhAnnotation = {
  PoolName: `${OVH_GROUP}/pool-name`,
  PoolId: `${OVH_GROUP}/pool-id`,
  NodeId: `${OVH_GROUP}/node-id`,
  NodeName: `${OVH_GROUP}/node-name`,
  /** The offering the claim was bound to: `<flavor>/<zone>`. */
  Offering: `${OVH_GROUP}/offering`,
  /** RFC 3339 of the first try. */
  LaunchAttempt: `${OVH_GROUP}/launch-attempt`,
  /** How many machines of this claim have failed so far. */
  FailedMachines: `${OVH_GROUP}/failed-machines`,
  /** RFC 3339; written before the call that removes the machine. */
  RemovalRequested: `${OVH_GROUP}/removal-requested`,
  NodeClassHash: `${OVH_GROUP}/nodeclass-hash`,
  NodeClassHashVersion: `${OVH_GROUP}/nodeclass-hash-version`,
} as const;

/** MKS and Kubernetes keep these to themselves in a pool template (O-9). */
export function isForbiddenTemplateLabel(key: string): boolean {
  if (key === "nodepool") return true;
  if (!key.includes("/")) return false;
  const domain = key.slice(0, key.indexOf("/"));
  if (domain === OVH_GROUP) return true;
  return ["karpenter.sh", "kubernetes.io", "k8s.io", "node.k8s.ovh"].some(
    (reserved) => domain === reserved || domain.endsWith(`.${reserved}`),
  );
}

export const WELL_KNOWN_OVH_LABELS: readonly string[] = Object.values(OvhLabel);

/** Labels that tell where and what a machine is; a Node without them has not been reported by MKS yet. */
export const PLACEMENT_LABELS: readonly string[] = [Label.Region, Label.Zone, Label.InstanceType];
