// How long a key that failed again has to wait (RT-27).

import { milliseconds } from "../units/index.ts";
import type { Duration } from "../units/index.ts";
import type { Clock } from "./clock.ts";
import type { RateLimit } from "./rate-limit.ts";
import { TokenBucket } from "./token-bucket.ts";

const DEFAULT_RATE_LIMIT: RateLimit = { base: milliseconds(5), max: milliseconds(1_000_000) };

/** Beyond it every doubling exceeds any maximum; keeps 2^n finite. */
const MOST_DOUBLINGS = 62;

/** Back-off per key and, if configured, one bucket for all keys of the controller; the longer wait counts. */
export class RetryLimiter {
  readonly #limit: RateLimit;
  readonly #bucket: TokenBucket | undefined;
  readonly #failures = new Map<string, number>();

  constructor(clock: Clock, limit: RateLimit = DEFAULT_RATE_LIMIT) {
    this.#limit = limit;
    this.#bucket = limit.bucket === undefined ? undefined : new TokenBucket(limit.bucket, clock);
  }

  /** Counts a failure of the key and answers how long it waits. */
  next(key: string): Duration {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { base, max } = this.#limit;
    const own = Math.min(base * 2 ** Math.min(failures, MOST_DOUBLINGS), max);
    return milliseconds(Math.max(own, this.#bucket?.reserve() ?? 0));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }
}
