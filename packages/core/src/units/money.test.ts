import { expect, test } from "vitest";
import { compareRates, CurrencyError, formatRate, sumRates } from "./money.ts";

const euro = (amount: number) => ({ amount, currency: "EUR" });
const dollar = (amount: number) => ({ amount, currency: "USD" });

test("cheaper comes first, unpriced last", () => {
  const rates = [{ r: undefined }, { r: euro(2) }, { r: euro(0) }, { r: euro(1) }];
  expect(rates.sort((a, b) => compareRates(a.r, b.r)).map(({ r }) => r?.amount)).toEqual([0, 1, 2, undefined]);
  expect(compareRates(undefined, undefined)).toBe(0);
});

test("currencies never mix", () => {
  expect(() => compareRates(euro(1), dollar(1))).toThrow(CurrencyError);
  expect(() => sumRates([euro(1), dollar(1)])).toThrow("EUR and USD");
});

test("a sum is known only when every part is", () => {
  expect(sumRates([euro(1), euro(0.5)])).toEqual(euro(1.5));
  expect(sumRates([euro(1), undefined])).toBeUndefined();
  expect(sumRates([])).toBeUndefined();
});

test("a rate is written with four decimals and its currency", () => {
  expect(formatRate(euro(0.05123))).toBe("0.0512 EUR/h");
  expect(formatRate(undefined)).toBe("unpriced");
});
