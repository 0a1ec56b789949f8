// What every object's root has in common: a CRD says only `metadata: {type: object}`, but the server knows the fields of metadata.

import { objectMetaSchema } from "./object-meta.ts";
import type { Schema } from "./schema.ts";

/** The schema with the bare `metadata` of a root replaced by what the server really checks there. */
export function withKnownMetadata(schema: Schema): Schema {
  const metadata = schema.properties?.["metadata"];
  if (schema.properties === undefined || metadata === undefined || !isBare(metadata)) return schema;
  const known = cache.get(schema);
  if (known !== undefined) return known;
  const complete = { ...schema, properties: { ...schema.properties, metadata: objectMetaSchema } };
  cache.set(schema, complete);
  return complete;
}

const cache = new WeakMap<Schema, Schema>();

function isBare(schema: Schema): boolean {
  return (
    schema.type === "object" &&
    schema.properties === undefined &&
    schema.additionalProperties === undefined &&
    schema["x-kubernetes-preserve-unknown-fields"] === undefined
  );
}
