// The port to the local mirror of the cluster: one watch per resource, shared by all controllers.

import type { KubeObject, Resource } from "../api/index.ts";
import type { ObjectChange } from "../runtime/index.ts";
import type { ObjectKey } from "./client.ts";

/** The mirror of one resource. Objects are shared and never changed. */
export interface Informer<T extends KubeObject> {
  /** Own writes are seen at once (RT-11). */
  get(key: ObjectKey): T | undefined;
  /** By namespace, then name. */
  list(): readonly T[];
  /** Objects whose index `name` contains `value`; the index was declared when the informer was first asked for. */
  byIndex(name: string, value: string): readonly T[];
  /** True once the first list was delivered to all handlers. */
  readonly hasSynced: boolean;
  /** Handlers only enqueue keys; a throwing handler is logged and does not affect others. Late subscribers get what is there as initial changes. */
  onChange(handler: (change: ObjectChange<T>) => void): () => void;
}

export type Indexes<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

export interface KubeCache {
  /** The one informer of a resource; asked for again, further indexes are added. */
  informer<T extends KubeObject>(resource: Resource<T>, indexes?: Indexes<T>): Informer<T>;
  /** The mirrored object, when its resource is mirrored at all; never starts a mirror. */
  peek<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T | undefined;
  /** Since when what is mirrored of a resource may be older than what the server has, epoch milliseconds; undefined: it is followed (DX-24). */
  behindSince(resource: Resource): number | undefined;
  /** Starts what was asked for, and everything asked for later. */
  start(signal: AbortSignal): void;
  /** Resolves when every informer has synced. */
  waitForSync(options: { readonly signal: AbortSignal }): Promise<void>;
  /** Overlays the answer of an own write until the watch has delivered it. */
  apply<T extends KubeObject>(resource: Resource<T>, object: T): void;
  /** Overlays an own deletion (only when the object was really removed). */
  forget<T extends KubeObject>(resource: Resource<T>, object: T): void;
}
