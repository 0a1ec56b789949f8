// How long a failing key waits, and how many may retry per second.

import type { Duration } from "../units/index.ts";

/** Exponential back-off per key, and optionally a bucket shared by all keys; the longer wait counts (RT-27). */
export interface RateLimit {
  readonly base: Duration;
  readonly max: Duration;
  readonly bucket?: { readonly perSecond: number; readonly burst: number };
}
