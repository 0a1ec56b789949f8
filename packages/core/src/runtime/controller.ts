// What a controller is: a name, what wakes it, and a reconcile that reads the newest state by key (level, not edge).

import type { KubeObject, Resource } from "../api/index.ts";
import type { Duration } from "../units/index.ts";
import type { RateLimit } from "./rate-limit.ts";

export interface ReconcileContext {
  /** Aborted at the controller's time limit, and at a stop after a grace in which a run may still end by itself (OP-9). */
  readonly signal: AbortSignal;
  /** Unique per run; goes into every log line. */
  readonly reconcileId: string;
}

export interface ReconcileResult {
  /** Come again after this time; forgets earlier failures. 0 or less is at once, with back-off; infinite is never. */
  readonly requeueAfter?: Duration;
  /** Come again with back-off, without counting an error. */
  readonly requeue?: boolean;
}

/** An object as the cache saw it before and after; `before` is absent for a first sight, `after` for a deletion. */
export interface ObjectChange<T> {
  readonly before?: T;
  readonly after?: T;
  /** True while the first list is delivered: not an event that happened now. */
  readonly initial: boolean;
}

/** One source of wake-ups: a change of an object of `resource` wakes these keys. */
export interface Trigger<T extends KubeObject = KubeObject> {
  readonly resource: Resource<T>;
  keys(change: ObjectChange<T>): readonly string[];
}

export interface Controller {
  /** Karpenter's dotted name, e.g. "nodeclaim.lifecycle": log field, metric label, queue name. */
  readonly name: string;
  readonly triggers: readonly Trigger[];
  /** Wake-ups that are no change of an object: called once at start with the way to enqueue; answers how to stop. */
  readonly feed?: (enqueue: (key: string) => void) => () => void;
  /** Keys present from the start; a singleton has exactly one (RT-29). */
  readonly initialKeys?: readonly string[];
  /** Different keys that may run at once. @defaultValue 1 */
  readonly concurrency?: number;
  /** @defaultValue 5 ms doubling to 1000 s per key */
  readonly rateLimit?: RateLimit;
  /** One run's time limit. @defaultValue 10 minutes */
  readonly timeout?: Duration;
  /** A thrown error is logged, counted and retried with back-off; a KubeError 409 is retried without a log line. */
  reconcile(key: string, context: ReconcileContext): Promise<ReconcileResult | undefined>;
}

/** Binds the object type of one trigger without losing it. */
export function onChange<T extends KubeObject>(
  resource: Resource<T>,
  keys: (change: ObjectChange<T>) => readonly string[],
): Trigger {
  return { resource, keys };
}
