// Joins callers that want the same thing at about the same time into one run: a second after the last arrival, ten at most (O-21).

import type { Clock } from "@karpenter-multicloud/core/runtime";
import { milliseconds, seconds } from "@karpenter-multicloud/core/units";

const QUIET = seconds(1);
const LONGEST_MS = 10_000;

interface Round<T> {
  readonly openedAt: number;
  readonly result: PromiseWithResolvers<T>;
  /** Aborted when every caller has gone away. */
  readonly abort: AbortController;
  callers: number;
  /** Cancels the timer that ends the quiet time. */
  cancel: () => void;
}

export class Coalescer<T> {
  readonly #clock: Clock;
  readonly #open = new Map<string, Round<T>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All who join before the run starts get its result; the work of the last one is done. */
  async join(key: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const round = this.#open.get(key) ?? this.#opened(key);
    round.callers++;
    this.#delay(key, round, work);
    const left = Promise.withResolvers<never>();
    const onAbort = (): void => {
      if (--round.callers === 0) round.abort.abort(signal.reason);
      left.reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([round.result.promise, left.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #opened(key: string): Round<T> {
    const round: Round<T> = {
      openedAt: this.#clock.now(),
      result: Promise.withResolvers<T>(),
      abort: new AbortController(),
      callers: 0,
      cancel: () => {},
    };
    round.result.promise.catch(() => {});
    this.#open.set(key, round);
    return round;
  }

  #delay(key: string, round: Round<T>, work: (signal: AbortSignal) => Promise<T>): void {
    round.cancel();
    const at = Math.min(this.#clock.now() + QUIET, round.openedAt + milliseconds(LONGEST_MS));
    round.cancel = this.#clock.schedule(at, () => {
      this.#open.delete(key);
      const { signal } = round.abort;
      const run = signal.aborted ? Promise.reject(signal.reason as Error) : work(signal);
      run.then(round.result.resolve, round.result.reject);
    });
  }
}
