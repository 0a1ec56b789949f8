// Which fields of an object its schema does not know, and the object without them.

import { childPath, itemPath } from "./field-error.ts";
import type { FieldError } from "./field-error.ts";
import { nearestName } from "./nearest-name.ts";
import { withKnownMetadata } from "./root-schema.ts";
import { isJsonObject } from "./schema.ts";
import type { JsonObject, Schema } from "./schema.ts";

export interface Pruned<T> {
  /** The value without unknown fields; the same value when there was none. */
  readonly value: T;
  /** In document order. A server with strict field validation refuses them, otherwise it drops them silently (A-3a). */
  readonly unknown: readonly FieldError[];
}

export function pruneUnknown<T>(schema: Schema, value: T): Pruned<T> {
  const unknown: FieldError[] = [];
  const pruned = prune(withKnownMetadata(schema), value, "", unknown);
  return { value: pruned as T, unknown };
}

function prune(schema: Schema, value: unknown, path: string, unknown: FieldError[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined
      ? value
      : mapUnchanged(value, (item, i) => prune(items, item, itemPath(path, i), unknown));
  }
  return isJsonObject(value) ? pruneObject(schema, value, path, unknown) : value;
}

function pruneObject(schema: Schema, value: JsonObject, path: string, unknown: FieldError[]): JsonObject {
  if (schema.type !== undefined && schema.type !== "object") return value;
  const kept: Record<string, unknown> = {};
  let changed = false;
  for (const [key, child] of Object.entries(value)) {
    const known = childSchema(schema, key);
    if (known !== undefined) {
      const next = prune(known, child, childPath(path, key), unknown);
      changed ||= next !== child;
      setOwn(kept, key, next);
    } else if (schema["x-kubernetes-preserve-unknown-fields"]) {
      setOwn(kept, key, child);
    } else {
      unknown.push(unknownField(schema, value, path, key));
      changed = true;
    }
  }
  return changed ? kept : value;
}

function childSchema(schema: Schema, key: string): Schema | undefined {
  const { properties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return schema.additionalProperties;
}

function unknownField(schema: Schema, value: JsonObject, path: string, key: string): FieldError {
  const candidates = Object.keys(schema.properties ?? {}).filter((name) => !Object.hasOwn(value, name));
  const suggestion = nearestName(key, candidates) ?? nearestName(key, Object.keys(schema.properties ?? {}));
  return {
    path: childPath(path, key),
    message: `unknown field${suggestion === undefined ? knownFields(schema) : `; did you mean ${suggestion}?`}`,
    value: value[key],
    ...(suggestion === undefined ? {} : { suggestion }),
    reason: "FieldValueUnknown",
  };
}

/** Spelt out only while the list is short enough to be read. */
function knownFields(schema: Schema): string {
  const names = Object.keys(schema.properties ?? {}).toSorted();
  return names.length > 0 && names.length <= 12 ? `; the fields here are ${names.join(", ")}` : "";
}

function mapUnchanged(
  items: readonly unknown[],
  change: (item: unknown, index: number) => unknown,
): readonly unknown[] {
  const next = items.map(change);
  return next.some((item, index) => item !== items[index]) ? next : items;
}

/** Plain assignment, except that "__proto__" stays an ordinary key. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
