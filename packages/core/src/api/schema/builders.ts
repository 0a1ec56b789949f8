// Short forms for writing schemas; each answers plain JSON.

import type { JsonValue, Schema, ValidationRule } from "./schema.ts";

type Common = Pick<Schema, "description" | "default" | "nullable" | "x-kubernetes-validations">;

export function text(
  options: Common & Pick<Schema, "format" | "enum" | "pattern" | "minLength" | "maxLength"> = {},
): Schema {
  return { type: "string", ...options };
}

export function oneOf(values: readonly string[], options: Common = {}): Schema {
  return { type: "string", enum: values, ...options };
}

export function integer(options: Common & Pick<Schema, "format" | "minimum" | "maximum"> = {}): Schema {
  return { type: "integer", ...options };
}

export function bool(options: Common = {}): Schema {
  return { type: "boolean", ...options };
}

export function dateTime(description?: string): Schema {
  return { type: "string", format: "date-time", ...(description === undefined ? {} : { description }) };
}

/** A list that is replaced as a whole. */
export function list(items: Schema, options: Common & Pick<Schema, "minItems" | "maxItems"> = {}): Schema {
  return { type: "array", items, "x-kubernetes-list-type": "atomic", ...options };
}

/** A list of which no two items are equal. */
export function setOf(items: Schema, options: Common & Pick<Schema, "minItems" | "maxItems"> = {}): Schema {
  return { type: "array", items, "x-kubernetes-list-type": "set", ...options };
}

/** A list of objects, merged and kept unique by these keys. */
export function listByKey(
  items: Schema,
  keys: readonly string[],
  options: Common & Pick<Schema, "maxItems"> = {},
): Schema {
  return { type: "array", items, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": keys, ...options };
}

export function mapOf(
  values: Schema,
  options: Common & Pick<Schema, "minProperties" | "maxProperties" | "x-kubernetes-map-type"> = {},
): Schema {
  return { type: "object", additionalProperties: values, ...options };
}

export interface ObjectOptions {
  readonly description?: string;
  readonly required?: readonly string[];
  readonly default?: JsonValue;
  readonly rules?: readonly ValidationRule[];
  readonly nullable?: boolean;
}

export function object(properties: Readonly<Record<string, Schema>>, options: ObjectOptions = {}): Schema {
  const { rules, ...rest } = options;
  return {
    type: "object",
    ...rest,
    properties,
    ...(rules === undefined ? {} : { "x-kubernetes-validations": rules }),
  };
}

/** An object whose fields are not looked at. */
export function anyObject(description?: string): Schema {
  return {
    type: "object",
    "x-kubernetes-preserve-unknown-fields": true,
    ...(description === undefined ? {} : { description }),
  };
}

/** A value that is not looked at. */
export const anything: Schema = { "x-kubernetes-preserve-unknown-fields": true };

/** The same schema with another description. */
export function describe(schema: Schema, description: string): Schema {
  return { ...schema, description };
}
