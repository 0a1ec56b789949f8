import { describe, expect, it } from "vitest";
import { Tally } from "./tally.ts";
import { aNodePicture, aPicture, EIGHT } from "./test-picture.ts";

describe("tally", () => {
  it("keeps the peaks and the end", () => {
    const tally = new Tally();
    const ready = aNodePicture();
    tally.see(aPicture());
    tally.see(aPicture({ nodes: [ready, aNodePicture({ phase: "booting" })], boundPods: 5, pricePerHour: 0.4092 }));
    tally.see(aPicture({ nodes: [ready, ready], boundPods: 30, pricePerHour: 0.40920000001 }));
    tally.see(aPicture({ now: EIGHT + 1_513_400, nodes: [ready], pools: 2 }));
    expect(tally.totals(2_049)).toEqual({
      podsBound: 30,
      nodesPeak: 2,
      nodesEnd: 1,
      poolsEnd: 2,
      costPerHourPeak: 0.4092,
      virtualSeconds: 1513,
      wallSeconds: 2,
    });
  });

  it("the currency is that of the prices that were seen, also when the last node is gone", () => {
    const tally = new Tally();
    tally.see(aPicture({ currency: "" }));
    tally.see(aPicture({ currency: "USD" }));
    tally.see(aPicture({ currency: "" }));
    expect(tally.currency).toBe("USD");
  });

  it("of a demo that never began there is nothing to tell", () => {
    expect(Object.values(new Tally().totals(0)).every((value) => value === 0)).toBe(true);
  });
});
