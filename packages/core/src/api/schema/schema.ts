// The language in which the shape of an object is written: the JSON of a structural OpenAPI v3 schema (CustomResourceDefinition v1).
// One source for the generated CRDs, the in-memory API server and the manifest loader.

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

export type SchemaType = "object" | "array" | "string" | "integer" | "number" | "boolean";

export interface Schema {
  readonly description?: string;
  readonly type?: SchemaType;
  /** Checked: int32, int64, date-time. Others are only documentation, as on the server. */
  readonly format?: string;
  readonly nullable?: boolean;
  readonly default?: JsonValue;
  readonly enum?: readonly string[];
  /** Searched in the text, not anchored by itself; written so that Go and JavaScript read it alike. */
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Lengths count code points. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  /** Never beside `properties` in a CRD. */
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  readonly "x-kubernetes-preserve-unknown-fields"?: true;
  readonly "x-kubernetes-validations"?: readonly ValidationRule[];
}

/** A rule over one value, written twice: as CEL for the API server and as TypeScript for everything that runs without one. */
export interface ValidationRule {
  /** CEL. A rule that reads `oldSelf` is asked only when there is an old value. */
  readonly rule: string;
  /** What is wrong and what would be right, in one sentence. */
  readonly message: string;
  /** Child the server names in its error, ".group". */
  readonly fieldPath?: string;
  /** The same verdict as the CEL text; throwing counts as refusal, as an evaluation error does on the server. */
  check(self: unknown, old?: unknown): boolean;
  /** For people: where inside the value the first offence stands, "[2].values"; empty for the value itself. */
  locate?(self: unknown): string;
}

export interface RuleParts<T> {
  readonly message: string;
  readonly fieldPath?: string;
  readonly check: (self: T, old: T) => boolean;
  readonly locate?: (self: T) => string;
}

/** Builds a rule whose check sees the value as `T`; the schema around it has already verified that shape. */
export function rule<T>(cel: string, parts: RuleParts<T>): ValidationRule {
  const { message, fieldPath, check, locate } = parts;
  return {
    rule: cel,
    message,
    ...(fieldPath === undefined ? {} : { fieldPath }),
    check: (self, old) => check(self as T, old as T),
    ...(locate === undefined ? {} : { locate: (self: unknown) => locate(self as T) }),
  };
}

/** A rule that compares with the value before the update. */
export function isTransitionRule(candidate: ValidationRule): boolean {
  return /\boldSelf\b/.test(candidate.rule);
}

export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Deep equality of JSON; the order of keys does not count, numbers and texts are never equal. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => jsonEqual(item, b[index]));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && jsonEqual(a[key], b[key]))
  );
}
