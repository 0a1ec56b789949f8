import { describe, expect, it } from "vitest";

import { mergeFlavors } from "./flavor.ts";
import type { Flavor } from "./flavor.ts";
import { PriceBook } from "./price-book.ts";
import { parseCatalogue } from "./price-list.ts";

const addon = (planCode: string, price: number, over: object = {}): object => ({
  planCode,
  product: "publiccloud-instance",
  blobs: { technical: {} },
  pricings: [
    {
      phase: 0,
      capacities: ["consumption"],
      interval: 1,
      intervalUnit: planCode.includes("monthly") ? "month" : "hour",
      mode: "default",
      price,
    },
  ],
  ...over,
});
const catalogue = (...addons: readonly object[]): unknown => ({ locale: { currencyCode: "EUR" }, addons });
const [b38, b316, unknown] = mergeFlavors([
  { name: "b3-8", category: "b", state: "available", vCPUs: 2, gpus: 0, ramGB: 8 },
  { name: "b3-16", category: "b", state: "available", vCPUs: 4, gpus: 0, ramGB: 16 },
  { name: "x9-1", category: "x", state: "available", vCPUs: 10, gpus: 1, ramGB: 100 },
]).toSorted((a, b) => a.vCPUs - b.vCPUs) as unknown as readonly [Flavor, Flavor, Flavor];

describe("the price list", () => {
  it("T-62: takes flavors and none of the decoys", () => {
    const list = parseCatalogue(
      catalogue(
        addon("win-b3-8.consumption", 10_000_000),
        addon("b3-8.consumption.LZ.AF", 9_300_000),
        addon("b3-8.consumption", 5_120_000),
        addon("volume.classic.consumption", 5_760, { product: "publiccloud-volume" }),
        addon("b3-16.consumption", 1, { blobs: null }),
      ),
    );
    expect(new PriceBook(list).hourly(b38, "1az")).toEqual({
      rate: { amount: 0.0512, currency: "EUR" },
      estimated: false,
    });
    expect([...list.hourly.keys()]).toEqual(["b3-8.consumption.LZ.AF", "b3-8.consumption"]);
  });

  it("O-33: prefers the plan of three-AZ regions there, and the first phase of a plan", () => {
    const cheap = {
      phase: 1,
      capacities: ["consumption"],
      interval: 1,
      intervalUnit: "hour",
      mode: "default",
      price: 1,
    };
    const first = { ...cheap, phase: 0, price: 6_000_000 };
    const list = parseCatalogue(
      catalogue(addon("b3-8.consumption", 5_000_000), addon("b3-8.consumption.3AZ", 0, { pricings: [cheap, first] })),
    );
    expect(new PriceBook(list).hourly(b38, "3az").rate.amount).toBe(0.06);
    expect(new PriceBook(list).hourly(b38, "1az").rate.amount).toBe(0.05);
  });

  it("O-35: a flavor missing in the live list is estimated from its family, in the same currency", () => {
    const list = { ...parseCatalogue(catalogue(addon("b3-8.consumption", 5_000_000))), currency: "CAD" };
    expect(new PriceBook(list).hourly(b316, "1az", [b38, b316])).toEqual({
      rate: { amount: 0.1, currency: "CAD" },
      estimated: true,
    });
  });

  it("T-63, O-37: a flavor nobody knows gets an estimate, never nothing", () => {
    expect(new PriceBook().hourly(unknown, "1az")).toEqual({
      rate: { amount: 0.0125 * 10 + 0.0035 * 100 + 0.7, currency: "EUR" },
      estimated: true,
    });
    expect(unknown).toMatchObject({ diskGB: 300, diskEstimated: true });
  });

  it("T-17: a month costs what it costs, spread over 730 hours", () => {
    const [b27] = mergeFlavors([{ name: "b2-7", category: "b", state: "available", vCPUs: 2, gpus: 0, ramGB: 7 }]);
    expect(b27 && new PriceBook().monthly(b27)?.rate.amount).toBeCloseTo(25.17 / 730, 12);
    expect(new PriceBook().monthly(b38)).toBeUndefined();
  });

  it("refuses an answer that is no catalogue", () => {
    expect(() => parseCatalogue({ message: "no" })).toThrow(/no currency/);
  });
});
