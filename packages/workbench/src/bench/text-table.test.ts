import { describe, expect, it } from "vitest";
import { count, figure, money, textTable } from "./text-table.ts";

describe("textTable", () => {
  it("makes columns as wide as their widest cell and leaves no spaces at the end", () => {
    const columns = [
      { title: "name", align: "left" },
      { title: "ms", align: "right" },
      { title: "note", align: "left" },
    ] as const;
    expect(
      textTable(columns, [
        ["a", "1,234", "ok"],
        ["longer", "5"],
      ]),
    ).toBe(["name       ms  note", "a       1,234  ok", "longer      5"].join("\n"));
  });
});

describe("figures", () => {
  it("have three digits that matter", () => {
    expect([0.1234, 1.234, 12.34, 123.4, 1234.5].map(figure)).toEqual(["0.123", "1.23", "12.3", "123", "1,235"]);
    expect(figure(Number.NaN)).toBe("-");
  });

  it("keep thousands apart, and cents of money", () => {
    expect(count(12_345.6)).toBe("12,346");
    expect(money(1234.567)).toBe("1,234.57");
  });
});
