// The clock of a real process: wall time that never runs backwards, and timers of any length.

import type { Duration } from "../units/index.ts";
import type { Clock, EpochMs } from "./clock.ts";
import { DeadlineHeap } from "./deadline-heap.ts";

/** setTimeout fires at once beyond 24.8 days, and long timers must notice a suspended machine: no step is longer (RT-24). */
const LONGEST_STEP_MS = 3_600_000;
/** Cancelled timers that may lie among the others before they are cleared out. */
const TOLERATED_CANCELLED = 64;
/** How fast a wall clock that was set back is approached: our time then runs at half speed. */
const SLEW = 0.5;

export interface TimeSources {
  /** Milliseconds since 1970, as the machine believes. */
  wall(): number;
  /** Milliseconds that only ever grow. */
  monotonic(): number;
}

const machineTime: TimeSources = {
  // oxlint-disable-next-line no-restricted-properties -- this is the adapter
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};

interface Timer {
  at: EpochMs;
  readonly callback: () => void;
}

/**
 * Follows the wall clock forward at once (a suspended machine wakes up late), but never backward: intervals measured with it
 * stay correct when the wall clock is set back (RT-41). Once steered, the wall clock of the machine is no longer followed.
 * Callbacks come in the order of their times, also when a busy process is late for several: Node alone would run all overdue
 * timers of one length before those of another.
 */
export class SystemClock implements Clock {
  readonly #sources: TimeSources;
  /** Those that still count, oldest first. */
  readonly #timers = new Set<Timer>();
  #deadlines = new DeadlineHeap<Timer>();
  #wake: { readonly at: EpochMs; readonly cancel: () => void } | undefined;
  #now: number;
  #monotonic: number;
  /** What time it was when the monotonic clock stood at 0, when somebody who knows has said so. */
  #zero: number | undefined;

  constructor(sources: TimeSources = machineTime) {
    this.#sources = sources;
    this.#now = sources.wall();
    this.#monotonic = sources.monotonic();
  }

  now(): EpochMs {
    const monotonic = this.#sources.monotonic();
    const elapsed = Math.max(0, monotonic - this.#monotonic);
    const expected = this.#now + elapsed;
    const right = this.#zero === undefined ? this.#sources.wall() : this.#zero + monotonic;
    this.#now = right >= expected ? right : Math.max(right, this.#now + elapsed * SLEW);
    this.#monotonic = monotonic;
    return Math.floor(this.#now);
  }

  /** Milliseconds that only ever grow, as `steer` counts them. */
  monotonic(): number {
    return this.#sources.monotonic();
  }

  /**
   * RT-40: from now on it is `zero` plus the monotonic clock. The first time is the only one at which our time may jump back,
   * and then waits keep what is left of them: it is meant to come before anything is decided. Later it goes forward at once
   * and back at half speed.
   */
  steer(zero: EpochMs): void {
    const before = this.now();
    const isFirst = this.#zero === undefined;
    this.#zero = zero;
    if (!isFirst) return;
    this.#now = zero + this.#monotonic;
    for (const timer of this.#timers) timer.at += this.#now - before;
    this.#sort();
    this.#arm();
  }

  /** How far the machine's wall clock is ahead of the time we were steered to; undefined before. */
  wallIsAheadBy(): number | undefined {
    return this.#zero === undefined ? undefined : this.#sources.wall() - this.#zero - this.#sources.monotonic();
  }

  sleep(duration: Duration, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const abort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.schedule(this.now() + duration, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  schedule(at: EpochMs, callback: () => void): () => void {
    if (at === Number.POSITIVE_INFINITY) return () => {};
    // It would never be due, and everything behind it would wait.
    if (Number.isNaN(at)) throw new RangeError("a timer is set for a time that is no number");
    const timer: Timer = { at, callback };
    this.#timers.add(timer);
    this.#deadlines.push(at, timer);
    if (this.#wake === undefined || at < this.#wake.at) this.#arm();
    return () => this.#cancel(timer);
  }

  during<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  #cancel(timer: Timer): void {
    if (!this.#timers.delete(timer)) return;
    if (this.#timers.size === 0) this.#arm();
    else if (this.#deadlines.size > 2 * this.#timers.size + TOLERATED_CANCELLED) this.#sort();
  }

  /** From those that still count alone. */
  #sort(): void {
    this.#deadlines = new DeadlineHeap();
    for (const timer of this.#timers) this.#deadlines.push(timer.at, timer);
  }

  /** The first of those that still count. */
  #next(): Timer | undefined {
    for (;;) {
      const next = this.#deadlines.peek()?.value;
      if (next === undefined || this.#timers.has(next)) return next;
      this.#deadlines.pop();
    }
  }

  #arm(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
    const next = this.#next();
    if (next === undefined) return;
    const rest = next.at - this.now();
    this.#wake = { at: next.at, cancel: rest > 0 ? laterIn(rest, () => this.#fire()) : soon(() => this.#fire()) };
  }

  /** One at a time: what a callback sets going runs before the next one, and I/O is not kept waiting. */
  #fire(): void {
    this.#wake = undefined;
    const next = this.#next();
    const isDue = next !== undefined && next.at <= this.now();
    if (isDue) {
      this.#deadlines.pop();
      this.#timers.delete(next);
    }
    this.#arm();
    if (isDue) next.callback();
  }
}

function laterIn(ms: number, work: () => void): () => void {
  // oxlint-disable-next-line no-restricted-globals -- this is the adapter
  const timeout = setTimeout(work, Math.min(ms, LONGEST_STEP_MS));
  return () => clearTimeout(timeout);
}

function soon(work: () => void): () => void {
  const immediate = setImmediate(work);
  return () => clearImmediate(immediate);
}
