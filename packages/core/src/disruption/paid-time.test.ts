import { describe, expect, it } from "vitest";
import { milliseconds, minutes } from "../units/index.ts";
import { paidTimeLeft } from "./paid-time.ts";

const terms = (period: number, minimum: number) => ({ period: minutes(period), minimum: minutes(minimum) });

describe("DX-12: time that is paid already", () => {
  it.each([
    ["by the second", terms(0, 0), 10, 0],
    ["in the middle of an hour", terms(60, 0), 90, 30],
    ["at the end of an hour", terms(60, 0), 120, 0],
    ["before the minimum is over", terms(1, 60), 20, 40],
    ["after the minimum", terms(0, 60), 61, 0],
    ["with a clock that is behind", terms(60, 60), -5, 60],
  ])("charged %s", (_, billing, age, left) => {
    expect(paidTimeLeft(billing, age * minutes(1))).toBe(left * minutes(1));
  });

  it("parts of a minute count", () => {
    expect(paidTimeLeft({ period: milliseconds(1000), minimum: milliseconds(0) }, 1300)).toBe(700);
  });
});
