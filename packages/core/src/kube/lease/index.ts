export { leaderless, type Leadership } from "./leadership.ts";
export { electInThread, type LeaseThreadOptions } from "./lease-thread.ts";
export { LeaseElector, type LeaseElectorOptions, type LeaseListener } from "./lease-elector.ts";
export { LEASE_TIMINGS, type LeaseTimings } from "./lease-record.ts";
