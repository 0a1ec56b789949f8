import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DurationError,
  formatDuration,
  hours,
  milliseconds,
  minutes,
  parseDuration,
  parseNillableDuration,
  seconds,
} from "./duration.ts";

describe("RT-40: Go's syntax", () => {
  // Texts and results of Go's time package.
  test.each([
    ["0", 0, "0s"],
    ["0s", 0, "0s"],
    ["1h", 3_600_000, "1h0m0s"],
    ["1h30m", 5_400_000, "1h30m0s"],
    ["90m", 5_400_000, "1h30m0s"],
    ["1.5h", 5_400_000, "1h30m0s"],
    ["720h", 2_592_000_000, "720h0m0s"],
    ["300ms", 300, "300ms"],
    ["1us", 0.001, "1\u00b5s"],
    ["1\u00b5s", 0.001, "1\u00b5s"],
    ["1\u03bcs", 0.001, "1\u00b5s"],
    ["1ns", 0.000001, "1ns"],
    ["1.5ms", 1.5, "1.5ms"],
    ["-1h", -3_600_000, "-1h0m0s"],
    ["+5s", 5000, "5s"],
    ["1m1h", 3_660_000, "1h1m0s"],
    [".5s", 500, "500ms"],
    ["1.s", 1000, "1s"],
    ["0.9ns", 0, "0s"],
    ["0.3333333333333333333h", 1_200_000, "20m0s"],
    ["0.100000000000000000000h", 360_000, "6m0s"],
    ["72h3m0.5s", 259_380_500, "72h3m0.5s"],
    ["39h9m14.425s", 140_954_425, "39h9m14.425s"],
    ["1.234567891s", 1234.567891, "1.234567891s"],
  ])("%s is %d ms, written %s", (text, ms, written) => {
    expect(parseDuration(text)).toBe(ms);
    expect(formatDuration(parseDuration(text))).toBe(written);
  });

  test("what Go refuses is refused by name", () => {
    const refused = [
      "",
      "-",
      "1",
      "1d",
      "1h30",
      "h",
      "1.2.3s",
      ".s",
      " 1s",
      "1S",
      "1e3s",
      "constructor",
      "1m-1s",
      "3\u00b5",
    ];
    for (const text of [...refused, "9223372036854775808ns", "Never"]) {
      expect(() => parseDuration(text)).toThrow(DurationError);
    }
    expect(() => parseDuration("2 days")).toThrow('"2 days"');
  });

  test("292 years are the longest", () => {
    expect(parseDuration("9223372036854775807ns")).toBeGreaterThan(hours(24 * 365 * 292));
  });

  test("any duration of whole nanoseconds survives being written", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 15), max: 10 ** 15 }), (nanos) => {
        const text = formatDuration(milliseconds(nanos / 1e6));
        expect(Math.round(parseDuration(text) * 1e6)).toBe(nanos);
        expect(formatDuration(parseDuration(text))).toBe(text);
      }),
    );
  });
});

test("A-8: Never is no duration, exactly so spelled", () => {
  expect(parseNillableDuration("Never")).toBeUndefined();
  expect(parseNillableDuration("30s")).toBe(30_000);
  expect(() => parseNillableDuration("never")).toThrow(DurationError);
});

test("units are milliseconds underneath", () => {
  expect([milliseconds(7), seconds(2), minutes(2), hours(2)]).toEqual([7, 2000, 120_000, 7_200_000]);
  expect(seconds(0.5)).toBe(500);
});

test("an endless duration has no text", () => {
  expect(() => formatDuration(milliseconds(Number.POSITIVE_INFINITY))).toThrow(DurationError);
});
