// Which key runs next: every key at most once at a time, no wake-up lost, none repeated without need (RT-25).

import type { Duration } from "../units/index.ts";
import type { Clock, EpochMs } from "./clock.ts";
import { DeadlineHeap } from "./deadline-heap.ts";

/** What is there anyway (a first list, a resync) waits behind what has just happened. */
export const PRIORITIES = [0, -100] as const;
export type Priority = (typeof PRIORITIES)[number];

/** After this many urgent keys in a row a waiting one of low priority gets its turn: at least 1 in 10. */
const LONGEST_URGENT_STREAK = 9;

/** Times of keys that were brought forward since; beyond it they are cleared out. */
const TOLERATED_STALE = 64;

export interface QueuedKey {
  readonly key: string;
  readonly priority: Priority;
  /** Since when it could have run. */
  readonly readySince: EpochMs;
}

interface Delayed {
  readonly at: EpochMs;
  readonly priority: Priority;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Called for every key that became ready; must not throw. */
  readonly onReady?: () => void;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #onReady: () => void;
  readonly #urgent = new Map<string, EpochMs>();
  readonly #patient = new Map<string, EpochMs>();
  readonly #processing = new Set<string>();
  /** Woken while running: exactly one further run each. */
  readonly #again = new Map<string, Priority>();
  readonly #delayed = new Map<string, Delayed>();
  #deadlines = new DeadlineHeap<string>();
  #streak = 0;
  #armed: { readonly at: EpochMs; readonly cancel: () => void } | undefined;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#onReady = options.onReady ?? (() => {});
  }

  /** Makes the key ready now; a delayed run of it is brought forward. */
  add(key: string, priority: Priority = 0): void {
    if (this.#closed) return;
    this.#delayed.delete(key);
    if (this.#processing.has(key)) this.#again.set(key, higher(this.#again.get(key) ?? priority, priority));
    else this.#ready(key, priority);
  }

  /** Makes the key ready after `delay`, unless it is so already or will be earlier. */
  addAfter(key: string, delay: Duration, priority: Priority = 0): void {
    if (this.#closed || Number.isNaN(delay) || delay === Number.POSITIVE_INFINITY) return;
    if (delay <= 0) {
      this.add(key, priority);
      return;
    }
    if (this.#urgent.has(key) || this.#patient.has(key) || this.#again.has(key)) return;
    const at = this.#clock.now() + delay;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.at <= at) return;
    this.#delayed.set(key, { at, priority: known === undefined ? priority : higher(known.priority, priority) });
    this.#deadlines.push(at, key);
    if (this.#deadlines.size > 2 * this.#delayed.size + TOLERATED_STALE) this.#clearOut();
    this.#arm();
  }

  /** The next key to run; it counts as running until `done`. */
  take(): QueuedKey | undefined {
    const lane = this.#lane();
    const next = lane.entries().next();
    if (next.done) return undefined;
    const [key, readySince] = next.value;
    lane.delete(key);
    this.#streak = lane === this.#urgent && this.#patient.size > 0 ? this.#streak + 1 : 0;
    this.#processing.add(key);
    return { key, priority: lane === this.#urgent ? 0 : -100, readySince };
  }

  /** The key's run has ended; if it was woken meanwhile, it is ready again. */
  done(key: string): void {
    this.#processing.delete(key);
    const priority = this.#again.get(key);
    this.#again.delete(key);
    if (priority !== undefined && !this.#closed) this.#ready(key, priority);
  }

  /** Keys ready to run. */
  depth(priority?: Priority): number {
    if (priority === undefined) return this.#urgent.size + this.#patient.size;
    return priority === 0 ? this.#urgent.size : this.#patient.size;
  }

  /** Keys that wait for their time. */
  get waiting(): number {
    return this.#delayed.size;
  }

  /** Times remembered for the keys that wait: a few more than those, however often a key was brought forward. */
  get deadlines(): number {
    return this.#deadlines.size;
  }

  get running(): number {
    return this.#processing.size;
  }

  /** Forgets everything that is not running and takes nothing more; no timer is left behind. */
  close(): void {
    this.#closed = true;
    this.#urgent.clear();
    this.#patient.clear();
    this.#again.clear();
    this.#delayed.clear();
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  #lane(): Map<string, EpochMs> {
    if (this.#urgent.size === 0) return this.#patient;
    return this.#streak >= LONGEST_URGENT_STREAK && this.#patient.size > 0 ? this.#patient : this.#urgent;
  }

  #ready(key: string, priority: Priority): void {
    const patientSince = this.#patient.get(key);
    if (this.#urgent.has(key) || (patientSince !== undefined && priority !== 0)) return;
    this.#patient.delete(key);
    const lane = priority === 0 ? this.#urgent : this.#patient;
    lane.set(key, patientSince ?? this.#clock.now());
    if (patientSince === undefined) this.#onReady();
  }

  #arm(): void {
    const next = this.#nextDeadline();
    if (this.#armed !== undefined && this.#armed.at === next) return;
    this.#armed?.cancel();
    this.#armed = undefined;
    if (next === undefined) return;
    this.#armed = { at: next, cancel: this.#clock.schedule(next, () => this.#release()) };
  }

  #release(): void {
    this.#armed = undefined;
    const now = this.#clock.now();
    for (let next = this.#nextDeadline(); next !== undefined && next <= now; next = this.#nextDeadline()) {
      const key = this.#deadlines.pop()?.value;
      const delayed = key === undefined ? undefined : this.#delayed.get(key);
      if (key !== undefined && delayed !== undefined) this.add(key, delayed.priority);
    }
    this.#arm();
  }

  /** A key that is woken every minute and then waits for next month leaves a time behind with each wake-up. */
  #clearOut(): void {
    this.#deadlines = new DeadlineHeap();
    for (const [key, { at }] of this.#delayed) this.#deadlines.push(at, key);
  }

  /** Entries whose key was brought forward or asked for earlier no longer count. */
  #nextDeadline(): EpochMs | undefined {
    for (;;) {
      const first = this.#deadlines.peek();
      if (first === undefined) return undefined;
      if (this.#delayed.get(first.value)?.at === first.at) return first.at;
      this.#deadlines.pop();
    }
  }
}

function higher(a: Priority, b: Priority): Priority {
  return a > b ? a : b;
}
