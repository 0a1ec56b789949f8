// Whether a value has the shape its schema asks for, and every place where it has not.

import { childPath, itemPath } from "./field-error.ts";
import type { FieldError, FieldErrorReason } from "./field-error.ts";
import { withKnownMetadata } from "./root-schema.ts";
import { checkRules } from "./rules.ts";
import { checkScalar } from "./scalar.ts";
import { isJsonObject, jsonEqual } from "./schema.ts";
import type { JsonObject, Schema } from "./schema.ts";

/**
 * All mistakes in document order, each field before the rules over it. With `old` the value is an update: rules that compare
 * are asked, and what did not change is not questioned again (the server ratchets likewise). Unknown fields are pruneUnknown's task.
 */
export function validateSchema(schema: Schema, value: unknown, old?: unknown): FieldError[] {
  const errors: FieldError[] = [];
  visit({ schema: withKnownMetadata(schema), value, old, path: "" }, errors);
  return errors;
}

interface Place {
  readonly schema: Schema;
  readonly value: unknown;
  readonly old: unknown;
  readonly path: string;
}

function visit(place: Place, errors: FieldError[]): void {
  const { schema, value, old } = place;
  if (old !== undefined && jsonEqual(value, old)) return;
  if (value === null && schema.nullable) return;
  const before = errors.length;
  if (Array.isArray(value) && accepts(schema, "array")) checkList(place, value, errors);
  else if (isJsonObject(value) && accepts(schema, "object")) checkObject(place, value, errors);
  else checkScalar(schema, value, place.path, errors);
  const rules = schema["x-kubernetes-validations"];
  if (rules !== undefined && !errors.slice(before).some(isBlocking)) checkRules(rules, place, errors);
}

function accepts(schema: Schema, type: "array" | "object"): boolean {
  if (schema["x-kubernetes-int-or-string"]) return false;
  return schema.type === undefined || schema.type === type;
}

const BLOCKING: ReadonlySet<FieldErrorReason | undefined> = new Set([
  "FieldValueRequired",
  "FieldValueNotSupported",
  "FieldValueTypeInvalid",
  "FieldValueTooLong",
  "FieldValueTooMany",
] as const);

/** With such a mistake inside, a rule over the whole would only repeat it in other words; the server skips rules then, too. */
function isBlocking(error: FieldError): boolean {
  return BLOCKING.has(error.reason);
}

function checkObject({ schema, value: self, old, path }: Place, value: JsonObject, errors: FieldError[]): void {
  const { properties = {}, additionalProperties, required = [] } = schema;
  for (const key of required) {
    if (Object.hasOwn(value, key)) continue;
    errors.push({ path: childPath(path, key), message: "required field is missing", reason: "FieldValueRequired" });
  }
  checkCount(
    "entries",
    Object.keys(value).length,
    [schema.minProperties, schema.maxProperties],
    { path, value: self },
    errors,
  );
  const oldObject = isJsonObject(old) ? old : {};
  for (const [key, child] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (known === undefined) continue;
    const oldChild = Object.hasOwn(oldObject, key) ? oldObject[key] : undefined;
    visit({ schema: known, value: child, old: oldChild, path: childPath(path, key) }, errors);
  }
}

function checkList(place: Place, value: readonly unknown[], errors: FieldError[]): void {
  const { schema, path } = place;
  checkCount("items", value.length, [schema.minItems, schema.maxItems], { path, value }, errors);
  const { items } = schema;
  if (items !== undefined) {
    for (const [index, item] of value.entries()) {
      visit({ schema: items, value: item, old: oldItem(place, item), path: itemPath(path, index) }, errors);
    }
  }
  checkUnique(schema, value, path, errors);
}

/** Only items of a keyed list have a predecessor; in other lists an item is new whenever the list changed. */
function oldItem({ schema, old }: Place, item: unknown): unknown {
  const keys = schema["x-kubernetes-list-map-keys"];
  if (keys === undefined || !Array.isArray(old)) return undefined;
  return old.find((candidate) => jsonEqual(identity(candidate, keys), identity(item, keys)));
}

function identity(item: unknown, keys: readonly string[]): unknown {
  return isJsonObject(item) ? keys.map((key) => item[key] ?? null) : item;
}

function checkUnique(schema: Schema, value: readonly unknown[], path: string, errors: FieldError[]): void {
  const kind = schema["x-kubernetes-list-type"];
  if (kind !== "set" && kind !== "map") return;
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const seen = new Set<string>();
  for (const [index, item] of value.entries()) {
    const text = JSON.stringify(kind === "map" ? identity(item, keys) : item);
    if (seen.has(text)) {
      const what =
        kind === "map"
          ? `the same ${keys.join(" and ")} stands twice in this list`
          : "the same value stands twice in this list";
      errors.push({ path: itemPath(path, index), message: what, value: item, reason: "FieldValueDuplicate" });
    }
    seen.add(text);
  }
}

function checkCount(
  what: "items" | "entries",
  count: number,
  [least, most]: readonly [number | undefined, number | undefined],
  at: { readonly path: string; readonly value: unknown },
  errors: FieldError[],
): void {
  if (least !== undefined && count < least) {
    errors.push({ ...at, message: `must have at least ${least} ${what}, has ${count}`, reason: "FieldValueInvalid" });
  }
  if (most !== undefined && count > most) {
    errors.push({ ...at, message: `must have at most ${most} ${what}, has ${count}`, reason: "FieldValueTooMany" });
  }
}
