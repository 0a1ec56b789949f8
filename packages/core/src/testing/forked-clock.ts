// The clock of one process that may crash: after drop() nothing that waits on it ever goes on.

import type { Clock, EpochMs } from "../runtime/index.ts";
import type { Duration } from "../units/index.ts";

export class ForkedClock implements Clock {
  readonly #parent: Clock;
  readonly #timers = new Set<() => void>();
  #dropped = false;

  constructor(parent: Clock) {
    this.#parent = parent;
  }

  get dropped(): boolean {
    return this.#dropped;
  }

  /** Sleeps never settle, callbacks never fire. Work in `during` goes on in the world, but its caller never hears of it. */
  drop(): void {
    this.#dropped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  now(): EpochMs {
    return this.#parent.now();
  }

  schedule(at: EpochMs, callback: () => void): () => void {
    if (this.#dropped) return () => {};
    const cancel = this.#parent.schedule(at, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }

  sleep(duration: Duration, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return sleepOn(this, duration, options.signal);
  }

  during<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#dropped) return;
      this.#parent.during(work).then(
        (value) => {
          if (!this.#dropped) resolve(value);
        },
        (error: unknown) => {
          if (!this.#dropped) reject(error);
        },
      );
    });
  }
}

/** A sleep made of schedule(). On a dropped clock an abort does not end it either: nobody is left to notice. */
export function sleepOn(
  clock: Pick<Clock, "now" | "schedule"> & { readonly dropped?: boolean },
  duration: Duration,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      cancel();
      if (clock.dropped !== true) reject(signal?.reason as Error);
    };
    const cancel = clock.schedule(clock.now() + duration, () => {
      signal?.removeEventListener("abort", abort);
      resolve();
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
