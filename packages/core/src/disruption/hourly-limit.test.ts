import { describe, expect, it } from "vitest";
import { Annotation } from "../api/index.ts";
import type { DisruptionReason, NodePool } from "../api/index.ts";
import { aConsolidatedPool, aDisruptionNode, anInstanceType, aNodePool, aSnapshot } from "../testing/builders/index.ts";
import type { PoolBudget } from "./budget.ts";
import { decide } from "./decide.ts";
import { hourlyDetail, hourlyLimitOf, narrower } from "./hourly-limit.ts";
import type { HourlyLimit } from "./hourly-limit.ts";
import { limited, remainingOf } from "./remaining.ts";

const UNTIL = Date.UTC(2026, 0, 2, 0, 30);
const limit = (left: number, more: Partial<HourlyLimit> = {}): HourlyLimit => ({ text: "5", left, ...more });
const budget: PoolBudget = { allowed: 4, disrupting: 1, remaining: 3, nodes: 10, errors: [] };

function saying(text: string): NodePool {
  const pool = aNodePool();
  return { ...pool, metadata: { ...pool.metadata, annotations: { [Annotation.DisruptionsPerHour]: text } } };
}

describe("DX-33: what a NodePool says about disruptions per hour", () => {
  const most = (text: string, reason: DisruptionReason = "Empty", nodes = 10) =>
    hourlyLimitOf(saying(text), reason, nodes)?.most;

  it("a number is that many, a percentage that part of the nodes, rounded up", () => {
    expect(hourlyLimitOf(saying("5"), "Empty", 10)).toEqual({ text: "5", most: 5 });
    expect(hourlyLimitOf(saying("11%"), "Empty", 10)).toEqual({ text: "11%", most: 2 });
    expect([most("7%", "Empty", 100), most("100%", "Empty", 200), most("0")]).toEqual([7, 200, 0]);
  });

  it("without the annotation, and for reasons that it does not name, there is no limit", () => {
    expect(hourlyLimitOf(aNodePool(), "Empty", 10)).toBeUndefined();
    expect(most("Drifted=1,Underutilized=2")).toBeUndefined();
  });

  it("a reason of its own goes before the number for all, wherever it stands", () => {
    for (const text of ["9, Drifted = 10%", "Drifted=10%,9"]) {
      expect([most(text, "Drifted"), most(text, "Empty"), most(text, "Underutilized")]).toEqual([1, 9, 9]);
    }
    expect(most("9,8")).toBe(9);
  });

  it.each([
    ["some", '"some" is neither a number nor a percentage'],
    ["", '"" is neither a number nor a percentage'],
    ["-1", '"-1" is neither a number nor a percentage'],
    ["1.5", '"1.5" is neither a number nor a percentage'],
    ["Drifted=x5", '"Drifted=x5" is neither a number nor a percentage'],
    ["Drifted=5%%", '"Drifted=5%%" is neither a number nor a percentage'],
    ["Expired=5", '"Expired" is none of Empty, Drifted, Underutilized'],
    ["Drifted=5=6", '"Drifted=5=6" is not of the form Reason=number'],
    ["Empty=1,Drifted=", '"Drifted=" is neither a number nor a percentage'],
  ])("%j is an error, also for reasons that the mistake does not concern", (text, message) => {
    expect(() => most(text, "Empty")).toThrow(message);
  });
});

describe("DX-33: budgets and hourly limits together", () => {
  it("the smaller one decides, and a limit that leaves as much as the budget is not mentioned", () => {
    expect(limited(budget, undefined)).toBe(budget);
    expect(limited(budget, limit(3))).toBe(budget);
    expect(limited(budget, limit(2))).toEqual({ ...budget, remaining: 2, hourly: limit(2) });
  });

  it("of several limits the narrowest one counts, of equal ones the first", () => {
    expect(narrower([undefined, limit(2), limit(1, { text: "first" }), limit(1, { text: "second" })])).toEqual(
      limit(1, { text: "first" }),
    );
    expect(narrower([limit(1), undefined])).toEqual(limit(1));
    expect(narrower([undefined, undefined])).toBeUndefined();
  });

  it("the limit of another pool or reason bounds nothing", () => {
    const nodes = [aDisruptionNode({ name: "a" }), aDisruptionNode({ name: "b", nodePool: "other" })];
    const pools = [aConsolidatedPool(), aConsolidatedPool({ name: "other" })];
    const hourly = new Map([["default", { Drifted: limit(0) }]]);
    const left = (reason: DisruptionReason, limits: typeof hourly | undefined = hourly) =>
      [...remainingOf(aSnapshot({ nodes, pools, ...(limits && { hourly: limits }) }), reason)].map(
        ([pool, { remaining }]) => [pool, remaining],
      );
    expect(left("Drifted")).toEqual([
      ["default", 0],
      ["other", 1],
    ]);
    expect(left("Empty")).toEqual([
      ["default", 1],
      ["other", 1],
    ]);
    expect(left("Drifted", new Map())).toEqual(left("Empty"));
  });

  it("a node is told the limit that holds it, and when the next one may go", () => {
    const type = anInstanceType({ name: "m" });
    const nodes = ["a", "b"].map((name) => aDisruptionNode({ name, type }));
    const pools = [aConsolidatedPool({ instanceTypes: [type] })];
    const hourly = new Map([["default", { Empty: limit(1, { until: UNTIL }) }]]);
    const { commands, verdicts, constrained } = decide("emptiness", aSnapshot({ nodes, pools, hourly }));
    expect([commands.map((command) => command.nodes), constrained]).toEqual([[["a"]], true]);
    expect(verdicts[1]).toMatchObject({ node: "b", code: "Budget", until: UNTIL });
    expect(verdicts[1]?.detail).toBe(
      `NodePool default allows 5 disruptions per hour (${Annotation.DisruptionsPerHour}); the next one may go at 2026-01-02T00:30:00Z`,
    );
  });

  it("what bounds for another reason is told in its own words, and an end that nobody knows is not told", () => {
    expect(hourlyDetail("default", limit(0, { detail: "a wave is on its way", until: UNTIL }))).toBe(
      "a wave is on its way",
    );
    expect(hourlyDetail("default", limit(0))).toBe(
      `NodePool default allows 5 disruptions per hour (${Annotation.DisruptionsPerHour})`,
    );
  });
});
