// The mirror of one resource: what the reflector delivered with own writes laid over it, its indexes, and who wants to hear of changes.

import type { KubeObject } from "../api/index.ts";
import type { Clock, ObjectChange } from "../runtime/index.ts";
import type { Logger, Metrics } from "../telemetry/index.ts";
import type { Indexes, Informer } from "./cache.ts";
import { keyOf, keyText, type ObjectKey } from "./client.ts";
import { ObjectIndex } from "./object-index.ts";
import { Overlay, type OwnWrite } from "./overlay.ts";
import type { ReflectorSink } from "./reflector.ts";

export interface MirrorInformerParts {
  /** Plural name, for log lines and metrics. */
  readonly resource: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  /** The server need not know the resource: then there are simply no objects (RT-13). */
  readonly optional: boolean;
  /** Lets others run in the middle of a long list. @defaultValue it is taken in one piece */
  readonly giveWay?: () => Promise<void>;
  /** Called when hasSynced has become true. */
  readonly onSynced: () => void;
  /** Called when the watch has kept an own write back for too long: only a new list tells what there is. */
  readonly onOverdue: () => void;
}

const OVERLAY_MS = 60_000;
/** Rows of a list that are told before others have a turn: each is heard by twenty and more. */
const AT_ONCE = 500;

type Handler<T> = (change: ObjectChange<T>) => void;

export class MirrorInformer<T extends KubeObject> implements Informer<T>, ReflectorSink<T> {
  readonly #parts: MirrorInformerParts;
  readonly #handlers = new Set<Handler<T>>();
  readonly #overlay = new Overlay<T>();
  readonly #overdue = new WeakSet<OwnWrite<T>>();
  readonly #shown = new ObjectIndex<T>();
  #base = new Map<string, T>();
  #synced = false;
  #disarmSweep: (() => void) | undefined;

  constructor(parts: MirrorInformerParts) {
    this.#parts = parts;
  }

  /** False again while a required resource is absent: its last known objects stay, but nobody should act on them. */
  get hasSynced(): boolean {
    return this.#synced;
  }

  get(key: ObjectKey): T | undefined {
    return this.#shown.get(rowOf(key));
  }

  list(): readonly T[] {
    return this.#shown.list();
  }

  byIndex(name: string, value: string): readonly T[] {
    return this.#shown.byIndex(name, value);
  }

  addIndexes(indexes: Indexes<T>): void {
    this.#shown.addIndexes(indexes);
  }

  onChange(handler: Handler<T>): () => void {
    // One entry per subscription, also when the same function subscribes twice.
    const own: Handler<T> = (change) => handler(change);
    this.#handlers.add(own);
    for (const after of this.#shown.list()) this.#call(own, { after, initial: true });
    return () => this.#handlers.delete(own);
  }

  /** Lays the answer of an own write over the mirror until the watch has told it. */
  apply(object: T): void {
    if (isGone(object)) return this.forget(object);
    const row = rowOf(keyOf(object));
    const { uid, resourceVersion: version } = object.metadata;
    const known = this.#base.get(row)?.metadata;
    if (known !== undefined && known.uid === uid && known.resourceVersion === version) return;
    this.#lay(row, { uid, version, object: slim(object) });
  }

  /** Hides an object that an own write has removed. */
  forget(object: T): void {
    const row = rowOf(keyOf(object));
    const shown = this.#shown.get(row);
    if (shown === undefined || shown.metadata.uid !== object.metadata.uid) return;
    this.#lay(row, { uid: object.metadata.uid, version: undefined, object: undefined });
  }

  listing(): void {
    this.#overlay.listing();
  }

  /** Row by row, as a watch would tell it; own writes may come in between, and no watch begins before its end (S-1016). */
  async replace(objects: readonly T[]): Promise<void> {
    const initial = !this.#synced;
    let told = 0;
    for (const row of this.#take(objects)) {
      this.#show(row, initial);
      if (this.#parts.giveWay && ++told % AT_ONCE === 0) await this.#parts.giveWay();
    }
    this.#becomeSynced();
  }

  /** What is there from now on. Answers every row that may look different. */
  #take(objects: readonly T[]): Iterable<string> {
    const before = this.#base;
    this.#base = new Map(objects.map((object) => [rowOf(keyOf(object)), slim(object)]));
    this.#overlay.listed((row) => this.#base.get(row));
    return new Set([...this.#base.keys(), ...before.keys(), ...this.#shown.keys()]);
  }

  change(type: "ADDED" | "MODIFIED" | "DELETED", object: T): void {
    const row = rowOf(keyOf(object));
    const removed = type === "DELETED";
    if (removed) this.#base.delete(row);
    else this.#base.set(row, slim(object));
    this.#overlay.delivered(row, object, removed);
    this.#show(row, false);
  }

  absent(): void {
    if (this.#parts.optional) {
      for (const row of this.#take([])) this.#show(row, !this.#synced);
      return this.#becomeSynced();
    }
    this.#parts.logger.warn("the server does not know a required resource", { resource: this.#parts.resource });
    this.#synced = false;
  }

  /** Leaves no timer behind. */
  close(): void {
    this.#disarmSweep?.();
    this.#disarmSweep = undefined;
  }

  #becomeSynced(): void {
    if (this.#synced) return;
    this.#synced = true;
    this.#parts.onSynced();
  }

  #lay(row: string, write: { uid: string | undefined; version: string | undefined; object: T | undefined }): void {
    if (!this.#overlay.put(row, { ...write, at: this.#parts.clock.now() })) return;
    this.#armSweep();
    this.#show(row, false);
  }

  /** Brings what is shown up to date and tells the difference. The same version is never told twice. */
  #show(row: string, initial: boolean): void {
    const write = this.#overlay.get(row);
    const after = write === undefined ? this.#base.get(row) : write.object;
    const before = this.#shown.get(row);
    if (before === after || (before !== undefined && after !== undefined && sameState(before, after))) return;
    if (after === undefined) this.#shown.delete(row);
    else this.#shown.set(row, after);
    const reborn = before !== undefined && after !== undefined && before.metadata.uid !== after.metadata.uid;
    if (reborn) this.#tell({ before, initial });
    this.#tell({
      ...(before === undefined || reborn ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      initial,
    });
  }

  #tell(change: ObjectChange<T>): void {
    for (const handler of this.#handlers) this.#call(handler, change);
  }

  #call(handler: Handler<T>, change: ObjectChange<T>): void {
    try {
      handler(change);
    } catch (error) {
      this.#parts.metrics?.count("kmc_cache_handler_errors_total", { resource: this.#parts.resource });
      this.#parts.logger.error("a handler of changes failed", { resource: this.#parts.resource, error });
    }
  }

  #armSweep(): void {
    if (this.#disarmSweep !== undefined) return;
    const oldest = Math.min(...this.#notOverdue().map(([, write]) => write.at));
    if (!Number.isFinite(oldest)) return;
    this.#disarmSweep = this.#parts.clock.schedule(oldest + OVERLAY_MS, () => {
      this.#disarmSweep = undefined;
      this.#sweep();
      this.#armSweep();
    });
  }

  #notOverdue(): readonly (readonly [string, OwnWrite<T>])[] {
    return [...this.#overlay.entries()].filter(([, write]) => !this.#overdue.has(write));
  }

  /**
   * An own write that the watch never told: a new list says what there is. Until it has come the write is believed, for
   * what the watch told before is even older, and a claim that is forgotten is bought again.
   */
  #sweep(): void {
    const { clock, logger, metrics, resource, onOverdue } = this.#parts;
    const overdue = this.#notOverdue().filter(([, write]) => clock.now() - write.at >= OVERLAY_MS);
    for (const [row, write] of overdue) {
      this.#overdue.add(write);
      metrics?.count("kmc_cache_overlays_expired_total", { resource });
      logger.error("the watch has not delivered an own write", {
        resource,
        object: objectText(row),
        version: write.version,
      });
    }
    if (overdue.length > 0) onOverdue();
  }
}

/** Sorts by namespace, then name. */
function rowOf({ namespace = "", name }: ObjectKey): string {
  return `${namespace}\u0000${name}`;
}

function objectText(row: string): string {
  const [namespace = "", name = ""] = row.split("\u0000");
  return keyText(namespace === "" ? { name } : { namespace, name });
}

function sameState(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion;
}

/** The answer to the write that took the last finalizer of an object being deleted describes what is no longer there. */
function isGone({ metadata }: KubeObject): boolean {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = metadata;
  return deletionTimestamp !== undefined && finalizers.length === 0 && deletionGracePeriodSeconds === 0;
}

/** Nobody reads who wrote which field, and it is often half of an object (RT-45). */
function slim<T extends KubeObject>(object: T): T {
  if (!("managedFields" in object.metadata)) return object;
  const { managedFields: _, ...metadata } = object.metadata as T["metadata"] & { readonly managedFields: unknown };
  return { ...object, metadata };
}
