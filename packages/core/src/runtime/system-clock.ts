// The clock of a real process: wall time that never runs backwards, and timers of any length.

import type { Duration } from "../units/index.ts";
import type { Clock, EpochMs } from "./clock.ts";

/** setTimeout fires at once beyond 24.8 days, and long timers must notice a suspended machine: no step is longer (RT-24). */
const LONGEST_STEP_MS = 3_600_000;
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
}

/**
 * Follows the wall clock forward at once (a suspended machine wakes up late), but never backward: intervals measured with it
 * stay correct when the wall clock is set back (RT-41). Once steered, the wall clock of the machine is no longer followed.
 */
export class SystemClock implements Clock {
  readonly #sources: TimeSources;
  readonly #timers = new Set<Timer>();
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
    const timer: Timer = { at };
    this.#timers.add(timer);
    let armed: NodeJS.Timeout | undefined;
    const arm = (): void => {
      const rest = Math.max(0, timer.at - this.now());
      // oxlint-disable-next-line no-restricted-globals -- this is the adapter
      armed = setTimeout(
        () => {
          if (this.now() < timer.at) return arm();
          this.#timers.delete(timer);
          callback();
        },
        Math.min(rest, LONGEST_STEP_MS),
      );
    };
    arm();
    return () => {
      this.#timers.delete(timer);
      clearTimeout(armed);
    };
  }

  during<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}
