// The port to a Kubernetes API server: what every controller may ask of it. Two adapters pass one contract suite: the real server and the in-memory one.

import type { KubeObject, Pod, Resource } from "../api/index.ts";

export interface ObjectKey {
  readonly name: string;
  /** Required for namespaced resources. */
  readonly namespace?: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  /** Absent lists all namespaces. */
  readonly namespace?: string;
  /** Kubernetes' text form: "a=b,c in (d,e),!f". */
  readonly labelSelector?: string;
  /** "metadata.name=x", "spec.nodeName=y" (pods), "status.phase!=z" (pods), "involvedObject.name=…" (events). */
  readonly fieldSelector?: string;
  /** Page size; absent lists everything at once. */
  readonly limit?: number;
  /** From the previous page. An expired token throws KubeError 410 reason Expired. */
  readonly continue?: string;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  /** Opaque; start a watch from here. */
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface WatchOptions extends CallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Events after this version. Too old: throws KubeError 410, or yields one ERROR event with a Status of code 410. */
  readonly resourceVersion: string;
  readonly allowWatchBookmarks?: boolean;
  /** The server ends the watch cleanly after this time. */
  readonly timeoutSeconds?: number;
}

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string }
  | { readonly type: "ERROR"; readonly code: number; readonly reason: string; readonly message: string };

export type Patch =
  /** RFC 7386: null removes, lists are replaced whole. A metadata.resourceVersion in it is an optimistic lock. */
  | { readonly type: "merge"; readonly body: Readonly<Record<string, unknown>> }
  /** RFC 6902. */
  | { readonly type: "json"; readonly body: readonly Readonly<Record<string, unknown>>[] }
  /** Built-in kinds only: lists merge by key (finalizers, taints). Custom resources answer 415. */
  | { readonly type: "strategic"; readonly body: Readonly<Record<string, unknown>> };

export interface DeleteOptions extends CallOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly gracePeriodSeconds?: number;
  /** @defaultValue "Background" */
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
}

/** Reads. Objects are raw JSON and must not be changed by the caller. */
export interface KubeReader {
  /** @throws KubeError 404 */
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Ends cleanly on timeout or abort; throws on everything else. */
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
}

/** Writes to everything but status: a foreign `status` in them is dropped, as the server does. All answer the stored object. */
export interface KubeWriter {
  /** @throws KubeError 409 AlreadyExists, 422 Invalid */
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T>;
  /** Replaces the whole object. With metadata.resourceVersion set and changed meanwhile: 409 Conflict. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options?: CallOptions): Promise<T>;
  /** With finalizers left it only sets deletionTimestamp. @throws KubeError 404, 409 (precondition) */
  delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<void>;
}

/** Writes to the status subresource: everything but status in them is dropped, as the server does. */
export interface KubeStatusWriter {
  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T>;
  patchStatus<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options?: CallOptions,
  ): Promise<T>;
}

export interface KubeEvictor {
  /** POST pods/eviction. @throws KubeError 404, 409 (uid), 429 (a PodDisruptionBudget allows none), 500 (several budgets match) */
  evict(key: ObjectKey, options?: CallOptions & { readonly preconditions?: { readonly uid?: string } }): Promise<void>;
}

export interface KubeBinder {
  /** POST pods/binding; the simulator's scheduler uses it. @throws KubeError 409 when the pod is bound already */
  bind(key: ObjectKey, nodeName: string, options?: CallOptions): Promise<void>;
}

export interface KubeClient extends KubeReader, KubeWriter, KubeStatusWriter, KubeEvictor, KubeBinder {}

/** A pod's key. */
export function keyOf(object: KubeObject | Pod): ObjectKey {
  const { name = "", namespace } = object.metadata;
  return namespace === undefined ? { name } : { name, namespace };
}

/** `namespace/name`, or `name` for cluster-scoped objects. */
export function keyText(key: ObjectKey): string {
  return key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`;
}

/** What keyText has written. */
export function parseKey(text: string): ObjectKey {
  const [first = "", name] = text.split("/");
  return name === undefined ? { name: first } : { namespace: first, name };
}
