// What the definitions of our kinds accept and refuse: the table that the schemas are tested with, asked of a server.

import { expect, it } from "vitest";
import { CUSTOM_RESOURCES, type KubeObject, type Resource } from "../../api/index.ts";
import { NODE_OVERLAY_CASES } from "../../api/v1/node-overlay.schema-cases.ts";
import { SCHEMA_CASES, type SchemaCase } from "../../api/v1/schema-cases.ts";
import { CAPACITY_BUFFER_CASES } from "../../api/v1beta1/capacity-buffer.schema-cases.ts";
import { expectRefusal, type World } from "./world.ts";

/** A status is not written together with the rest. */
const CASES = [...SCHEMA_CASES, ...NODE_OVERLAY_CASES, ...CAPACITY_BUFFER_CASES].filter(
  ({ object }) => !("status" in object),
);

export function schemaFacts(world: World): void {
  it.each(CASES.filter(({ refusedAt }) => refusedAt.length === 0))("takes $kind $name", async (fact) => {
    const written = await write(world, fact);
    expect(written).toMatchObject({ kind: fact.kind });
  });

  it.each(CASES.filter(({ refusedAt }) => refusedAt.length > 0))("refuses $kind $name", async (fact) => {
    await expectRefusal(write(world, fact), { code: 422, reason: "Invalid" });
  });
}

/** Creates the object, or turns the stored one into it. */
async function write(world: World, { kind, object, old }: SchemaCase): Promise<KubeObject> {
  const resource = resourceOf(kind);
  if (old === undefined) return await world.create(resource, named(world, resource, object));
  const { metadata } = await world.create(resource, named(world, resource, old));
  return await world.client.update(resource, { ...object, metadata });
}

function named(world: World, { namespaced }: Resource, object: SchemaCase["object"]): KubeObject {
  const place = namespaced ? { namespace: world.namespace } : {};
  return { ...object, metadata: { name: world.name("case"), ...place } };
}

function resourceOf(kind: string): Resource {
  const definition = CUSTOM_RESOURCES.find(({ resource }) => resource.kind === kind);
  if (definition === undefined) throw new Error(`no custom resource ${kind}`);
  return definition.resource;
}
