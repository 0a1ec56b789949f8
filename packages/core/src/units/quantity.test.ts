import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseQuantity, Quantity, QuantityError } from "./quantity.ts";

const NANO = 1_000_000_000n;

describe("the canonical text is the one of Kubernetes (RT-42)", () => {
  // Results of k8s.io/apimachinery v0.31, except where it hands back what was typed.
  test.each([
    ["0", "0"],
    ["-0", "0"],
    ["0Ki", "0"],
    ["0e5", "0"],
    ["+1", "1"],
    ["007", "7"],
    ["5.", "5"],
    [".5", "500m"],
    ["0.1", "100m"],
    ["1.5", "1500m"],
    ["1500m", "1500m"],
    ["2000m", "2"],
    ["1000", "1k"],
    ["1000k", "1M"],
    ["1024", "1024"],
    ["1.2345k", "1234500m"],
    ["123456789", "123456789"],
    ["1E", "1E"],
    ["10E", "10E"],
    ["1Ki", "1Ki"],
    ["1024Ki", "1Mi"],
    ["1000Ki", "1000Ki"],
    ["1023Ki", "1023Ki"],
    ["1536Mi", "1536Mi"],
    ["1.5Gi", "1536Mi"],
    ["-1.5Gi", "-1536Mi"],
    ["0.5Gi", "512Mi"],
    ["0.5Ki", "512"],
    ["0.25Ki", "256"],
    ["0.1Ki", "102400m"],
    ["1.3Ki", "1331200m"],
    ["1e3", "1e3"],
    ["1.5e3", "1500"],
    ["1e0", "1"],
    ["12e6", "12e6"],
    ["1e-3", "1e-3"],
    ["123.456e2", "12345600e-3"],
    ["1n", "1n"],
    ["0.1n", "1n"],
    ["-0.1n", "-1n"],
    ["1.0000000001", "1000000001n"],
    ["1000000000n", "1"],
    ["9Ei", "9223372036854775807"],
  ])("%s is %s", (text, canonical) => {
    expect(parseQuantity(text).toString()).toBe(canonical);
  });

  test("a number is read as its text", () => {
    expect(parseQuantity(2).toString()).toBe("2");
    expect(parseQuantity(0.5).toString()).toBe("500m");
    expect(JSON.stringify({ cpu: parseQuantity("0.5") })).toBe('{"cpu":"500m"}');
  });

  test("what is no quantity is refused by name", () => {
    const refused = ["", "-", "+", ".", "Gi", "e3", "1K", "1mi", "1 Gi", " 1", "1Mi ", "1e", "1e+", "1e1.5", "1..2"];
    for (const text of [...refused, "0x1", "1_000", "1e5k", "--1", "1ee3", "NaN", "Infinity", "1e401"]) {
      expect(() => parseQuantity(text)).toThrow(QuantityError);
    }
    expect(() => parseQuantity("12 apples")).toThrow('"12 apples"');
    expect(() => parseQuantity(Number.NaN)).toThrow(QuantityError);
  });
});

describe("values", () => {
  test("compare by amount, not by text", () => {
    expect(parseQuantity("1").equals(parseQuantity("1000m"))).toBe(true);
    expect(parseQuantity("1Gi").compare(parseQuantity("1G"))).toBe(1);
    expect(parseQuantity("-1").compare(Quantity.zero)).toBe(-1);
    expect(parseQuantity("1e3").compare(parseQuantity("1k"))).toBe(0);
  });

  test("add and subtract exactly, in the format of the first that is not zero", () => {
    expect(parseQuantity("0.1").add(parseQuantity("0.2")).toString()).toBe("300m");
    expect(Quantity.zero.add(parseQuantity("1Gi")).toString()).toBe("1Gi");
    expect(parseQuantity("1Gi").sub(parseQuantity("512Mi")).toString()).toBe("512Mi");
    expect(parseQuantity("1Gi").multiply(3).toString()).toBe("3Gi");
    expect(parseQuantity("1").sub(parseQuantity("1")).isZero()).toBe(true);
    expect(parseQuantity("1").sub(parseQuantity("2")).sign()).toBe(-1);
  });

  test("numbers are rounded in the direction asked for", () => {
    expect(parseQuantity("1.5").toNumberUp()).toBe(2);
    expect(parseQuantity("1.5").toNumberDown()).toBe(1);
    expect(parseQuantity("-1.5").toNumberUp()).toBe(-1);
    expect(parseQuantity("-1.5").toNumberDown()).toBe(-2);
    expect(parseQuantity("1n").toMillisUp()).toBe(1);
    expect(parseQuantity("1n").toMillisDown()).toBe(0);
    expect(Object.is(parseQuantity("0").toNumberDown(), 0)).toBe(true);
    expect(parseQuantity("2Ki").toMillisUp()).toBe(2_048_000);
    expect(parseQuantity("1.25").toFloat()).toBe(1.25);
  });

  test("a number beyond 2^53 is refused rather than rounded", () => {
    expect(() => parseQuantity("8Ei").toNumberUp()).toThrow(RangeError);
    expect(() => parseQuantity("8Pi").toMillisDown()).toThrow(RangeError);
    expect(parseQuantity("7Pi").toNumberUp()).toBe(7 * 1024 ** 5);
  });
});

describe("for any amount", () => {
  const nanos = fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n });

  test("the text parses back to the same amount and the same text", () => {
    fc.assert(
      fc.property(nanos, fc.constantFrom("decimal", "exponent"), (nano, format) => {
        const quantity = Quantity.ofNano(nano, format);
        const again = parseQuantity(quantity.toString());
        expect(again.equals(quantity)).toBe(true);
        expect(again.toString()).toBe(quantity.toString());
      }),
    );
  });

  test("binary texts parse back too, up to the cap of 64 bits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }), (units) => {
        const quantity = Quantity.ofUnits(units, "binary");
        expect(parseQuantity(quantity.toString()).equals(quantity)).toBe(true);
      }),
    );
  });

  test("rounding up and down enclose it within one", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 21n), max: 10n ** 21n }), (nano) => {
        const quantity = Quantity.ofNano(nano);
        const [up, down] = [BigInt(quantity.toNumberUp()), BigInt(quantity.toNumberDown())];
        expect(up * NANO >= nano && down * NANO <= nano).toBe(true);
        expect(up - down).toBe(nano % NANO === 0n ? 0n : 1n);
      }),
    );
  });

  test("adding and then subtracting gives it back", () => {
    fc.assert(
      fc.property(nanos, nanos, (a, b) => {
        expect(Quantity.ofNano(a).add(Quantity.ofNano(b)).sub(Quantity.ofNano(b)).equals(Quantity.ofNano(a))).toBe(
          true,
        );
      }),
    );
  });
});
