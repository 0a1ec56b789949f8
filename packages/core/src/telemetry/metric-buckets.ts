// Into which sizes histograms sort their samples; Karpenter's, so that its dashboards keep working.

/** Durations from milliseconds to ten minutes ("DB" of Karpenter). */
export const DURATION_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60, 120, 150, 300, 450, 600,
];

/** Prometheus' own default. */
export const CALL_BUCKETS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** From a second to two hours, after which nothing is waited for any more. */
export const COMMAND_BUCKETS: readonly number[] = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

/** Short ones are the rule. */
export const GAP_BUCKETS: readonly number[] = [0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 5, 30];

export const RECONCILE_BUCKETS: readonly number[] = DURATION_BUCKETS.filter((bound) => bound <= 60);

const HOUR = 3600;
const DAY = 24 * HOUR;

/** From a quarter of an hour to a month. */
export const LIFETIME_BUCKETS: readonly number[] = [
  ...[0.25, 0.5, 0.75, 1, 2, 4, 6, 8, 10, 12, 16, 20].map((n) => n * HOUR),
  ...[1, 2, 3, 5, 10, 15, 20, 25, 30].map((n) => n * DAY),
];

/** `count` bounds, each `factor` times the one before. */
export function growingBuckets(start: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Number((start * factor ** index).toPrecision(12)));
}
