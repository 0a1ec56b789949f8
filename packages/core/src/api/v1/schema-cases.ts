// What an API server with our CRDs accepts and refuses of NodePools, case by case, except for spec.disruption. The table is asked of the schemas and of real servers.

import type { JsonValue } from "../schema/schema.ts";

type Json = { readonly [key: string]: JsonValue };

export interface SchemaCase {
  /** Rule numbers first. */
  readonly name: string;
  readonly kind: "NodePool" | "NodeClaim" | "NodeOverlay" | "CapacityBuffer";
  readonly object: Json;
  /** The stored object, when the case is an update. */
  readonly old?: Json;
  /** Paths of the errors that are expected, in order; empty when the object is accepted. */
  readonly refusedAt: readonly string[];
}

export const nodeClassRef = { group: "karpenter.ovhcloud.sh", kind: "OVHNodeClass", name: "default" };

/** A NodePool with these fields of spec.template.spec and these of spec. */
export function poolJson(template: Json = {}, spec: Json = {}, metadata: Json = {}): Json {
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name: "general" },
    spec: { template: { metadata, spec: { nodeClassRef, requirements: [], ...template } }, ...spec },
  };
}

export const TEMPLATE = "spec.template.spec";
const LABELS = "spec.template.metadata.labels";

export function pool(name: string, object: Json, refusedAt: readonly string[] = [], old?: Json): SchemaCase {
  return { name, kind: "NodePool", object, refusedAt, ...(old === undefined ? {} : { old }) };
}

export function each<V extends JsonValue>(
  values: readonly V[],
  make: (value: V, text: string) => SchemaCase,
): SchemaCase[] {
  return values.map((value) => make(value, JSON.stringify(value)));
}

const REPLICAS: readonly SchemaCase[] = [
  pool("A-1, TC-5: replicas cannot be removed", poolJson(), ["spec"], poolJson({}, { replicas: 3 })),
  pool("A-1, TC-5: replicas cannot be added", poolJson({}, { replicas: 3 }), ["spec"], poolJson()),
  pool("A-1, TC-5: replicas may change", poolJson({}, { replicas: 5 }), [], poolJson({}, { replicas: 3 })),
  pool("A-1: a dynamic pool may change otherwise", poolJson({}, { weight: 5 }), [], poolJson()),
  pool("TC-5: negative replicas", poolJson({}, { replicas: -1 }), ["spec.replicas"]),
  pool("TC-5: zero replicas", poolJson({}, { replicas: 0 })),
  pool("A-2, TC-6: replicas with a cpu limit", poolJson({}, { replicas: 3, limits: { cpu: 10 } }), ["spec"]),
  pool("A-2, TC-6: replicas with a node limit", poolJson({}, { replicas: 3, limits: { nodes: 5 } })),
  pool("A-2, TC-6: replicas with empty limits", poolJson({}, { replicas: 3, limits: {} })),
  pool("A-2, TC-6: replicas with nodes and cpu", poolJson({}, { replicas: 3, limits: { nodes: 5, cpu: 1 } }), ["spec"]),
  pool(
    "A-2: replicas with another limit, whatever it is",
    poolJson({}, { replicas: 3, limits: { "nvidia.com/gpu": 1 } }),
    ["spec"],
  ),
  pool("A-2: a dynamic pool with limits of all kinds", poolJson({}, { limits: { nodes: 5, cpu: 1 } })),
  pool("A-3: a dynamic pool with weight and limits", poolJson({}, { weight: 1, limits: { cpu: 10 } })),
  pool("A-3, TC-6: replicas with weight", poolJson({}, { replicas: 3, weight: 1 }), ["spec"]),
];

const LABEL_CASES: readonly SchemaCase[] = [
  ...each(
    [
      "karpenter.sh/custom",
      "foo.karpenter.sh/a",
      "notkarpenter.sh/a",
      "my.karpenter.sh",
      "kubernetes.io/hostname",
      "karpenter.sh/nodepool",
    ],
    (key, text) =>
      pool(`DOM, HOST, NP, TC-12, E-6, E-7: label ${text}`, poolJson({}, {}, { labels: { [key]: "x" } }), [
        `${LABELS}[${key}]`,
      ]),
  ),
  ...each(
    [
      "node.kubernetes.io/x",
      "karpenter.sh/capacity-type",
      "a/karpenter.sh",
      "Test.com/x",
      "x/y/z",
      `${"a".repeat(254)}/x`,
      "kops.k8s.io/instancegroup",
      "node-restriction.kubernetes.io/team",
      "sub.node-restriction.kubernetes.io/team",
    ],
    (key, text) => pool(`TC-12, TC-13, E-8, E-9, E-128: label ${text}`, poolJson({}, {}, { labels: { [key]: "x" } })),
  ),
  pool("TC-12: label value of 64 characters", poolJson({}, {}, { labels: { team: "a".repeat(64) } }), [
    `${LABELS}.team`,
  ]),
  pool("label value of 63 characters", poolJson({}, {}, { labels: { team: "a".repeat(63) } })),
  pool("empty label value", poolJson({}, {}, { labels: { team: "" } })),
  pool("label value with a space", poolJson({}, {}, { labels: { team: "a b" } }), [`${LABELS}.team`]),
  pool(
    "100 labels",
    poolJson({}, {}, { labels: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, "x"])) }),
  ),
  pool("an annotation that is no text", poolJson({}, {}, { annotations: { team: 5 } }), [
    "spec.template.metadata.annotations.team",
  ]),
  pool("annotations of any key", poolJson({}, {}, { annotations: { "karpenter.sh/x": "a b" } })),
  pool(
    "TC-12: 101 labels",
    poolJson({}, {}, { labels: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`key${index}`, "x"])) }),
    [LABELS],
  ),
];

const REQUIREMENTS: readonly SchemaCase[] = [
  pool("TC-2: requirements absent", { ...poolJson(), spec: { template: { spec: { nodeClassRef } } } }, [
    `${TEMPLATE}.requirements`,
  ]),
  ...each([["-1"], ["a"], ["1", "2"], [], ["1.0"], [" 5"], ["9223372036854775808"]], (values, text) =>
    pool(`REQ-b, TC-15: Gt ${text}`, poolJson({ requirements: [{ key: "a.b/cpu", operator: "Gt", values }] }), [
      `${TEMPLATE}.requirements[0]`,
    ]),
  ),
  ...each(["Gt", "Lt", "Gte", "Lte"], (operator, text) =>
    pool(
      `E-13, E-14, E-15, E-16: ${text} with several values`,
      poolJson({ requirements: [{ key: "a.b/cpu", operator, values: ["1", "2"] }] }),
      [`${TEMPLATE}.requirements[0]`],
    ),
  ),
  ...each([["0"], ["+5"], ["007"], ["9223372036854775807"]], (values, text) =>
    pool(`REQ-b, TC-15: Gte ${text}`, poolJson({ requirements: [{ key: "a.b/cpu", operator: "Gte", values }] })),
  ),
  ...each(["In", "Gt", "Lte"], (operator, text) =>
    pool(`REQ: ${text} without values`, poolJson({ requirements: [{ key: "team", operator }] }), [
      `${TEMPLATE}.requirements[0]`,
    ]),
  ),
  pool(
    "REQ-a, E-11: In with an empty list",
    poolJson({ requirements: [{ key: "team", operator: "In", values: [] }] }),
    [`${TEMPLATE}.requirements[0]`],
  ),
  ...each(["NotIn", "Exists", "DoesNotExist"], (operator, text) =>
    pool(`REQ: ${text} without values`, poolJson({ requirements: [{ key: "team", operator }] })),
  ),
  pool("REQ: Exists with values", poolJson({ requirements: [{ key: "team", operator: "Exists", values: ["x"] }] })),
  pool(
    "REQ-c, TC-16, E-22: fewer values than minValues",
    poolJson({ requirements: [{ key: "team", operator: "In", values: ["a", "b"], minValues: 3 }] }),
    [`${TEMPLATE}.requirements[0]`],
  ),
  pool(
    "REQ-c: duplicates count",
    poolJson({ requirements: [{ key: "team", operator: "In", values: ["a", "a"], minValues: 2 }] }),
  ),
  pool(
    "REQ-c: as many values as minValues",
    poolJson({ requirements: [{ key: "team", operator: "In", values: ["a", "b"], minValues: 2 }] }),
  ),
  pool(
    "REQ-c: minValues of another operator counts no values",
    poolJson({ requirements: [{ key: "team", operator: "NotIn", values: ["a"], minValues: 2 }] }),
  ),
  ...each([1, 50], (minValues, text) =>
    pool(`TC-16: minValues ${text}`, poolJson({ requirements: [{ key: "team", operator: "Exists", minValues }] })),
  ),
  ...each(["Gt", "Lt", "Gte", "Lte"], (operator, text) =>
    pool(`REQ-b: ${text} a number`, poolJson({ requirements: [{ key: "a.b/cpu", operator, values: ["3"] }] })),
  ),
  ...each([-1, 0, 51], (minValues, text) =>
    pool(
      `TC-16, E-19, E-20, E-21: minValues ${text}`,
      poolJson({ requirements: [{ key: "team", operator: "Exists", minValues }] }),
      [`${TEMPLATE}.requirements[0].minValues`],
    ),
  ),
  pool(
    "TC-16: 60 values",
    poolJson({
      requirements: [{ key: "team", operator: "In", values: Array.from({ length: 60 }, (_, i) => `v${i}`) }],
    }),
  ),
  pool(
    "100 requirements",
    poolJson({ requirements: Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, operator: "Exists" })) }),
  ),
  pool(
    "TC-16: 101 requirements",
    poolJson({ requirements: Array.from({ length: 101 }, (_, i) => ({ key: `k${i}`, operator: "Exists" })) }),
    [`${TEMPLATE}.requirements`],
  ),
  pool(
    "TC-14: value of 70 characters",
    poolJson({ requirements: [{ key: "team", operator: "In", values: ["a".repeat(70)] }] }),
  ),
  pool("E-12: unknown operator", poolJson({ requirements: [{ key: "team", operator: "Is", values: ["a"] }] }), [
    `${TEMPLATE}.requirements[0].operator`,
  ]),
  ...each(
    [
      "karpenter.sh/nodepool",
      "karpenter.sh/x",
      "kubernetes.io/hostname",
      "Test.com/x",
      "x/",
      "a/b/c",
      "",
      "a".repeat(317),
    ],
    (key, text) =>
      pool(`E-10, QKEY, DOM, HOST, NP: key ${text}`, poolJson({ requirements: [{ key, operator: "Exists" }] }), [
        `${TEMPLATE}.requirements[0].key`,
      ]),
  ),
  ...each(["karpenter.sh/capacity-type", "a.b/C_d", "X"], (key, text) =>
    pool(`QKEY, DOM: key ${text}`, poolJson({ requirements: [{ key, operator: "Exists" }] })),
  ),
];

const TAINTS: readonly SchemaCase[] = [
  pool("TC-17: empty taint value", poolJson({ taints: [{ key: "a", value: "", effect: "NoSchedule" }] }), [
    `${TEMPLATE}.taints[0].value`,
  ]),
  pool("TC-17: absent taint value", poolJson({ taints: [{ key: "a", effect: "NoSchedule" }] })),
  pool("qualified name as taint value", poolJson({ taints: [{ key: "a", value: "a/b", effect: "NoSchedule" }] })),
  ...each(["a b", "/b", "-"], (value, text) =>
    pool(`taint value ${text}`, poolJson({ startupTaints: [{ key: "a", value, effect: "NoSchedule" }] }), [
      `${TEMPLATE}.startupTaints[0].value`,
    ]),
  ),
  ...each(["NoSchedule", "PreferNoSchedule", "NoExecute"], (effect, text) =>
    pool(`taint effect ${text}`, poolJson({ taints: [{ key: "a.b/c", value: "d", effect }] })),
  ),
  pool(
    "A-10: the same taint twice",
    poolJson({
      taints: [
        { key: "a", effect: "NoSchedule" },
        { key: "a", effect: "NoSchedule" },
      ],
    }),
  ),
  pool("TC-17: unknown effect", poolJson({ taints: [{ key: "a", effect: "Never" }] }), [
    `${TEMPLATE}.taints[0].effect`,
  ]),
  pool("TC-17: effect absent", poolJson({ startupTaints: [{ key: "a" }] }), [`${TEMPLATE}.startupTaints[0].effect`]),
  pool("empty key", poolJson({ taints: [{ key: "", effect: "NoSchedule" }] }), [`${TEMPLATE}.taints[0].key`]),
  pool(
    "TC-17: same key, two effects",
    poolJson({
      taints: [
        { key: "a", effect: "NoSchedule" },
        { key: "a", effect: "NoExecute" },
      ],
    }),
  ),
  pool(
    "TC-17: same taint in both lists",
    poolJson({ taints: [{ key: "a", effect: "NoSchedule" }], startupTaints: [{ key: "a", effect: "NoSchedule" }] }),
  ),
];

const REFERENCES: readonly SchemaCase[] = [
  pool("TC-3: empty name", poolJson({ nodeClassRef: { ...nodeClassRef, name: "" } }), [
    `${TEMPLATE}.nodeClassRef.name`,
  ]),
  ...each(["group", "kind"], (field, text) =>
    pool(`empty ${text}`, poolJson({ nodeClassRef: { ...nodeClassRef, [field]: "" } }), [
      `${TEMPLATE}.nodeClassRef.${field}`,
    ]),
  ),
  pool("nodeClassRef absent", { ...poolJson(), spec: { template: { spec: { requirements: [] } } } }, [
    `${TEMPLATE}.nodeClassRef`,
  ]),
  pool("group with a version", poolJson({ nodeClassRef: { ...nodeClassRef, group: "a.b/v1" } }), [
    `${TEMPLATE}.nodeClassRef.group`,
  ]),
  pool("kind absent", poolJson({ nodeClassRef: { group: "a.b", name: "c" } }), [`${TEMPLATE}.nodeClassRef.kind`]),
  pool(
    "TC-4: kind changes",
    poolJson({ nodeClassRef: { ...nodeClassRef, kind: "Other" } }),
    [`${TEMPLATE}.nodeClassRef`],
    poolJson(),
  ),
  pool(
    "TC-4: group changes",
    poolJson({ nodeClassRef: { ...nodeClassRef, group: "other.io" } }),
    [`${TEMPLATE}.nodeClassRef`],
    poolJson(),
  ),
  pool("TC-4: name changes", poolJson({ nodeClassRef: { ...nodeClassRef, name: "other" } }), [], poolJson()),
  pool("no template", { ...poolJson(), spec: {} }, ["spec.template"]),
];

const QUANTITIES: readonly SchemaCase[] = [
  ...each(["10", 10, "500m", "1.5Gi", "1e3", ".5", "+1", "0"], (cpu, text) =>
    pool(`QTY: limit ${text}`, poolJson({}, { limits: { cpu } })),
  ),
  ...each([0.5, "1gi", "10 Gi", "", "1GB", true], (cpu, text) =>
    pool(`QTY: limit ${text}`, poolJson({}, { limits: { cpu } }), ["spec.limits.cpu"]),
  ),
  pool("limits of extended resources and nodes", poolJson({}, { limits: { "nvidia.com/gpu": 4, nodes: "10" } })),
];

const STATUSES: readonly SchemaCase[] = [
  pool(
    "RT-19a: condition type twice",
    {
      ...poolJson(),
      status: {
        conditions: ["True", "False"].map((status) => ({
          type: "Ready",
          status,
          reason: "Ready",
          message: "",
          lastTransitionTime: "2026-01-31T08:00:00Z",
        })),
      },
    },
    ["status.conditions[1]"],
  ),
  pool(
    "RT-19a: empty reason in a NodePool",
    {
      ...poolJson(),
      status: {
        conditions: [
          { type: "Ready", status: "True", reason: "", message: "", lastTransitionTime: "2026-01-31T08:00:00Z" },
        ],
      },
    },
    ["status.conditions[0].reason"],
  ),
];

export const SCHEMA_CASES: readonly SchemaCase[] = [
  ...REPLICAS,
  ...LABEL_CASES,
  ...REQUIREMENTS,
  ...TAINTS,
  ...REFERENCES,
  ...QUANTITIES,
  ...STATUSES,
];
