// What an API server with our CRDs accepts and refuses of NodeClaims, case by case.

import type { JsonValue } from "../schema/schema.ts";
import { each, nodeClassRef, type SchemaCase } from "./schema-cases.ts";

type Json = { readonly [key: string]: JsonValue };

export function claimJson(spec: Json = {}, metadata: Json = {}): Json {
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodeClaim",
    metadata: { name: "general-x7k2p", ...metadata },
    spec: { nodeClassRef, requirements: [], ...spec },
  };
}

function claim(name: string, object: Json, refusedAt: readonly string[] = [], old?: Json): SchemaCase {
  return { name, kind: "NodeClaim", object, refusedAt, ...(old === undefined ? {} : { old }) };
}

const SPECS: readonly SchemaCase[] = [
  claim("TC-19: spec changes", claimJson({ expireAfter: "1h" }), ["spec"], claimJson({ expireAfter: "2h" })),
  claim("TC-19: annotations change", claimJson({}, { annotations: { a: "b" } }), [], claimJson()),
  claim("TC-19: labels change", claimJson({}, { labels: { a: "b" } }), [], claimJson()),
  claim(
    "A-15: another text of the same quantity",
    claimJson({ resources: { requests: { cpu: "500m" } } }),
    ["spec"],
    claimJson({ resources: { requests: { cpu: "0.5" } } }),
  ),
  claim(
    "A-15: the same text again",
    claimJson({ resources: { requests: { cpu: "0.5" } } }),
    [],
    claimJson({ resources: { requests: { cpu: "0.5" } } }),
  ),
  claim("nodeClassRef changes", claimJson({ nodeClassRef: { ...nodeClassRef, name: "other" } }), ["spec"], claimJson()),
];

const REQUIREMENTS: readonly SchemaCase[] = [
  claim(
    "NodeClaims may name their pool",
    claimJson({ requirements: [{ key: "karpenter.sh/nodepool", operator: "In", values: ["a"] }] }),
  ),
  claim("DOM for NodeClaims", claimJson({ requirements: [{ key: "karpenter.sh/x", operator: "Exists" }] }), [
    "spec.requirements[0].key",
  ]),
  claim("HOST for NodeClaims", claimJson({ requirements: [{ key: "kubernetes.io/hostname", operator: "Exists" }] }), [
    "spec.requirements[0].key",
  ]),
  claim("requirements absent", { ...claimJson(), spec: { nodeClassRef } }, ["spec.requirements"]),
  claim("REQ-a for NodeClaims", claimJson({ requirements: [{ key: "team", operator: "In", values: [] }] }), [
    "spec.requirements[0]",
  ]),
  claim("REQ-b for NodeClaims", claimJson({ requirements: [{ key: "a.b/cpu", operator: "Gt", values: ["a"] }] }), [
    "spec.requirements[0]",
  ]),
  claim(
    "REQ-c for NodeClaims",
    claimJson({ requirements: [{ key: "team", operator: "In", values: ["a"], minValues: 2 }] }),
    ["spec.requirements[0]"],
  ),
  claim(
    "bounds of a number and a least number of values",
    claimJson({
      requirements: [
        { key: "a.b/cpu", operator: "Gte", values: ["2"] },
        { key: "a.b/cpu", operator: "Lte", values: ["8"] },
        { key: "team", operator: "Exists", minValues: 50 },
      ],
    }),
  ),
];

const PARTS: readonly SchemaCase[] = [
  ...each(["group", "kind", "name"], (field, text) =>
    claim(`empty ${text}`, claimJson({ nodeClassRef: { ...nodeClassRef, [field]: "" } }), [
      `spec.nodeClassRef.${field}`,
    ]),
  ),
  claim("nodeClassRef absent", { ...claimJson(), spec: { requirements: [] } }, ["spec.nodeClassRef"]),
  claim("TC-18b: a request that is a JSON number", claimJson({ resources: { requests: { cpu: 0.5 } } }), [
    "spec.resources.requests.cpu",
  ]),
  claim("TC-18b: a request in quotes", claimJson({ resources: { requests: { cpu: "0.5", memory: "1Gi" } } })),
  claim("a request that is a whole JSON number", claimJson({ resources: { requests: { "nvidia.com/gpu": 1 } } })),
  ...each(["Never", "1d", "100ms", ""], (terminationGracePeriod, text) =>
    claim(`terminationGracePeriod ${text}`, claimJson({ terminationGracePeriod }), ["spec.terminationGracePeriod"]),
  ),
  claim("terminationGracePeriod", claimJson({ terminationGracePeriod: "1h30m" })),
  ...each(["Never", "720h"], (expireAfter, text) => claim(`expireAfter ${text}`, claimJson({ expireAfter }))),
  ...each(["never", "1.5h"], (expireAfter, text) =>
    claim(`expireAfter ${text}`, claimJson({ expireAfter }), ["spec.expireAfter"]),
  ),
  claim(
    "taints",
    claimJson({ taints: [{ key: "a", effect: "NoSchedule" }], startupTaints: [{ key: "a", effect: "NoExecute" }] }),
  ),
  claim("empty taint value", claimJson({ taints: [{ key: "a", value: "", effect: "NoSchedule" }] }), [
    "spec.taints[0].value",
  ]),
  claim("unknown taint effect", claimJson({ startupTaints: [{ key: "a", effect: "Never" }] }), [
    "spec.startupTaints[0].effect",
  ]),
  claim("spec absent", { apiVersion: "karpenter.sh/v1", kind: "NodeClaim", metadata: { name: "c" } }, ["spec"]),
];

const STATUSES: readonly SchemaCase[] = [
  claim("empty reason in a NodeClaim", {
    ...claimJson(),
    status: { conditions: [{ type: "Ready", status: "True", reason: "", lastTransitionTime: "2026-01-31T08:00:00Z" }] },
  }),
  claim("condition without a time", { ...claimJson(), status: { conditions: [{ type: "Ready", status: "True" }] } }, [
    "status.conditions[0].lastTransitionTime",
  ]),
  claim("no date-time", { ...claimJson(), status: { lastPodEventTime: "yesterday" } }, ["status.lastPodEventTime"]),
];

export const NODE_CLAIM_CASES: readonly SchemaCase[] = [...SPECS, ...REQUIREMENTS, ...PARTS, ...STATUSES];
