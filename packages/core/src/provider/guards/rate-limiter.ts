// How fast one account may be asked: a token bucket in time, and a limit on calls that are under way at once.

import type { Duration } from "../../units/index.ts";

/** The part of a clock that guards need. */
export interface GuardTime {
  now(): number;
  sleep(duration: Duration, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

export interface Pace {
  readonly perSecond: number;
  /** Calls that may start at once after a quiet time; at least 1. */
  readonly burst: number;
  /** @defaultValue no limit */
  readonly maxInFlight?: number;
}

/** Calls start in the order they were asked for. */
export class RateLimiter {
  readonly #pace: Pace;
  readonly #time: GuardTime;
  readonly #waiting: (() => void)[] = [];
  #inFlight = 0;
  /** When the bucket would be full again. */
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor(pace: Pace, time: GuardTime) {
    if (!(pace.perSecond > 0) || !(pace.burst >= 1)) throw new RangeError("a pace needs perSecond > 0 and burst >= 1");
    this.#pace = pace;
    this.#time = time;
  }

  /** Waits for its turn, then runs the work; an aborted wait gives its place to the next one. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      const wait = this.#reserve();
      if (wait > 0) await this.#time.sleep(wait as Duration, { signal });
      signal.throwIfAborted();
      return await work();
    } finally {
      this.#leave();
    }
  }

  /** Takes one token, which may lie in the future, and says how long until then. */
  #reserve(): number {
    const now = this.#time.now();
    const step = 1000 / this.#pace.perSecond;
    this.#fullAt = Math.max(now, this.#fullAt) + step;
    return Math.max(0, this.#fullAt - this.#pace.burst * step - now);
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#inFlight < (this.#pace.maxInFlight ?? Number.POSITIVE_INFINITY)) {
      this.#inFlight++;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      const place = this.#waiting.indexOf(resolve);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    this.#waiting.push(resolve);
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** A place is handed over, not freed, when someone waits for it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#inFlight--;
  }
}
