// How a machine looks as a Node and as a NodeClaim (SIM-8).

import { Label, toRfc3339, UNREGISTERED_TAINT } from "@karpenter-multicloud/core/api";
import type { Node, NodeClaim } from "@karpenter-multicloud/core/api";
import { allocatableOf } from "@karpenter-multicloud/core/provider";
import type { Requirements } from "@karpenter-multicloud/core/requirements";
import { toResourceList } from "@karpenter-multicloud/core/units";
import type { Choice } from "./choose-offering.ts";
import { SIMULATED_ZONES } from "./catalog.ts";
import { KWOK_NODE_CLASS } from "./node-class.ts";
import type { SimulatedMachine } from "./simulated-cloud.ts";

const KWOK_NODE = "kwok.x-k8s.io/node";
const PRICE = "eks-node-viewer/instance-price";
const PARTITION = "kwok-partition";
/** Not for the claim: its labels are copied onto Nodes. */
const NODE_ONLY_LABELS: readonly string[] = [KWOK_NODE, PRICE, PARTITION, Label.Hostname];

/** The kubelet reports the hostname; the claim's name is what the planner knew. */
export function nodeOf(
  claim: NodeClaim,
  wanted: Requirements,
  choice: Choice,
  { nodeName, providerID }: { readonly nodeName: string; readonly providerID: string },
): Node {
  const { type, offering, zone } = choice;
  const price = offering.price?.amount;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: nodeName,
      labels: {
        ...labelsOf(claim, wanted, choice),
        ...(price === undefined ? {} : { [PRICE]: String(price) }),
        [PARTITION]: SIMULATED_ZONES.includes(zone) ? zone.slice(-1) : "a",
        [Label.Hostname]: claim.metadata.name ?? nodeName,
        [KWOK_NODE]: "fake",
      },
      annotations: { [KWOK_NODE]: "fake" },
    },
    spec: { providerID, taints: [UNREGISTERED_TAINT] },
    status: {
      capacity: toResourceList(type.capacity),
      allocatable: toResourceList(allocatableOf(type)),
      nodeInfo: { kubeletVersion: "v1.36.0", operatingSystem: type.requirements.get(Label.Os).any() },
    },
  };
}

/** The claim's own, what it asks for with one value, and what type and offering are. */
export function labelsOf(claim: NodeClaim, wanted: Requirements, { type, offering }: Choice): Record<string, string> {
  return {
    ...claim.metadata.labels,
    ...singles(wanted),
    ...singles(type.requirements),
    ...singles(offering.requirements),
  };
}

function singles(requirements: Requirements): Record<string, string> {
  return Object.fromEntries(
    [...requirements].flatMap((each) => {
      const value = each.single();
      return value === undefined ? [] : [[each.key, value]];
    }),
  );
}

/** What create answers: the claim with status and labels filled in. */
export function launched(claim: NodeClaim, machine: SimulatedMachine): NodeClaim {
  const seen = claimOf(machine);
  const labels = { ...seen.metadata.labels, ...claim.metadata.labels };
  return { ...claim, metadata: { ...claim.metadata, labels }, status: { ...claim.status, ...seen.status } };
}

/** What the cloud alone knows of a machine; enough for garbage collection to find its claim. */
export function claimOf(machine: SimulatedMachine): NodeClaim {
  const { node, claimName, claimUid, nodeClass, providerID, zone, capacityType, instanceType } = machine;
  const { capacity, allocatable } = node.status ?? {};
  const labels = Object.entries(node.metadata.labels ?? {}).filter(([key]) => !NODE_ONLY_LABELS.includes(key));
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: {
      name: claimName,
      uid: claimUid,
      creationTimestamp: toRfc3339(machine.createdAt),
      labels: Object.fromEntries(labels),
    },
    spec: {
      nodeClassRef: { ...KWOK_NODE_CLASS, name: nodeClass },
      requirements: [
        { key: Label.InstanceType, operator: "In", values: [instanceType] },
        { key: Label.Zone, operator: "In", values: [zone] },
        { key: Label.CapacityType, operator: "In", values: [capacityType] },
      ],
    },
    status: {
      providerID,
      nodeName: machine.nodeName,
      ...(capacity === undefined ? {} : { capacity }),
      ...(allocatable === undefined ? {} : { allocatable }),
    },
  };
}
