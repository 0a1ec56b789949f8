// A server described as a NodeClaim, the way core wants to hear of it.

import { CapacityType, Label, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { allocatableOf } from "@karpenter-multicloud/core/provider";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import { toResourceList } from "@karpenter-multicloud/core/units";

import { LEGACY_INSTANCE_TYPE, SCALEWAY_GROUP, ScalewayAnnotation, tagValue } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import { SCALEWAY_NODE_CLASS_KIND } from "../api/scaleway-node-class.ts";
import type { ScalewayNodeClass } from "../api/scaleway-node-class.ts";
import type { WireServer } from "../client/wire.ts";
import { regionOf } from "../selection/class-resolver.ts";
import { providerIdOf } from "./machine-id.ts";

export interface Launched {
  readonly server: WireServer;
  readonly type: InstanceType | undefined;
  readonly capacityType: string;
  /** What nodes carry under the older key (W-21). */
  readonly alias: string;
  readonly nodeClass: ScalewayNodeClass;
}

/** The answer of a launch: the claim with everything that is known about its machine. */
export function launchedClaim(claim: NodeClaim, launched: Launched): NodeClaim {
  const { server, type, nodeClass } = launched;
  const { annotations, ...metadata } = claim.metadata;
  return {
    ...claim,
    metadata: {
      ...metadata,
      labels: machineLabels(claim, launched),
      annotations: {
        ...annotations,
        ...resourceNotes(server),
        [ScalewayAnnotation.NodeClassHash]: nodeClassHash(nodeClass.spec ?? {}),
        [ScalewayAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
      },
    },
    status: {
      ...claim.status,
      providerID: providerIdOf(server),
      imageID: server.imageId,
      ...(type === undefined
        ? {}
        : { capacity: toResourceList(type.capacity), allocatable: toResourceList(allocatableOf(type)) }),
    },
  };
}

/** Also what the kubelet is told to say of itself (W-46). */
export function machineLabels(
  claim: NodeClaim,
  { server, type, capacityType, alias }: Omit<Launched, "nodeClass">,
): Readonly<Record<string, string>> {
  return {
    ...claim.metadata.labels,
    ...typeLabels(type),
    [Label.InstanceType]: server.commercialType,
    [Label.CapacityType]: capacityType,
    [Label.Zone]: server.zone,
    [Label.Region]: regionOf(server.zone),
    [LEGACY_INSTANCE_TYPE]: alias,
  };
}

/** Ids that the server no longer tells once it is gone (W-49). */
function resourceNotes({ disks, publicIps }: WireServer): Readonly<Record<string, string>> {
  const ips = publicIps.filter(({ dynamic }) => !dynamic).map(({ id }) => id);
  return {
    [ScalewayAnnotation.Volumes]: disks.map(({ id, type }) => `${type}:${id}`).join(","),
    ...(ips.length > 0 ? { [ScalewayAnnotation.Ips]: ips.join(",") } : {}),
  };
}

/** A server as found in the cloud, under the name of its claim. */
export function foundClaim(server: WireServer, owner: NodeClaim | undefined): NodeClaim {
  const uid = tagValue(server.tags, "karpenter-nodeclaim-uid");
  const createdAt = toRfc3339(server.createdAt);
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      name: tagValue(server.tags, "karpenter-nodeclaim") ?? server.name,
      ...(uid === undefined ? {} : { uid }),
      labels: {
        ...nodePoolLabel(server),
        ...owner?.metadata.labels,
        [Label.InstanceType]: server.commercialType,
        [Label.CapacityType]: owner?.metadata.labels?.[Label.CapacityType] ?? CapacityType.OnDemand,
        [Label.Zone]: server.zone,
        [Label.Region]: regionOf(server.zone),
      },
      annotations: owner?.metadata.annotations ?? {},
      creationTimestamp: createdAt,
      ...(server.stateDetail === "terminating" ? { deletionTimestamp: createdAt } : {}),
    },
    spec: owner?.spec ?? {
      requirements: [],
      nodeClassRef: { ...SCALEWAY_NODE_CLASS_KIND, name: tagValue(server.tags, "karpenter-nodeclass") ?? "" },
    },
    status: { providerID: providerIdOf(server), imageID: server.imageId, nodeName: server.name },
  };
}

function nodePoolLabel({ tags }: WireServer): Readonly<Record<string, string>> {
  const pool = tagValue(tags, "karpenter-nodepool");
  return pool === undefined ? {} : { [Label.NodePool]: pool };
}

/** What the type says with a single value. */
function typeLabels(type: InstanceType | undefined): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const requirement of type?.requirements ?? []) {
    const value = requirement.single();
    const isOfServer =
      requirement.key.startsWith(`${SCALEWAY_GROUP}/`) || requirement.key.endsWith("kubernetes.io/arch");
    if (value !== undefined && (isOfServer || requirement.key === Label.Os)) labels[requirement.key] = value;
  }
  return labels;
}
