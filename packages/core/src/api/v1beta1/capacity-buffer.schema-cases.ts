// What an API server with our CRDs accepts and refuses of CapacityBuffers, case by case.

import type { JsonValue } from "../schema/schema.ts";
import type { SchemaCase } from "../v1/schema-cases.ts";

type Json = { readonly [key: string]: JsonValue };

const podTemplateRef = { name: "web" };
const scalableRef = { kind: "Deployment", name: "web" };

/** A buffer with exactly these fields of spec. */
export function bufferJson(spec: Json = { podTemplateRef, replicas: 3 }): Json {
  return {
    apiVersion: "autoscaling.x-k8s.io/v1beta1",
    kind: "CapacityBuffer",
    metadata: { name: "headroom", namespace: "default" },
    spec,
  };
}

function buffer(name: string, spec: Json, refusedAt: readonly string[] = []): SchemaCase {
  return { name: `A-18: ${name}`, kind: "CapacityBuffer", object: bufferJson(spec), refusedAt };
}

const SHAPES: readonly SchemaCase[] = [
  buffer("a PodTemplate and replicas", { podTemplateRef, replicas: 3 }),
  buffer("a PodTemplate and limits", { podTemplateRef, limits: { cpu: "4" } }),
  buffer("a PodTemplate without replicas and limits", { podTemplateRef }, ["spec"]),
  buffer("a PodTemplate and percentage alone", { podTemplateRef, percentage: 20 }, ["spec"]),
  buffer("a scalable alone", { scalableRef }),
  buffer("a scalable and percentage", { scalableRef, percentage: 20 }),
  buffer("a scalable of a group", { scalableRef: { ...scalableRef, apiGroup: "apps" }, replicas: 1 }),
  buffer("both references", { podTemplateRef, scalableRef, replicas: 3 }, ["spec"]),
  buffer("neither reference", { replicas: 3 }),
  buffer("nothing at all", {}),
  buffer("a PodTemplate without a name", { podTemplateRef: {}, replicas: 3 }, ["spec.podTemplateRef.name"]),
  buffer("a PodTemplate with an empty name", { podTemplateRef: { name: "" }, replicas: 3 }, [
    "spec.podTemplateRef.name",
  ]),
  buffer("a scalable without a kind", { scalableRef: { name: "web" } }, ["spec.scalableRef.kind"]),
  buffer("a scalable with an empty name", { scalableRef: { kind: "Deployment", name: "" } }, ["spec.scalableRef.name"]),
];

const SIZES: readonly SchemaCase[] = [
  buffer("no replicas", { podTemplateRef, replicas: 0 }),
  buffer("negative replicas", { podTemplateRef, replicas: -1 }, ["spec.replicas"]),
  buffer("more replicas than an int32", { podTemplateRef, replicas: 2 ** 31 }, ["spec.replicas"]),
  buffer("replicas as text", { podTemplateRef, replicas: "3" }, ["spec.replicas"]),
  buffer("a percentage of 0", { scalableRef, percentage: 0 }),
  buffer("a percentage above 100", { scalableRef, percentage: 250 }),
  buffer("a negative percentage", { scalableRef, percentage: -1 }, ["spec.percentage"]),
  buffer("limits of any resource", { podTemplateRef, limits: { cpu: 4, "example.com/gpu": "2", pods: 5 } }),
  buffer("QTY: limits that are no quantity", { podTemplateRef, limits: { cpu: "many" } }, ["spec.limits.cpu"]),
  buffer("another strategy", { podTemplateRef, replicas: 3, provisioningStrategy: "example.com/standby" }),
];

export const CAPACITY_BUFFER_CASES: readonly SchemaCase[] = [...SHAPES, ...SIZES];
