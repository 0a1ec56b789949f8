// What an API server with our CRDs accepts and refuses of NodeOverlays, case by case.

import type { JsonValue } from "../schema/schema.ts";
import type { SchemaCase } from "./schema-cases.ts";

type Json = { readonly [key: string]: JsonValue };

/** An overlay about everything, with these fields of spec. */
export function overlayJson(spec: Json = {}): Json {
  return {
    apiVersion: "karpenter.sh/v1alpha1",
    kind: "NodeOverlay",
    metadata: { name: "discount" },
    spec: { requirements: [], ...spec },
  };
}

function overlay(name: string, object: Json, refusedAt: readonly string[] = []): SchemaCase {
  return { name, kind: "NodeOverlay", object, refusedAt };
}

function each<V extends JsonValue>(values: readonly V[], make: (value: V, text: string) => SchemaCase): SchemaCase[] {
  return values.map((value) => make(value, JSON.stringify(value)));
}

const PRICES: readonly SchemaCase[] = [
  overlay("an overlay that says nothing", overlayJson()),
  overlay("TC-20: price and priceAdjustment", overlayJson({ price: "1", priceAdjustment: "+1" }), ["spec"]),
  ...each(["0", "1.5", "007"], (price, text) => overlay(`price ${text}`, overlayJson({ price }))),
  ...each([".5", "-1", "1e3", "1.", "", 1], (price, text) =>
    overlay(`TC-20: price ${text}`, overlayJson({ price }), ["spec.price"]),
  ),
  ...each(
    ["+10%", "+250%", "+.5%", "-15%", "-99.99%", "-100%", "-0.5", "+.5", "-1000", "-0%"],
    (priceAdjustment, text) => overlay(`TC-20: priceAdjustment ${text}`, overlayJson({ priceAdjustment })),
  ),
  ...each(["10%", "1.2", "-101%", "-100.5%", "-.5%", "+1.", "+1.%", "+-1", "+", "%", "", -1], (priceAdjustment, text) =>
    overlay(`TC-20: priceAdjustment ${text}`, overlayJson({ priceAdjustment }), ["spec.priceAdjustment"]),
  ),
];

const CAPACITY: readonly SchemaCase[] = [
  ...each(["cpu", "memory", "ephemeral-storage", "pods"], (name, text) =>
    overlay(`TC-20: capacity of ${text}`, overlayJson({ capacity: { "example.com/a": 1, [name]: 1 } }), [
      "spec.capacity",
    ]),
  ),
  overlay("TC-20: capacity of an extended resource", overlayJson({ capacity: { "smarter-devices/fuse": 1 } })),
  overlay("E-159: capacity of huge pages", overlayJson({ capacity: { "hugepages-2Mi": "100Mi" } })),
  overlay("no capacity at all", overlayJson({ capacity: {} })),
  overlay("QTY: capacity that is no quantity", overlayJson({ capacity: { "example.com/a": "1 Gi" } }), [
    "spec.capacity[example.com/a]",
  ]),
];

const WEIGHTS: readonly SchemaCase[] = [
  ...each([1, 10000], (weight, text) => overlay(`weight ${text}`, overlayJson({ weight }))),
  ...each([0, -1, 10001], (weight, text) => overlay(`TC-20: weight ${text}`, overlayJson({ weight }), ["spec.weight"])),
];

const REQUIREMENTS: readonly SchemaCase[] = [
  overlay("requirements absent", { ...overlayJson(), spec: { price: "1" } }, ["spec.requirements"]),
  overlay("spec absent", { apiVersion: "karpenter.sh/v1alpha1", kind: "NodeOverlay", metadata: { name: "o" } }, [
    "spec",
  ]),
  ...each(["In", "NotIn", "Gt", "Gte"], (operator, text) =>
    overlay(`REQ: ${text} without values`, overlayJson({ requirements: [{ key: "team", operator }] }), [
      "spec.requirements[0]",
    ]),
  ),
  ...each(["In", "NotIn"], (operator, text) =>
    overlay(
      `REQ-a: ${text} with an empty list`,
      overlayJson({ requirements: [{ key: "team", operator, values: [] }] }),
      ["spec.requirements[0]"],
    ),
  ),
  overlay(
    "REQ-b: several numbers, second requirement",
    overlayJson({
      requirements: [
        { key: "team", operator: "Exists" },
        { key: "a.b/cpu", operator: "Lt", values: ["1", "2"] },
      ],
    }),
    ["spec.requirements[1]"],
  ),
  ...each(["Gt", "Lt", "Gte", "Lte"], (operator, text) =>
    overlay(`S-101: operator ${text}`, overlayJson({ requirements: [{ key: "a.b/cpu", operator, values: ["3"] }] })),
  ),
  ...each(["karpenter.sh/nodepool", "karpenter.sh/capacity-type", "node.kubernetes.io/instance-type"], (key, text) =>
    overlay(`QKEY, DOM: key ${text}`, overlayJson({ requirements: [{ key, operator: "In", values: ["a"] }] })),
  ),
  ...each(["karpenter.sh/x", "kubernetes.io/hostname", "Test.com/x", "", "a".repeat(317)], (key, text) =>
    overlay(`QKEY, DOM, HOST: key ${text}`, overlayJson({ requirements: [{ key, operator: "Exists" }] }), [
      "spec.requirements[0].key",
    ]),
  ),
  overlay("unknown operator", overlayJson({ requirements: [{ key: "team", operator: "Is", values: ["a"] }] }), [
    "spec.requirements[0].operator",
  ]),
  overlay(
    "101 requirements",
    overlayJson({ requirements: Array.from({ length: 101 }, (_, i) => ({ key: `k${i}`, operator: "Exists" })) }),
    ["spec.requirements"],
  ),
];

export const NODE_OVERLAY_CASES: readonly SchemaCase[] = [...PRICES, ...CAPACITY, ...WEIGHTS, ...REQUIREMENTS];
