import { describe, expect, it } from "vitest";
import type { LabelSelector } from "./core-types.ts";
import { matchesSelector } from "./label-selector.ts";

const expression = (operator: string, ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key: "app", operator: operator as "In", ...(values.length > 0 && { values }) }],
});

describe("matchesSelector", () => {
  const labels = { app: "web", tier: "front" };

  it("D-5: no selector selects nothing, an empty one everything", () => {
    expect(matchesSelector(undefined, labels)).toBe(false);
    expect(matchesSelector({}, labels)).toBe(true);
    expect(matchesSelector({}, undefined)).toBe(true);
  });

  it("all labels and all expressions must hold", () => {
    expect(matchesSelector({ matchLabels: { app: "web", tier: "front" } }, labels)).toBe(true);
    expect(matchesSelector({ matchLabels: { app: "web", tier: "back" } }, labels)).toBe(false);
    expect(matchesSelector({ matchLabels: { tier: "front" }, ...expression("NotIn", "web") }, labels)).toBe(false);
  });

  it.each([
    [expression("In", "web", "db"), true, false],
    [expression("NotIn", "web"), false, true],
    [expression("NotIn", "db"), true, true],
    [expression("Exists"), true, false],
    [expression("DoesNotExist"), false, true],
    [expression("In"), false, false],
    [expression("NotIn"), false, false],
    [expression("Exists", "x"), false, false],
    [expression("Near", "web"), false, false],
  ])("%j: with the label %s, without it %s", (selector, present, absent) => {
    expect([matchesSelector(selector, labels), matchesSelector(selector, {})]).toEqual([present, absent]);
  });

  it("names that every object inherits are not labels", () => {
    expect(matchesSelector({ matchExpressions: [{ key: "constructor", operator: "Exists" }] }, labels)).toBe(false);
  });
});
