// What the server fills in where the user wrote nothing.

import { setOwn } from "./prune.ts";
import { withKnownMetadata } from "./root-schema.ts";
import { isJsonObject } from "./schema.ts";
import type { JsonObject, Schema } from "./schema.ts";

/**
 * Sets the defaults of absent fields, outermost first, so that the fields of a defaulted object get theirs too. A null where
 * null is not allowed counts as absent. Answers the same value when nothing was missing.
 */
export function applyDefaults<T>(schema: Schema, value: T): T {
  return fill(withKnownMetadata(schema), value) as T;
}

function fill(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return fillArray(schema, value);
  return isJsonObject(value) ? fillObject(schema, value) : value;
}

function fillArray(schema: Schema, value: readonly unknown[]): readonly unknown[] {
  const { items } = schema;
  if (items === undefined) return value;
  const next = value.map((item) => fill(items, item === null && !items.nullable ? (items.default ?? null) : item));
  return next.some((item, index) => item !== value[index]) ? next : value;
}

function fillObject(schema: Schema, value: JsonObject): JsonObject {
  const filled: Record<string, unknown> = {};
  let changed = false;
  const { properties = {}, additionalProperties } = schema;
  for (const [key, child] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (known === undefined) {
      setOwn(filled, key, child);
    } else if (child === null && !allowsNull(known)) {
      changed = true;
    } else {
      const next = fill(known, child);
      changed ||= next !== child;
      setOwn(filled, key, next);
    }
  }
  for (const [key, known] of Object.entries(properties)) {
    if (known.default === undefined || Object.hasOwn(filled, key)) continue;
    filled[key] = fill(known, known.default);
    changed = true;
  }
  return changed ? filled : value;
}

function allowsNull(schema: Schema): boolean {
  const untyped = schema.type === undefined && schema["x-kubernetes-int-or-string"] === undefined;
  return schema.nullable === true || (untyped && schema["x-kubernetes-preserve-unknown-fields"] === true);
}
