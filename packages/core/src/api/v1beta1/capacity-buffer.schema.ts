// CapacityBuffer of autoscaling.x-k8s.io/v1beta1 as the API server sees it: shape, rules, columns.

import type { CustomResource } from "../custom-resource.ts";
import { rootSchema } from "../custom-resource.ts";
import { CapacityBuffers } from "../resources.ts";
import { integer, object, text } from "../schema/builders.ts";
import { conditionsSchema } from "../schema/condition-schema.ts";
import { resourceListSchema } from "../schema/patterns.ts";
import { rule } from "../schema/schema.ts";
import { ACTIVE_CAPACITY } from "./capacity-buffer.ts";
import type { CapacityBuffer, CapacityBufferSpec } from "./capacity-buffer.ts";

const ONE_SHAPE = rule<CapacityBufferSpec>("!has(self.podTemplateRef) || !has(self.scalableRef)", {
  message: "podTemplateRef and scalableRef cannot be set together",
  check: ({ podTemplateRef, scalableRef }) => podTemplateRef === undefined || scalableRef === undefined,
});

const TEMPLATE_HAS_SIZE = rule<CapacityBufferSpec>(
  "!has(self.podTemplateRef) || has(self.replicas) || has(self.limits)",
  {
    message: "with podTemplateRef, replicas or limits must be set",
    check: ({ podTemplateRef, replicas, limits }) =>
      podTemplateRef === undefined || replicas !== undefined || limits !== undefined,
  },
);

const count = (description: string) => integer({ format: "int32", minimum: 0, description });
const nameOf = (description: string) =>
  object(
    { name: text({ minLength: 1, description: "Name of the PodTemplate." }) },
    { description, required: ["name"] },
  );

const spec = object(
  {
    limits: {
      ...resourceListSchema,
      description: "What all pods of the buffer together may ask for; alone it says how many there are.",
    },
    percentage: count("For how many pods there is room, as a share of the scalable's replicas, rounded up."),
    podTemplateRef: nameOf("The PodTemplate, in the same namespace, whose pods the room is for."),
    provisioningStrategy: text({
      default: ACTIVE_CAPACITY,
      description: "How the room is kept. Buffers of another strategy than the default are left to others.",
    }),
    replicas: count("For how many pods there is room; of this and percentage the larger one counts."),
    scalableRef: object(
      {
        apiGroup: text({ description: "Group of the scalable; empty is apps." }),
        kind: text({ minLength: 1, description: "Deployment, StatefulSet or ReplicaSet." }),
        name: text({ minLength: 1, description: "Name of the scalable." }),
      },
      { description: "What makes pods of the shape that the room is for.", required: ["kind", "name"] },
    ),
  },
  { description: "For what room is kept, and how much.", rules: [ONE_SHAPE, TEMPLATE_HAS_SIZE] },
);

const status = object(
  {
    conditions: conditionsSchema,
    podTemplateGeneration: integer({ format: "int64", description: "Generation of the PodTemplate that was used." }),
    podTemplateRef: nameOf("The PodTemplate that was used."),
    provisioningStrategy: text({ description: "The strategy that was followed." }),
    replicas: integer({ format: "int32", description: "For how many pods room is kept." }),
  },
  { description: "What was found." },
);

/** What most people want to know is whether the room is there. */
const PROVISIONING = '.status.conditions[?(@.type=="Provisioning")]';

export const CapacityBufferResource: CustomResource<CapacityBuffer> = {
  resource: CapacityBuffers,
  shortNames: ["cb"],
  categories: ["autoscaling"],
  printerColumns: [
    { name: "Strategy", type: "string", jsonPath: ".spec.provisioningStrategy" },
    { name: "PodTemplate", type: "string", jsonPath: ".status.podTemplateRef.name" },
    { name: "Replicas", type: "integer", jsonPath: ".status.replicas" },
    { name: "ConditionsType", type: "string", jsonPath: `${PROVISIONING}.type` },
    { name: "ConditionsStatus", type: "string", jsonPath: `${PROVISIONING}.status` },
    { name: "ConditionsReason", type: "string", jsonPath: `${PROVISIONING}.reason` },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
  subresources: { status: true },
  schema: rootSchema({
    description: "Room that is kept free on nodes, so that pods of one shape start without waiting for a machine.",
    spec,
    status,
  }),
};
