// Stops calling an account whose API is down: after a row of failures nothing is sent for a while, then one call tries again.

import type { Duration } from "../../units/index.ts";

export interface BreakerLimits {
  /** Failures in a row that open the circuit. */
  readonly failures: number;
  readonly pause: Duration;
}

export class CircuitBreaker {
  readonly #limits: BreakerLimits;
  readonly #now: () => number;
  #inARow = 0;
  #openUntil = Number.NEGATIVE_INFINITY;
  #probing = false;

  constructor(limits: BreakerLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Milliseconds until a call may be sent; 0 sends now. While half open only the first caller gets 0. */
  blockedFor(): number {
    if (this.#inARow < this.#limits.failures) return 0;
    const left = this.#openUntil - this.#now();
    if (left > 0) return left;
    if (this.#probing) return this.#limits.pause;
    this.#probing = true;
    return 0;
  }

  succeeded(): void {
    this.#inARow = 0;
    this.#probing = false;
  }

  failed(): void {
    this.#inARow++;
    this.#probing = false;
    if (this.#inARow >= this.#limits.failures) this.#openUntil = this.#now() + this.#limits.pause;
  }

  /** The call said nothing about the API's health (it was aborted). */
  unknown(): void {
    this.#probing = false;
  }
}
