// Plain JSON as the server keeps it: copies to work on, and deeply frozen objects that nobody can corrupt.

import { isJsonObject, type KubeObject, type ObjectMeta } from "../../api/index.ts";

export type MutableMeta = { -readonly [K in keyof ObjectMeta]: ObjectMeta[K] };

/** An object on its way into the store: a private copy that rules may change. */
export interface Draft {
  apiVersion?: string;
  kind?: string;
  metadata: MutableMeta;
  [field: string]: unknown;
}

/** An object in the store, deeply frozen. */
export interface Stored extends KubeObject {
  readonly [field: string]: unknown;
}

/** A deep copy without `undefined`, as a trip over the wire makes it. */
export function copyJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : copyJson(item)));
  if (!isJsonObject(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const child = value[key];
    if (child === undefined) continue;
    if (key === "__proto__") continue;
    copy[key] = copyJson(child);
  }
  return copy;
}

export function toDraft(object: KubeObject): Draft {
  const draft = copyJson(object) as Draft;
  draft.metadata = isJsonObject(draft.metadata) ? draft.metadata : {};
  return draft;
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}

/** The object under `key`, or an empty one that is not attached. */
export function objectAt(parent: unknown, key: string): Record<string, unknown> {
  const child = isJsonObject(parent) ? parent[key] : undefined;
  return isJsonObject(child) ? child : {};
}

/** The list of objects under `key`, or none. */
export function objectsAt(parent: unknown, key: string): Record<string, unknown>[] {
  const child = isJsonObject(parent) ? parent[key] : undefined;
  return Array.isArray(child) ? child.filter(isJsonObject) : [];
}

export function textAt(parent: unknown, key: string): string {
  const child = isJsonObject(parent) ? parent[key] : undefined;
  return typeof child === "string" ? child : "";
}

/** Sets where the field is absent or null. */
export function setDefault(target: Record<string, unknown>, key: string, value: unknown): void {
  target[key] ??= value;
}

export function replaceField(target: Record<string, unknown>, key: string, value: unknown): void {
  if (value === undefined) delete target[key];
  else target[key] = copyJson(value);
}
