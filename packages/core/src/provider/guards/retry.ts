// When a failed call to a cloud is tried again, and after how long: full-jitter back-off, a Retry-After where the cloud names one.

import type { Duration } from "../../units/index.ts";
import type { GuardTime } from "./rate-limiter.ts";

/** What a classifier says about one failure. */
export type RetryVerdict =
  | { readonly retry: false }
  /** `after` is what the cloud asked for; absent leaves it to the back-off. */
  | { readonly retry: true; readonly after?: Duration; readonly reason: string };

export interface RetryPolicy {
  /** Calls in total, the first one included. */
  readonly attempts: number;
  readonly base: Duration;
  readonly max: Duration;
  /** A longer Retry-After is cut to this. */
  readonly maxAfter: Duration;
}

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly classify: (error: unknown) => RetryVerdict;
  readonly time: GuardTime;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onRetry?: (reason: string, attempt: number, wait: Duration) => void;
}

/** The last error is thrown unchanged. `attempt` counts from 1. */
export async function withRetry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { policy, classify, time, random, signal, onRetry } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= policy.attempts || signal.aborted) throw error;
      const verdict = classify(error);
      if (!verdict.retry) throw error;
      const wait = retryDelay(policy, attempt, random, verdict.after);
      onRetry?.(verdict.reason, attempt, wait);
      await time.sleep(wait, { signal });
    }
  }
}

/** At least what the cloud asked for; otherwise anything between 0 and the doubled base of this attempt. */
export function retryDelay(policy: RetryPolicy, attempt: number, random: () => number, after?: Duration): Duration {
  const ceiling = Math.min(policy.max, policy.base * 2 ** (attempt - 1));
  const backOff = random() * ceiling;
  return (after === undefined ? backOff : Math.min(policy.maxAfter, after) + backOff / 2) as Duration;
}
