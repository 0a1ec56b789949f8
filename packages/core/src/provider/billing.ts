// What a cloud charges for a machine's time.

import type { Duration } from "../units/index.ts";

/** Time is charged in steps of `period`, at least `minimum`. Both zero: by the second. */
export interface BillingTerms {
  readonly period: Duration;
  readonly minimum: Duration;
}
