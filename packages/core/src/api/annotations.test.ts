import { describe, expect, it } from "vitest";
import { formatLaunchHint, parseLaunchHint } from "./annotations.ts";

const offering = { instanceType: "b3-8", zone: "gra-a", capacityType: "on-demand" };

describe("launch hint, S-523", () => {
  it.each([
    [offering, "b3-8/gra-a/on-demand"],
    [{ ...offering, price: { amount: 0.0508, currency: "EUR" } }, "b3-8/gra-a/on-demand/0.0508 EUR"],
    [{ ...offering, price: { amount: 1e-7, currency: "USD" } }, "b3-8/gra-a/on-demand/1e-7 USD"],
  ])("is read as it was written: %j", (hint, text) => {
    expect(formatLaunchHint(hint)).toBe(text);
    expect(parseLaunchHint(text)).toEqual(hint);
  });

  it.each(["", "b3-8", "b3-8//on-demand", "a/b/c/d", "a/b/c/1", "a/b/c/x EUR", "a/b/c/1 EUR/d", "a/b/c/1-1 EUR"])(
    "%j is none",
    (text) => {
      expect(parseLaunchHint(text)).toBeUndefined();
    },
  );
});
