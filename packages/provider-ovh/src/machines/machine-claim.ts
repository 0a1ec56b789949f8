// A machine described as a NodeClaim, the way core wants to hear of it.

import { Annotation, CapacityType, Label, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { allocatableOf } from "@karpenter-multicloud/core/provider";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import { parseDuration, toResourceList } from "@karpenter-multicloud/core/units";

import { OvhAnnotation } from "../api/labels.ts";
import { NODE_CLASS_HASH_VERSION, nodeClassHash } from "../api/node-class-hash.ts";
import { OVH_NODE_CLASS_KIND } from "../api/ovh-node-class.ts";
import type { OVHNodeClass } from "../api/ovh-node-class.ts";
import type { WireMachine, WirePool } from "../client/wire.ts";
import { isGoing, providerIdOf } from "../pools/machine-status.ts";

/** The answer of a launch: the claim with everything that is known about its machine. */
export function launchedClaim(
  claim: NodeClaim,
  found: { readonly machine: WireMachine; readonly pool: WirePool; readonly zone: string },
  nodeClass: OVHNodeClass,
  type: InstanceType | undefined,
): NodeClaim {
  const { machine, pool, zone } = found;
  const { name = "", annotations, labels, ...metadata } = claim.metadata;
  return {
    ...claim,
    metadata: {
      ...metadata,
      name,
      labels: { ...labels, ...typeLabels(type), ...placeLabels(machine, zone) },
      annotations: {
        ...annotations,
        ...machineNotes(machine, pool),
        [OvhAnnotation.NodeClassHash]: nodeClassHash(nodeClass.spec ?? {}),
        [OvhAnnotation.NodeClassHashVersion]: NODE_CLASS_HASH_VERSION,
        ...paidTime(machine, nodeClass),
      },
    },
    status: {
      ...claim.status,
      providerID: providerIdOf(machine),
      imageID: imageOf(machine),
      ...(type === undefined
        ? {}
        : { capacity: toResourceList(type.capacity), allocatable: toResourceList(allocatableOf(type)) }),
    },
  };
}

/** O-34: a month is paid for when it begins; so long its class may want the machine to be kept. */
function paidTime({ createdAt }: WireMachine, { spec }: OVHNodeClass): Readonly<Record<string, string>> {
  const began = Date.parse(createdAt);
  if (!spec?.monthlyBilled || spec.monthlyMinLifetime === undefined || Number.isNaN(began)) return {};
  return { [Annotation.NotConsolidatableBefore]: toRfc3339(began + parseDuration(spec.monthlyMinLifetime)) };
}

/** A machine as found in the cloud, under the name of its claim when there is one. */
export function foundClaim(
  machine: WireMachine,
  pool: WirePool,
  owner: NodeClaim | undefined,
  place: { readonly zone?: string; readonly region?: string },
): NodeClaim {
  const { uid, labels } = owner?.metadata ?? {};
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      name: owner?.metadata.name ?? machine.name,
      ...(uid === undefined ? {} : { uid }),
      labels: {
        ...labels,
        ...placeLabels(machine, place.zone),
        ...(place.region === undefined ? {} : { [Label.Region]: place.region }),
      },
      annotations: machineNotes(machine, pool),
      ...(machine.createdAt === "" ? {} : { creationTimestamp: machine.createdAt }),
      ...(isGoing(machine) && machine.createdAt !== "" ? { deletionTimestamp: machine.createdAt } : {}),
    },
    spec: owner?.spec ?? {
      requirements: [],
      nodeClassRef: { ...OVH_NODE_CLASS_KIND, name: "" },
    },
    status: { providerID: providerIdOf(machine), imageID: imageOf(machine), nodeName: machine.name },
  };
}

function machineNotes(machine: WireMachine, pool: WirePool): Readonly<Record<string, string>> {
  return {
    [OvhAnnotation.PoolName]: pool.name,
    [OvhAnnotation.PoolId]: pool.id,
    [OvhAnnotation.NodeId]: machine.id,
    [OvhAnnotation.NodeName]: machine.name,
  };
}

function placeLabels(machine: WireMachine, zone: string | undefined): Readonly<Record<string, string>> {
  return {
    [Label.InstanceType]: machine.flavor,
    [Label.CapacityType]: CapacityType.OnDemand,
    ...(zone === undefined ? {} : { [Label.Zone]: zone }),
  };
}

/** What the type says with a single value; zone and capacity type are known better from the machine. */
function typeLabels(type: InstanceType | undefined): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const requirement of type?.requirements ?? []) {
    const value = requirement.single();
    if (value !== undefined) labels[requirement.key] = value;
  }
  return labels;
}

function imageOf(machine: WireMachine): string {
  return `mks-${machine.version}`;
}
