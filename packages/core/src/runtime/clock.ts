// All time goes through this port, so that a day can pass in seconds.

import type { Duration } from "../units/index.ts";

/** Milliseconds since 1970 UTC. */
export type EpochMs = number;

export interface Clock {
  now(): EpochMs;
  /** Resolves after `duration`; rejects with the signal's reason when aborted. Any length: no 24.8-day limit (RT-24). */
  sleep(duration: Duration, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Calls back at or after `at`, once. The returned function cancels it. */
  schedule(at: EpochMs, callback: () => void): () => void;
  /**
   * Runs work that takes real time (an HTTP call, a worker job). A virtual clock stands still until it settles;
   * a system clock only passes it through.
   */
  during<T>(work: () => Promise<T>): Promise<T>;
}
