// What an hour costs. An amount never travels without its currency, and amounts of different currencies are never compared or added.

export interface HourlyRate {
  readonly amount: number;
  /** ISO 4217, upper case. */
  readonly currency: string;
}

export class CurrencyError extends Error {
  override readonly name = "CurrencyError";
}

/** Cheaper first; unpriced last. Throws CurrencyError for two currencies. */
export function compareRates(a: HourlyRate | undefined, b: HourlyRate | undefined): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  requireSameCurrency(a, b);
  return a.amount - b.amount;
}

/** Undefined when one of them is unpriced or there are none: then nobody knows the sum or its currency. */
export function sumRates(rates: Iterable<HourlyRate | undefined>): HourlyRate | undefined {
  let sum: HourlyRate | undefined;
  for (const rate of rates) {
    if (rate === undefined) return undefined;
    if (sum !== undefined) requireSameCurrency(sum, rate);
    sum = { amount: (sum?.amount ?? 0) + rate.amount, currency: rate.currency };
  }
  return sum;
}

/** "0.0512 EUR/h". */
export function formatRate(rate: HourlyRate | undefined): string {
  return rate === undefined ? "unpriced" : `${rate.amount.toFixed(4)} ${rate.currency}/h`;
}

function requireSameCurrency(a: HourlyRate, b: HourlyRate): void {
  if (a.currency !== b.currency) throw new CurrencyError(`cannot compare prices in ${a.currency} and ${b.currency}`);
}
