import { describe, expect, it } from "vitest";
import { toCustomResourceDefinition } from "../custom-resource.ts";
import { CUSTOM_RESOURCES } from "../custom-resources.ts";
import { applyDefaults, pruneUnknown, validateSchema } from "../schema/index.ts";
import { CAPACITY_BUFFER_CASES, bufferJson } from "../v1beta1/capacity-buffer.schema-cases.ts";
import { CapacityBufferResource } from "../v1beta1/capacity-buffer.schema.ts";
import { NODE_OVERLAY_CASES, overlayJson } from "./node-overlay.schema-cases.ts";
import { NodeClaimResource } from "./node-claim.schema.ts";
import { NodeOverlayResource } from "./node-overlay.schema.ts";
import { NodePoolResource } from "./node-pool.schema.ts";
import { claimJson, NODE_CLAIM_CASES } from "./node-claim.schema-cases.ts";
import { POOL_DISRUPTION_CASES } from "./pool-disruption.schema-cases.ts";
import { poolJson, SCHEMA_CASES } from "./schema-cases.ts";

function schemaOf(kind: string) {
  const definition = CUSTOM_RESOURCES.find(({ resource }) => resource.kind === kind);
  if (definition === undefined) throw new Error(`no custom resource ${kind}`);
  return definition.schema;
}

describe("the schemas of NodePool, NodeClaim, NodeOverlay and CapacityBuffer", () => {
  it.each([
    ...SCHEMA_CASES,
    ...POOL_DISRUPTION_CASES,
    ...NODE_CLAIM_CASES,
    ...NODE_OVERLAY_CASES,
    ...CAPACITY_BUFFER_CASES,
  ])("$kind $name is refused at $refusedAt", ({ kind, object, old, refusedAt }) => {
    const schema = schemaOf(kind);
    const stored = old === undefined ? undefined : applyDefaults(schema, old);
    const errors = validateSchema(schema, applyDefaults(schema, object), stored);
    expect(errors.map(({ path }) => path)).toEqual(refusedAt);
    expect(pruneUnknown(schema, object).unknown).toEqual([]);
  });

  it("TC-1: a minimal NodePool is stored with every default", () => {
    const stored = applyDefaults(NodePoolResource.schema, {
      spec: { template: { spec: { nodeClassRef: { group: "g", kind: "K", name: "n" }, requirements: [] } } },
    });
    expect(stored).toEqual({
      spec: {
        template: {
          spec: { nodeClassRef: { group: "g", kind: "K", name: "n" }, requirements: [], expireAfter: "720h" },
        },
        disruption: {
          consolidateAfter: "0s",
          consolidationPolicy: "WhenEmptyOrUnderutilized",
          budgets: [{ nodes: "10%" }],
        },
      },
    });
  });

  it("keeps what the user wrote beside the defaults of the same object", () => {
    const stored = applyDefaults(NodePoolResource.schema, poolJson({}, { disruption: { budgets: [] } }));
    expect(stored["spec"]).toMatchObject({ disruption: { budgets: [], consolidateAfter: "0s" } });
  });

  it("gives a NodePool no status, and a status its zero nodes", () => {
    expect(applyDefaults(NodePoolResource.schema, poolJson())).not.toHaveProperty("status");
    expect(applyDefaults(NodePoolResource.schema, { ...poolJson(), status: {} })).toMatchObject({
      status: { nodes: 0 },
    });
  });

  it("A-18: gives a CapacityBuffer its strategy", () => {
    expect(applyDefaults(CapacityBufferResource.schema, bufferJson())).toMatchObject({
      spec: { provisioningStrategy: "buffer.x-k8s.io/active-capacity" },
    });
  });

  it("gives a NodeClaim its lifetime", () => {
    expect(applyDefaults(NodeClaimResource.schema, claimJson())).toMatchObject({ spec: { expireAfter: "720h" } });
  });
});

describe("CustomResourceDefinitions", () => {
  const [pool, claim, overlay, buffer] = CUSTOM_RESOURCES.map(toCustomResourceDefinition);

  it("A-4, A-5: NodePool has the scale subresource and Karpenter's columns", () => {
    expect(pool).toMatchObject({
      metadata: { name: "nodepools.karpenter.sh" },
      spec: {
        scope: "Cluster",
        names: { categories: ["karpenter"], kind: "NodePool", listKind: "NodePoolList", singular: "nodepool" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            subresources: {
              status: {},
              scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.nodes" },
            },
          },
        ],
      },
    });
    expect(columns(pool)).toEqual(["NodeClass", "Nodes", "Ready", "Age", "Weight*", "CPU*", "Memory*"]);
    expect(pool).not.toHaveProperty("spec.names.shortNames");
    expect(pool).not.toHaveProperty("spec.versions.0.subresources.scale.labelSelectorPath");
  });

  it("A-13, A-14: NodeClaim has the status subresource alone and Karpenter's columns", () => {
    expect(columns(claim)).toEqual(
      "Type Capacity Zone Node Ready Age ImageID* ID* NodePool* NodeClass* Drifted*".split(" "),
    );
    expect(claim).toMatchObject({ spec: { versions: [{ subresources: { status: {} } }] } });
    expect(claim).not.toHaveProperty("spec.versions.0.subresources.scale");
    expect(claim).toMatchObject({
      spec: {
        versions: [
          {
            additionalPrinterColumns: expect.arrayContaining([
              { name: "Zone", type: "string", jsonPath: ".metadata.labels.topology\\.kubernetes\\.io/zone" },
            ]),
          },
        ],
      },
    });
  });

  it("A-16: NodeOverlay has the status subresource alone, a short name and Karpenter's columns", () => {
    expect(columns(overlay)).toEqual(["Ready", "Age", "Weight*"]);
    expect(overlay).toMatchObject({
      metadata: { name: "nodeoverlays.karpenter.sh" },
      spec: {
        scope: "Cluster",
        names: { categories: ["karpenter"], kind: "NodeOverlay", shortNames: ["overlays"] },
        versions: [{ name: "v1alpha1", subresources: { status: {} } }],
      },
    });
  });

  it("A-17: a requirement of an overlay has no minValues, which is dropped", () => {
    const { schema } = NodeOverlayResource;
    const asked = overlayJson({ requirements: [{ key: "team", operator: "Exists", minValues: 2 }] });
    expect(pruneUnknown(schema, asked).unknown.map(({ path }) => path)).toEqual(["spec.requirements[0].minValues"]);
    expect(validateSchema(schema, applyDefaults(schema, asked))).toEqual([]);
  });

  it("A-19: CapacityBuffer is namespaced, with the status subresource alone, a short name and its columns", () => {
    expect(columns(buffer)).toEqual(
      "Strategy PodTemplate Replicas ConditionsType ConditionsStatus ConditionsReason Age".split(" "),
    );
    expect(buffer).toMatchObject({
      metadata: { name: "capacitybuffers.autoscaling.x-k8s.io" },
      spec: {
        scope: "Namespaced",
        names: { categories: ["autoscaling"], kind: "CapacityBuffer", shortNames: ["cb"] },
        versions: [{ name: "v1beta1", subresources: { status: {} } }],
      },
    });
    expect(buffer).not.toHaveProperty("spec.versions.0.subresources.scale");
  });

  it("are plain JSON: rules carry CEL and message only", () => {
    expect(JSON.parse(JSON.stringify(pool))).toEqual(pool);
    expect(pool).toHaveProperty("spec.versions.0.schema.openAPIV3Schema.properties.spec.x-kubernetes-validations", [
      {
        message: "replicas cannot be added to or removed from an existing NodePool; create another one",
        rule: "has(self.replicas) == has(oldSelf.replicas)",
      },
      expect.objectContaining({ message: "with replicas only limits.nodes may be set" }),
      expect.objectContaining({ rule: "!has(self.replicas) || !has(self.weight)" }),
    ]);
  });

  it("never stands properties beside additionalProperties, which the server refuses", () => {
    const offenders: string[] = [];
    walk(CUSTOM_RESOURCES.map(toCustomResourceDefinition), "", (path, node) => {
      if ("properties" in node && "additionalProperties" in node) offenders.push(path);
    });
    expect(offenders).toEqual([]);
  });

  function columns(definition: object | undefined): string[] {
    const found: string[] = [];
    walk(definition, "", (_, node) => {
      if (typeof node["jsonPath"] === "string")
        found.push(`${String(node["name"])}${node["priority"] === 1 ? "*" : ""}`);
    });
    return found;
  }

  function walk(value: unknown, path: string, see: (path: string, node: Record<string, unknown>) => void): void {
    if (typeof value !== "object" || value === null) return;
    see(path, value as Record<string, unknown>);
    for (const [key, child] of Object.entries(value)) walk(child, `${path}/${key}`, see);
  }
});
