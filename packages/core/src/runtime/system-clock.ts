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

/**
 * Follows the wall clock forward at once (a suspended machine wakes up late), but never backward: intervals measured with it
 * stay correct when the wall clock is set back (RT-41).
 */
export class SystemClock implements Clock {
  readonly #sources: TimeSources;
  #now: number;
  #monotonic: number;

  constructor(sources: TimeSources = machineTime) {
    this.#sources = sources;
    this.#now = sources.wall();
    this.#monotonic = sources.monotonic();
  }

  now(): EpochMs {
    const monotonic = this.#sources.monotonic();
    const elapsed = Math.max(0, monotonic - this.#monotonic);
    const expected = this.#now + elapsed;
    const wall = this.#sources.wall();
    this.#now = wall >= expected ? wall : Math.max(wall, this.#now + elapsed * SLEW);
    this.#monotonic = monotonic;
    return Math.floor(this.#now);
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
    let timer: NodeJS.Timeout | undefined;
    const arm = (): void => {
      const rest = Math.max(0, at - this.now());
      // oxlint-disable-next-line no-restricted-globals -- this is the adapter
      timer = setTimeout(
        () => {
          if (this.now() >= at) callback();
          else arm();
        },
        Math.min(rest, LONGEST_STEP_MS),
      );
    };
    if (at !== Number.POSITIVE_INFINITY) arm();
    return () => clearTimeout(timer);
  }

  during<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}
