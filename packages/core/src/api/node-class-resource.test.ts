import { describe, expect, it } from "vitest";
import { toCustomResourceDefinition } from "./custom-resource.ts";
import { nodeClassResource } from "./node-class-resource.ts";
import { pruneUnknown, shape, validateSchema } from "./schema/index.ts";

const resource = {
  group: "example.com",
  version: "v1",
  kind: "ExampleNodeClass",
  plural: "examplenodeclasses",
  namespaced: false,
};
const spec = shape.object({ zone: shape.text({ minLength: 1 }) }, { required: ["zone"] });

describe("nodeClassResource", () => {
  const definition = nodeClassResource({
    resource,
    shortNames: ["exnc"],
    description: "Settings of machines.",
    spec,
    status: { zones: shape.list(shape.text()) },
    columns: [
      { name: "Zone", type: "string", jsonPath: ".spec.zone" },
      { name: "Plan", type: "string", jsonPath: ".status.plan", priority: 1 },
    ],
  });

  it("A-20, A-21: is cluster-scoped, of category karpenter, with status, short name, Ready and Age", () => {
    const columns = definition.printerColumns.map(({ name }) => name);
    expect(columns).toEqual(["Ready", "Zone", "Age", "Plan"]);
    expect(toCustomResourceDefinition(definition)).toMatchObject({
      metadata: { name: "examplenodeclasses.example.com" },
      spec: {
        scope: "Cluster",
        names: { categories: ["karpenter"], shortNames: ["exnc"], singular: "examplenodeclass" },
        versions: [{ subresources: { status: {} } }],
      },
    });
  });

  it("A-20: always has conditions beside the status fields of its own", () => {
    const conditions = [
      { type: "Ready", status: "True", reason: "Ready", message: "", lastTransitionTime: "2026-01-31T08:00:00Z" },
    ];
    const object = { metadata: { name: "a" }, spec: { zone: "z" }, status: { zones: ["z"], conditions } };
    expect(validateSchema(definition.schema, object)).toEqual([]);
    expect(pruneUnknown(definition.schema, object).unknown).toEqual([]);
    expect(validateSchema(definition.schema, { metadata: { name: "a" } }).map(({ path }) => path)).toEqual(["spec"]);
  });

  it("refuses a namespaced resource", () => {
    const parts = { resource: { ...resource, namespaced: true }, shortNames: ["exnc"], description: "", spec } as const;
    expect(() => nodeClassResource(parts)).toThrow("node class ExampleNodeClass must be cluster-scoped");
  });
});
