// A point in time as two clocks of one machine tell it: neither alone is to be trusted with a lease.

import type { EpochMs } from "../../runtime/index.ts";

export interface Moment {
  /** Milliseconds that only grow, the same for all threads of the process. They may stand still while the machine is suspended. */
  readonly monotonic: number;
  /** As the machine believes; it may be set forth and back. */
  readonly wall: EpochMs;
}

/** The longest that can have passed: whoever holds something must assume it, also after a suspension (RT-36). */
export function longestSince(then: Moment, now: Moment): number {
  return Math.max(now.monotonic - then.monotonic, now.wall - then.wall);
}

/** The shortest that can have passed: whoever wants something must wait for it; a wall clock set forth takes no lease away (RT-34). */
export function shortestSince(then: Moment, now: Moment): number {
  return now.monotonic - then.monotonic;
}
