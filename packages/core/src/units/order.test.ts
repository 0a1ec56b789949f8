import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareText, sortedKeys } from "./order.ts";

describe("compareText (RT-44)", () => {
  test("upper case comes before lower case, digits before letters, a prefix before what it begins", () => {
    expect(["b", "a", "B", "ab", "", "1"].sort(compareText)).toEqual(["", "1", "B", "a", "ab", "b"]);
  });

  test("characters outside the basic plane come after all of it, which plain comparison gets wrong", () => {
    expect(["\uffee", "\u{1f600}"].sort()).toEqual(["\u{1f600}", "\uffee"]);
    expect(compareText("\u{1f600}", "\uffee")).toBeGreaterThan(0);
    expect(compareText("\u{1f600}", "\u{1f601}")).toBeLessThan(0);
  });

  test("agrees with the order of code points for any two texts", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const points = (s: string) => [...s].map((c) => c.codePointAt(0) ?? 0);
        const [left, right] = [points(a), points(b)];
        const at = left.findIndex((point, i) => point !== right[i]);
        const expected = at < 0 || at >= right.length ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? 0);
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(expected));
      }),
    );
  });
});

test("sortedKeys does not depend on insertion order", () => {
  expect(sortedKeys({ b: 1, a: 2, C: 3 })).toEqual(["C", "a", "b"]);
});
