// How long a machine may still run for money that is spent already (DX-12, DX-19).

import type { BillingTerms } from "../provider/index.ts";

/** In milliseconds, for a machine of this age. */
export function paidTimeLeft({ period, minimum }: BillingTerms, age: number): number {
  const started = Math.max(0, age);
  const ofPeriod = period > 0 ? (period - (started % period)) % period : 0;
  return Math.max(ofPeriod, minimum - started, 0);
}
