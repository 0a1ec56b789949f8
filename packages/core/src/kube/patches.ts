// The smallest merge patch that turns one state of an object into another (RT-17, RT-18).

import { isJsonObject, jsonEqual, type JsonObject, type KubeObject, type Resource } from "../api/index.ts";
import { keyOf, type CallOptions, type KubeStatusWriter, type KubeWriter, type Patch } from "./client.ts";

export type MergePatch = Extract<Patch, { type: "merge" }>;

export interface PatchOptions {
  /** Carries the version of `before`, so that a change made meanwhile answers 409 (RT-15). @defaultValue false */
  readonly lock?: boolean;
}

/** Only the server writes these; a difference in them is never a wish. */
const SERVER_OWNED: ReadonlySet<string> = new Set([
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
  "selfLink",
]);

/**
 * A key that is gone becomes null, lists and scalars stand whole, what did not change is not in it. Undefined when nothing
 * differs. Send it either to the object or to its status: the server drops the other part silently (RT-19).
 */
export function mergePatchBetween(
  before: KubeObject,
  after: KubeObject,
  options: PatchOptions = {},
): MergePatch | undefined {
  const body = difference(withoutServerOwned(before), withoutServerOwned(after));
  if (body === undefined) return undefined;
  const { resourceVersion } = before.metadata;
  if (!options.lock) return { type: "merge", body };
  if (resourceVersion === undefined)
    throw new Error("a locked patch needs the resourceVersion of the object it starts from");
  const metadata = isJsonObject(body["metadata"]) ? body["metadata"] : {};
  return { type: "merge", body: { ...body, metadata: { ...metadata, resourceVersion } } };
}

/**
 * Writes what differs besides status; answers the stored object, or `before` when nothing differs. Without a lock too it
 * never reaches a namesake.
 */
export async function patchObject<T extends KubeObject>(
  client: KubeWriter,
  resource: Resource<T>,
  change: { readonly before: T; readonly after: T },
  options: PatchOptions & CallOptions = {},
): Promise<T> {
  const { before, after } = change;
  const patch = mergePatchBetween(withoutStatus(before), withoutStatus(after), options);
  if (patch === undefined) return before;
  return client.patch(
    resource,
    keyOf(before),
    options.lock ? patch : forNoNamesake(before, patch),
    callOptions(options),
  );
}

function forNoNamesake({ metadata: { uid } }: KubeObject, { type, body }: MergePatch): MergePatch {
  if (uid === undefined) return { type, body };
  const metadata = isJsonObject(body["metadata"]) ? body["metadata"] : {};
  return { type, body: { ...body, metadata: { ...metadata, uid } } };
}

/** Writes what differs in status; answers the stored object, or `before` when nothing differs. */
export async function patchObjectStatus<T extends KubeObject>(
  client: KubeStatusWriter,
  resource: Resource<T>,
  change: { readonly before: T; readonly after: T },
  options: PatchOptions & CallOptions = {},
): Promise<T> {
  const { before, after } = change;
  const patch = mergePatchBetween(onlyStatus(before), onlyStatus(after), options);
  return patch === undefined ? before : client.patchStatus(resource, keyOf(before), patch, callOptions(options));
}

function difference(before: JsonObject, after: JsonObject): JsonObject | undefined {
  const patch: Record<string, unknown> = {};
  for (const [key, old] of Object.entries(before)) {
    if (old !== undefined && after[key] === undefined) patch[key] = null;
  }
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (value === undefined || jsonEqual(old, value)) continue;
    if (isJsonObject(value) && isJsonObject(old)) setIfPresent(patch, key, difference(old, value));
    else patch[key] = isJsonObject(value) ? withoutUndefined(value) : value;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function setIfPresent(patch: Record<string, unknown>, key: string, value: unknown): void {
  if (value !== undefined) patch[key] = value;
}

/** What is undefined does not travel; leaving it in would only make the patch look larger than it is. */
function withoutUndefined(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([key, child]) => [key, isJsonObject(child) ? withoutUndefined(child) : child]),
  );
}

function withoutServerOwned(object: KubeObject): JsonObject {
  const metadata = Object.entries(object.metadata).filter(([key]) => !SERVER_OWNED.has(key));
  return { ...object, metadata: Object.fromEntries(metadata) };
}

type WithStatus = KubeObject & { readonly status?: unknown };

function withoutStatus(object: WithStatus): KubeObject {
  const { status: _, ...rest } = object;
  return rest;
}

/** Keeps the version for the lock. */
function onlyStatus({ metadata: { resourceVersion }, status }: WithStatus): WithStatus {
  const metadata = resourceVersion === undefined ? {} : { resourceVersion };
  return status === undefined ? { metadata } : { metadata, status };
}

function callOptions({ signal }: CallOptions): CallOptions {
  return signal === undefined ? {} : { signal };
}
