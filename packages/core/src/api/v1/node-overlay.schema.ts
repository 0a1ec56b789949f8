// NodeOverlay of karpenter.sh/v1alpha1 as the API server sees it: shape, rules, columns (A-16).

import type { CustomResource } from "../custom-resource.ts";
import { rootSchema } from "../custom-resource.ts";
import { NodeOverlays } from "../resources.ts";
import { integer, object, text } from "../schema/builders.ts";
import { conditionsSchema } from "../schema/condition-schema.ts";
import { PRICE, PRICE_ADJUSTMENT, resourceListSchema } from "../schema/patterns.ts";
import { overlayRequirementsSchema } from "../schema/requirement-schema.ts";
import { rule } from "../schema/schema.ts";
import type { NodeOverlay, NodeOverlaySpec } from "./node-overlay.ts";

type Capacity = NonNullable<NodeOverlaySpec["capacity"]>;

/** What every machine has of its own; only resources besides them can be added. */
const OWN_RESOURCES: readonly string[] = ["cpu", "memory", "ephemeral-storage", "pods"];

const ONE_PRICE = rule<NodeOverlaySpec>("!has(self.price) || !has(self.priceAdjustment)", {
  message: "price and priceAdjustment cannot be set together",
  check: ({ price, priceAdjustment }) => price === undefined || priceAdjustment === undefined,
});

const ONLY_EXTENDED = rule<Capacity>(`self.all(x, !(x in [${OWN_RESOURCES.map((name) => `'${name}'`).join(", ")}]))`, {
  message: `capacity names resources besides the machine's own ${OWN_RESOURCES.join(", ")}`,
  check: (self) => Object.keys(self).every((name) => !OWN_RESOURCES.includes(name)),
});

const spec = object(
  {
    capacity: {
      ...resourceListSchema,
      description: "Extended resources that the machines have besides what the cloud tells of them.",
      "x-kubernetes-validations": [ONLY_EXTENDED],
    },
    price: text({
      pattern: PRICE,
      description: "Price per hour instead of the listed one, in the currency of the list: 0.25.",
    }),
    priceAdjustment: text({
      pattern: PRICE_ADJUSTMENT,
      description: "Added to the listed price, or a share of it: -0.5, +10%. The result is never below 0.",
    }),
    requirements: overlayRequirementsSchema(
      "Which instance types and offerings it is about: their labels, karpenter.sh/nodepool and the labels in the NodePool's template.",
    ),
    weight: integer({
      format: "int32",
      minimum: 1,
      maximum: 10000,
      description:
        "Of several overlays for the same price or resource the one with the highest weight counts; absent is 0.",
    }),
  },
  { description: "What is known better.", required: ["requirements"], rules: [ONE_PRICE] },
);

const status = object({ conditions: conditionsSchema }, { description: "What was found." });

export const NodeOverlayResource: CustomResource<NodeOverlay> = {
  resource: NodeOverlays,
  shortNames: ["overlays"],
  categories: ["karpenter"],
  printerColumns: [
    { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    { name: "Weight", type: "integer", jsonPath: ".spec.weight", priority: 1 },
  ],
  subresources: { status: true },
  schema: rootSchema({
    description: "What is known better than the cloud's list about prices and capacity of instance types.",
    spec,
    status,
  }),
};
