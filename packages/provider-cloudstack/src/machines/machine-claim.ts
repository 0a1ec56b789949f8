// A machine described as a NodeClaim, the way core wants to hear of it (C-47, C-80).

import { CapacityType, Label, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { allocatableOf } from "@karpenter-multicloud/core/provider";
import { toResourceList } from "@karpenter-multicloud/core/units";

import { CLOUDSTACK_NODE_CLASS_KIND } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClass } from "../api/cloudstack-node-class.ts";
import { CLOUDSTACK_GROUP, CloudStackAnnotation, CloudStackLabel, OwnerTag } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import { slug } from "../offerings/names.ts";
import type { Buyable } from "../catalog/instance-types.ts";
import type { WireNetwork, WireTemplate, WireVm } from "../client/wire.ts";
import type { ResolvedZone } from "../selection/resolved-class.ts";
import { claimUidOf } from "./ownership.ts";
import { providerIdPrefix } from "./machine-id.ts";

export interface Launched {
  readonly machineId: string;
  readonly buyable: Buyable;
  readonly zone: ResolvedZone;
  readonly network: WireNetwork;
  readonly template: WireTemplate;
  readonly nodeClass: CloudStackNodeClass;
  readonly projectId?: string;
}

/** The answer of a launch: the claim with everything that is known about its machine. */
export function launchedClaim(claim: NodeClaim, launched: Launched): NodeClaim {
  const { machineId, buyable, zone, template, nodeClass, projectId } = launched;
  const { annotations, ...metadata } = claim.metadata;
  const format = nodeClass.spec.providerIDFormat ?? "ccm";
  return {
    ...claim,
    metadata: {
      ...metadata,
      labels: machineLabels(claim, launched),
      annotations: {
        ...annotations,
        [CloudStackAnnotation.InstanceId]: machineId,
        ...(projectId === undefined ? {} : { [CloudStackAnnotation.ProjectId]: projectId }),
        [CloudStackAnnotation.NodeClassHash]: nodeClassHash(nodeClass.spec),
        [CloudStackAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
      },
    },
    status: {
      ...claim.status,
      providerID: `${providerIdPrefix(format, zone.name)}${machineId}`,
      imageID: template.id,
      capacity: toResourceList(buyable.type.capacity),
      allocatable: toResourceList(allocatableOf(buyable.type)),
    },
  };
}

/** Also what the kubelet is told to say of itself (C-71). What has several values for the type has one for the machine. */
export function machineLabels(
  claim: NodeClaim,
  { buyable, zone, network, template }: Pick<Launched, "buyable" | "zone" | "network" | "template">,
): Readonly<Record<string, string>> {
  const labels: Record<string, string> = { ...claim.metadata.labels };
  for (const requirement of buyable.type.requirements) {
    const value = requirement.single();
    if (
      value !== undefined &&
      (requirement.key.startsWith(`${CLOUDSTACK_GROUP}/`) || !requirement.key.includes("kubernetes.io/"))
    ) {
      labels[requirement.key] = value;
    }
    if (value !== undefined && [Label.Arch, Label.Os, Label.Region].includes(requirement.key as never))
      labels[requirement.key] = value;
  }
  return {
    ...labels,
    [Label.InstanceType]: buyable.type.name,
    [Label.CapacityType]: CapacityType.OnDemand,
    [Label.Zone]: zone.label,
    [CloudStackLabel.ZoneId]: zone.id,
    [CloudStackLabel.ZoneName]: zone.label,
    [CloudStackLabel.NetworkId]: network.id,
    [CloudStackLabel.NetworkName]: slug(network.name),
    [CloudStackLabel.TemplateId]: template.id,
    [CloudStackLabel.TemplateName]: slug(template.name),
  };
}

/** A machine as found in the cloud, under the name of its claim. */
export function foundClaim(machine: WireVm, owner: NodeClaim | undefined, clusterName: string): NodeClaim {
  const uid = claimUidOf(machine, clusterName);
  const createdAt = toRfc3339(machine.created);
  const pool = machine.tags[OwnerTag.NodePool];
  const isLeaving = ["Destroyed", "Expunging", "Expunged"].includes(machine.state);
  const providerID = owner?.status?.providerID || `${providerIdPrefix("ccm", machine.zoneName)}${machine.id}`;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      name: machine.tags[OwnerTag.NodeClaim] ?? machine.name,
      ...(uid === undefined ? {} : { uid }),
      labels: {
        ...(pool === undefined ? {} : { [Label.NodePool]: pool }),
        ...owner?.metadata.labels,
        [Label.InstanceType]: owner?.metadata.labels?.[Label.InstanceType] ?? slug(machine.offeringName),
        [Label.CapacityType]: CapacityType.OnDemand,
        [Label.Zone]: slug(machine.zoneName),
      },
      annotations: owner?.metadata.annotations ?? {},
      creationTimestamp: createdAt,
      ...(isLeaving ? { deletionTimestamp: createdAt } : {}),
    },
    spec: owner?.spec ?? {
      requirements: [],
      nodeClassRef: { ...CLOUDSTACK_NODE_CLASS_KIND, name: machine.tags[OwnerTag.NodeClass] ?? "" },
    },
    status: { providerID, imageID: machine.templateId, nodeName: machine.name },
  };
}
