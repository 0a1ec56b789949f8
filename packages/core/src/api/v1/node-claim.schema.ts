// NodeClaim of karpenter.sh/v1 as the API server sees it: shape, defaults, rules, columns.

import type { CustomResource } from "../custom-resource.ts";
import { rootSchema } from "../custom-resource.ts";
import { NodeClaims } from "../resources.ts";
import { dateTime, describe, object, text } from "../schema/builders.ts";
import { lenientConditionsSchema } from "../schema/condition-schema.ts";
import {
  expireAfterSchema,
  nodeClassRefSchema,
  taintsSchema,
  terminationGracePeriodSchema,
} from "../schema/node-parts.ts";
import { resourceListSchema } from "../schema/patterns.ts";
import { requirementsSchema } from "../schema/requirement-schema.ts";
import { jsonEqual, rule } from "../schema/schema.ts";
import type { NodeClaim, NodeClaimSpec } from "./node-claim.ts";

/** Compared as it is stored: 500m and 0.5 differ. */
const SPEC_STAYS = rule<NodeClaimSpec>("self == oldSelf", {
  message: "the spec of a NodeClaim cannot be changed; delete it and a new one will be made",
  check: (self, old) => jsonEqual(self, old),
});

const spec = object(
  {
    expireAfter: expireAfterSchema,
    nodeClassRef: nodeClassRefSchema(),
    requirements: requirementsSchema("What the node may be."),
    resources: object(
      { requests: describe(resourceListSchema, "What the node must have room for.") },
      { description: "What the pods planned for the node need." },
    ),
    startupTaints: taintsSchema("Taints that something else removes once the node is ready for pods."),
    taints: taintsSchema("Taints of the node."),
    terminationGracePeriod: terminationGracePeriodSchema,
  },
  { description: "What is wanted.", required: ["nodeClassRef", "requirements"], rules: [SPEC_STAYS] },
);

const status = object(
  {
    allocatable: describe(resourceListSchema, "What pods can use of the node, estimated from its type."),
    capacity: describe(resourceListSchema, "What the node has, estimated from its type."),
    conditions: lenientConditionsSchema,
    imageID: text({ description: "Image the machine was started from." }),
    lastPodEventTime: dateTime("When a pod last came to or left the node."),
    nodeName: text({ description: "Name of the Node." }),
    providerID: text({ description: "The machine, as the Node names it in spec.providerID." }),
  },
  { description: "What became of it." },
);

function labelPath(key: string): string {
  return `.metadata.labels.${key.replaceAll(".", "\\.")}`;
}

function statusPath(type: string): string {
  return `.status.conditions[?(@.type=="${type}")].status`;
}

export const NodeClaimResource: CustomResource<NodeClaim> = {
  resource: NodeClaims,
  shortNames: [],
  categories: ["karpenter"],
  printerColumns: [
    { name: "Type", type: "string", jsonPath: labelPath("node.kubernetes.io/instance-type") },
    { name: "Capacity", type: "string", jsonPath: labelPath("karpenter.sh/capacity-type") },
    { name: "Zone", type: "string", jsonPath: labelPath("topology.kubernetes.io/zone") },
    { name: "Node", type: "string", jsonPath: ".status.nodeName" },
    { name: "Ready", type: "string", jsonPath: statusPath("Ready") },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "ImageID", type: "string", jsonPath: ".status.imageID", priority: 1 },
    { name: "ID", type: "string", jsonPath: ".status.providerID", priority: 1 },
    { name: "NodePool", type: "string", jsonPath: labelPath("karpenter.sh/nodepool"), priority: 1 },
    { name: "NodeClass", type: "string", jsonPath: ".spec.nodeClassRef.name", priority: 1 },
    { name: "Drifted", type: "string", jsonPath: statusPath("Drifted"), priority: 1 },
  ],
  subresources: { status: true },
  schema: rootSchema({ description: "One machine that was asked for.", spec, status }),
};
