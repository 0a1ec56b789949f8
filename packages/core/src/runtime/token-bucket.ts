// How much may happen per second: a bucket that fills evenly and allows bursts.

import type { Duration } from "../units/index.ts";
import type { Clock } from "./clock.ts";

export interface BucketSize {
  readonly perSecond: number;
  readonly burst: number;
}

export class TokenBucket {
  readonly #size: BucketSize;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;

  /** @throws RangeError when nothing could ever pass */
  constructor(size: BucketSize, clock: Clock) {
    if (!(size.perSecond > 0) || !(size.burst >= 1)) {
      throw new RangeError(`a bucket of ${size.perSecond} per second and burst ${size.burst} lets nothing pass`);
    }
    this.#size = size;
    this.#clock = clock;
    this.#tokens = size.burst;
    this.#filledAt = clock.now();
  }

  /** Takes a token that may only come in the future; the answer is how long to wait for it. */
  reserve(): Duration {
    this.#fill();
    this.#tokens -= 1;
    const missing = Math.max(0, -this.#tokens);
    return ((missing / this.#size.perSecond) * 1000) as Duration;
  }

  /** Takes a token if there is one now. */
  tryTake(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(): void {
    const now = this.#clock.now();
    const gained = (Math.max(0, now - this.#filledAt) / 1000) * this.#size.perSecond;
    this.#tokens = Math.min(this.#size.burst, this.#tokens + gained);
    this.#filledAt = now;
  }
}
