// What the definitions of our kinds accept and refuse: the table that the schemas are tested with, asked of a server.

import { expect, it } from "vitest";
import { CUSTOM_RESOURCES, NodePools, type KubeObject, type NodePool, type Resource } from "../../api/index.ts";
import { NODE_CLAIM_CASES } from "../../api/v1/node-claim.schema-cases.ts";
import { NODE_OVERLAY_CASES } from "../../api/v1/node-overlay.schema-cases.ts";
import { POOL_DISRUPTION_CASES } from "../../api/v1/pool-disruption.schema-cases.ts";
import { nodeClassRef, poolJson, SCHEMA_CASES, type SchemaCase } from "../../api/v1/schema-cases.ts";
import { CAPACITY_BUFFER_CASES } from "../../api/v1beta1/capacity-buffer.schema-cases.ts";
import { keyOf } from "../../kube/index.ts";
import { expectRefusal, type World } from "./world.ts";

const CASES = [
  ...SCHEMA_CASES,
  ...POOL_DISRUPTION_CASES,
  ...NODE_CLAIM_CASES,
  ...NODE_OVERLAY_CASES,
  ...CAPACITY_BUFFER_CASES,
];

export function schemaFacts(world: World): void {
  it.each(CASES.filter(({ refusedAt }) => refusedAt.length === 0))("takes $kind $name", async (fact) => {
    const written = await write(world, fact);
    expect(written).toMatchObject({ kind: fact.kind });
  });

  it.each(CASES.filter(({ refusedAt }) => refusedAt.length > 0))("refuses $kind $name", async (fact) => {
    await expectRefusal(write(world, fact), { code: 422, reason: "Invalid" });
  });

  it("TC-1: stores a minimal NodePool with every default", async () => {
    const { spec } = await world.create(NodePools, named(world, NodePools, poolJson()) as NodePool);
    expect(spec).toEqual({
      template: { metadata: {}, spec: { nodeClassRef, requirements: [], expireAfter: "720h" } },
      disruption: {
        consolidateAfter: "0s",
        consolidationPolicy: "WhenEmptyOrUnderutilized",
        budgets: [{ nodes: "10%" }],
      },
    });
  });

  it("A-3a, TC-18a: stores a list of no budgets and a list of no reasons as they were written", async () => {
    const disruption = { consolidateAfter: "Never", budgets: [] };
    const none = await world.create(NodePools, named(world, NodePools, poolJson({}, { disruption })) as NodePool);
    expect(none.spec.disruption).toEqual({ ...disruption, consolidationPolicy: "WhenEmptyOrUnderutilized" });
    const budgets = [{ nodes: "1", reasons: [] }];
    const idle = await world.create(
      NodePools,
      named(world, NodePools, poolJson({}, { disruption: { budgets } })) as NodePool,
    );
    expect(idle.spec.disruption?.budgets).toEqual(budgets);
  });

  it("A-8, A-15: stores durations and quantities in the words of the user", async () => {
    const words = poolJson({ expireAfter: "60m" }, { limits: { cpu: "1000m", memory: "1024Mi", nodes: 3 } });
    const { spec } = await world.create(NodePools, named(world, NodePools, words) as NodePool);
    expect(spec.template.spec.expireAfter).toBe("60m");
    expect(spec.limits).toEqual({ cpu: "1000m", memory: "1024Mi", nodes: 3 });
  });

  it("A-3a: drops a field that nobody defined", async () => {
    const { spec } = await world.create(NodePools, named(world, NodePools, poolJson({ zones: ["a"] })) as NodePool);
    expect(spec.template.spec).not.toHaveProperty("zones");
  });
}

/** Creates the object, or turns the stored one into it; a status is written apart. */
async function write(world: World, { kind, object, old }: SchemaCase): Promise<KubeObject> {
  const resource = resourceOf(kind);
  const { status, ...rest } = object;
  if (status !== undefined) {
    const stored = await world.create(resource, named(world, resource, rest));
    return await world.client.patchStatus(resource, keyOf(stored), { type: "merge", body: { status } });
  }
  if (old === undefined) return await world.create(resource, named(world, resource, object));
  const stored = await world.create(resource, named(world, resource, old));
  return await world.client.update(resource, { ...object, metadata: { ...metadataOf(object), ...stored.metadata } });
}

function named(world: World, { namespaced }: Resource, object: SchemaCase["object"]): KubeObject {
  const place = namespaced ? { namespace: world.namespace } : {};
  return { ...object, metadata: { ...metadataOf(object), name: world.name("case"), ...place } };
}

function metadataOf(object: SchemaCase["object"]): KubeObject["metadata"] {
  return (object as Partial<KubeObject>).metadata ?? {};
}

function resourceOf(kind: string): Resource {
  const definition = CUSTOM_RESOURCES.find(({ resource }) => resource.kind === kind);
  if (definition === undefined) throw new Error(`no custom resource ${kind}`);
  return definition.resource;
}
