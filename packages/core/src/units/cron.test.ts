import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CronError, nextAfter, parseCron } from "./cron.ts";

function strikes(schedule: string, after: string, count = 4): string[] {
  const parsed = parseCron(schedule);
  const times: string[] = [];
  let at: number | undefined = Date.parse(after);
  while (times.length < count) {
    at = nextAfter(parsed, at);
    if (at === undefined) return [...times, "none"];
    times.push(new Date(at).toISOString().slice(0, 16));
  }
  return times;
}

describe("D-38: the dialect", () => {
  const start = "2024-01-31T23:59:59Z";

  test.each([
    ["* * * * *", ["2024-02-01T00:00", "2024-02-01T00:01"]],
    ["*/25 * * * *", ["2024-02-01T00:00", "2024-02-01T00:25", "2024-02-01T00:50", "2024-02-01T01:00"]],
    ["5/25 * * * *", ["2024-02-01T00:05", "2024-02-01T00:30", "2024-02-01T00:55", "2024-02-01T01:05"]],
    ["10-20/5 3,4 * * *", ["2024-02-01T03:10", "2024-02-01T03:15", "2024-02-01T03:20", "2024-02-01T04:10"]],
    ["0 9 * * mon-wed", ["2024-02-05T09:00", "2024-02-06T09:00", "2024-02-07T09:00", "2024-02-12T09:00"]],
    ["0 9 * * SUN", ["2024-02-04T09:00", "2024-02-11T09:00"]],
    ["0 0 * * sat/2", ["2024-02-03T00:00", "2024-02-10T00:00"]],
    ["0 0 1 mar,JUN ?", ["2024-03-01T00:00", "2024-06-01T00:00", "2025-03-01T00:00"]],
    ["  0   5 *  * * ", ["2024-02-01T05:00", "2024-02-02T05:00"]],
    ["59 23 31 12 *", ["2024-12-31T23:59", "2025-12-31T23:59"]],
  ])("%s", (schedule, expected) => {
    expect(strikes(schedule, start, expected.length)).toEqual(expected);
  });

  test.each([
    ["@yearly", "2025-01-01T00:00"],
    ["@annually", "2025-01-01T00:00"],
    ["@monthly", "2024-02-01T00:00"],
    ["@weekly", "2024-02-04T00:00"],
    ["@daily", "2024-02-01T00:00"],
    ["@midnight", "2024-02-01T00:00"],
    ["@hourly", "2024-02-01T00:00"],
  ])("%s next strikes at %s", (schedule, expected) => {
    expect(strikes(schedule, start, 1)).toEqual([expected]);
  });

  test("every month and every day of the week has its name", () => {
    const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    for (const [index, name] of months.entries()) {
      const month = String(index + 1).padStart(2, "0");
      expect(strikes(`0 0 1 ${name} *`, "2023-12-31T23:59:59Z", 1)).toEqual([`2024-${month}-01T00:00`]);
    }
    for (const [index, name] of days.entries()) {
      expect(strikes(`0 0 * * ${name}`, "2024-02-03T23:59:59Z", 1)).toEqual([
        `2024-02-${String(index + 4).padStart(2, "0")}T00:00`,
      ]);
    }
  });

  test.each([
    ["60 0 * * *", "minute"],
    ["0 24 * * *", "hour"],
    ["0 0 32 * *", "day of month"],
    ["0 0 * 13 *", "month"],
    ["0 0 * * 7", "day of week"],
  ])("what is wrong with %s is the %s", (text, field) => {
    expect(() => parseCron(text)).toThrow(`has an invalid ${field} "`);
  });

  test("an empty schedule has no fields", () => {
    expect(() => parseCron(" ")).toThrow("has 0 fields");
  });

  test("anything else is refused by name, because an unreadable budget must allow nothing", () => {
    const counts = [
      "",
      "* * * *",
      "* * * * * *",
      "TZ=UTC 0 0 * * *",
      "@Daily",
      "@dailyfoo",
      "@every 1h",
      "constructor",
    ];
    const values = ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * 0 *", "-1 * * * *"];
    const days = ["0 0 * * 7", "0 0 * * tue-mon", "0 0 * mon *", "0 0 * * jan"];
    const forms = [
      "*/0 * * * *",
      "1/2/3 * * * *",
      "1-2-3 * * * *",
      "5/ * * * *",
      "1- * * * *",
      "a * * * *",
      ", * * * *",
    ];
    for (const text of [...counts, ...values, ...days, ...forms]) {
      expect(() => parseCron(text)).toThrow(CronError);
      expect(() => parseCron(text)).toThrow(JSON.stringify(text));
    }
  });
});

describe("D-39: which days", () => {
  test("two restricted day fields are alternatives", () => {
    expect(strikes("0 0 1 * mon", "2024-01-31T23:59:59Z")).toEqual([
      "2024-02-01T00:00",
      "2024-02-05T00:00",
      "2024-02-12T00:00",
      "2024-02-19T00:00",
    ]);
  });

  test("with a star in one of them both must match, also with a step", () => {
    expect(strikes("0 0 */2 * mon", "2024-01-31T23:59:59Z", 2)).toEqual(["2024-02-05T00:00", "2024-02-19T00:00"]);
    expect(strikes("0 0 1 * ?", "2024-01-31T23:59:59Z", 2)).toEqual(["2024-02-01T00:00", "2024-03-01T00:00"]);
    expect(strikes("0 0 1,* * 1", "2024-01-31T23:59:59Z", 2)).toEqual(["2024-02-05T00:00", "2024-02-12T00:00"]);
  });

  test("an impossible date never strikes; a leap day does if it comes within five years", () => {
    expect(strikes("0 0 30 2 *", "2024-01-01T00:00:00Z", 1)).toEqual(["none"]);
    expect(strikes("0 0 29 2 *", "2024-03-01T00:00:00Z", 1)).toEqual(["2028-02-29T00:00"]);
    expect(strikes("0 0 29 2 *", "2097-03-01T00:00:00Z", 1)).toEqual(["none"]);
  });

  test("five years are searched, the last of them included", () => {
    // The first of February was a Monday in 2016 and 2021, and is one in 2027.
    expect(strikes("0 0 */31 2 mon", "2016-02-02T00:00:00Z", 1)).toEqual(["2021-02-01T00:00"]);
    expect(strikes("0 0 */31 2 mon", "2021-02-02T00:00:00Z", 1)).toEqual(["none"]);
  });

  test("the next strike is strictly later, and a strike within the running second is not missed", () => {
    const daily = parseCron("0 12 * * *");
    const noon = Date.parse("2024-06-15T12:00:00Z");
    expect(nextAfter(daily, noon)).toBe(noon + 24 * 3_600_000);
    expect(nextAfter(daily, noon - 1)).toBe(noon);
    expect(nextAfter(daily, noon - 500)).toBe(noon);
  });

  test("for any schedule and time the strike matches every field and nothing in between does", () => {
    const from = Date.parse("2024-01-01T00:00:00Z");
    const schedule = fc.tuple(fc.nat(59), fc.nat(23), fc.nat(6)).map(([m, h, d]) => `${m} ${h} * * ${d}`);
    fc.assert(
      fc.property(schedule, fc.nat(400 * 24 * 60), (text, offset) => {
        const at = from + offset * 60_000;
        const hit = nextAfter(parseCron(text), at) ?? 0;
        const date = new Date(hit);
        expect(`${date.getUTCMinutes()} ${date.getUTCHours()} * * ${date.getUTCDay()}`).toBe(text);
        expect(hit).toBeGreaterThan(at);
        expect(hit - at).toBeLessThanOrEqual(7 * 24 * 3_600_000);
      }),
    );
  });
});
