// The clocks of the machine as leases need them: readings of one thread mean the same in another.

import { SystemClock, type Clock } from "../../runtime/index.ts";
import type { Moment } from "./moment.ts";

const NANOS_PER_MS = 1e6;

export function machineMoment(): Moment {
  return { monotonic: monotonicMs(), wall: wallMs() };
}

/** Since the machine started; performance.now() counts from the start of each thread. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / NANOS_PER_MS;
}

export function wallMs(): number {
  // oxlint-disable-next-line no-restricted-properties -- this is the adapter
  return Date.now();
}

/** Waits at the machine's own rate, whatever happens to its wall clock. */
export function monotonicClock(): Clock {
  return new SystemClock({ wall: monotonicMs, monotonic: monotonicMs });
}
