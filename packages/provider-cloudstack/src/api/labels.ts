// The only place where this provider's label, annotation and tag keys are written.

export const CLOUDSTACK_GROUP = "karpenter.k8s.cloudstack";

/** What an instance type tells about itself; users may select on these (C-42). The first nine are those of the older product. */
export const CloudStackLabel = {
  ZoneId: `${CLOUDSTACK_GROUP}/zone-id`,
  ZoneName: `${CLOUDSTACK_GROUP}/zone-name`,
  ServiceOfferingId: `${CLOUDSTACK_GROUP}/service-offering-id`,
  ServiceOfferingName: `${CLOUDSTACK_GROUP}/service-offering-name`,
  NetworkId: `${CLOUDSTACK_GROUP}/network-id`,
  NetworkName: `${CLOUDSTACK_GROUP}/network-name`,
  TemplateId: `${CLOUDSTACK_GROUP}/template-id`,
  TemplateName: `${CLOUDSTACK_GROUP}/template-name`,
  DiskOfferingId: `${CLOUDSTACK_GROUP}/disk-offering-id`,
  Cpu: `${CLOUDSTACK_GROUP}/instance-cpu`,
  /** MiB. */
  Memory: `${CLOUDSTACK_GROUP}/instance-memory`,
  /** MHz. */
  CpuSpeed: `${CLOUDSTACK_GROUP}/instance-cpu-speed`,
  GpuName: `${CLOUDSTACK_GROUP}/instance-gpu-name`,
  GpuCount: `${CLOUDSTACK_GROUP}/instance-gpu-count`,
  GpuProfile: `${CLOUDSTACK_GROUP}/instance-gpu-profile`,
  StorageType: `${CLOUDSTACK_GROUP}/storage-type`,
  HostTags: `${CLOUDSTACK_GROUP}/host-tags`,
  NetworkRate: `${CLOUDSTACK_GROUP}/network-rate`,
  Ha: `${CLOUDSTACK_GROUP}/ha`,
  CpuLimited: `${CLOUDSTACK_GROUP}/cpu-limited`,
  Custom: `${CLOUDSTACK_GROUP}/custom`,
} as const;

export const WELL_KNOWN_CLOUDSTACK_LABELS: readonly string[] = Object.values(CloudStackLabel);

/** On every VM we own (C-51). */
export const OwnerTag = {
  ManagedBy: "karpenter.sh/managed-by",
  NodePool: "karpenter.sh/nodepool",
  NodeClaim: "karpenter.sh/nodeclaim",
  NodeClass: `${CLOUDSTACK_GROUP}/nodeclass`,
  NodeClaimUid: `${CLOUDSTACK_GROUP}/nodeclaim-uid`,
} as const;

export const MANAGED_BY = "karpenter";
export const CLUSTER_TAG_PREFIX = "kubernetes.io/cluster/";

export function clusterTag(clusterName: string): string {
  return `${CLUSTER_TAG_PREFIX}${clusterName}`;
}

export const CloudStackAnnotation = {
  InstanceId: `${CLOUDSTACK_GROUP}/instance-id`,
  JobId: `${CLOUDSTACK_GROUP}/job-id`,
  ProjectId: `${CLOUDSTACK_GROUP}/project-id`,
  /** What became of the machine's user data: "removed" or "kept". */
  UserData: `${CLOUDSTACK_GROUP}/user-data`,
  NodeClassHash: `${CLOUDSTACK_GROUP}/nodeclass-hash`,
  NodeClassHashVersion: `${CLOUDSTACK_GROUP}/nodeclass-hash-version`,
} as const;
