// How long a failing watch waits before it tries again (RT-3).

import type { Clock } from "../runtime/index.ts";

const FIRST_MS = 800;
const MAX_MS = 30_000;
const HEALTHY_AFTER_MS = 120_000;

/** Doubles from 0.8 s to 30 s with full jitter; two minutes without a failure start over. */
export class Backoff {
  readonly #clock: Clock;
  readonly #random: () => number;
  #failures = 0;
  #lastFailure = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds to wait after one more failure; never less than what the server asked for. */
  next(retryAfterSeconds = 0): number {
    const now = this.#clock.now();
    if (now - this.#lastFailure >= HEALTHY_AFTER_MS) this.#failures = 0;
    this.#lastFailure = now;
    const ceiling = Math.min(FIRST_MS * 2 ** Math.min(this.#failures, 10), MAX_MS);
    this.#failures++;
    return Math.max(ceiling * this.#random(), retryAfterSeconds * 1000);
  }
}
