import { problemOf, readScenario, scheduleResult, solveWithKarpentersTies } from "@karpenter-multicloud/core/testing";
import type { ScheduleResult } from "@karpenter-multicloud/core/testing";
import { describe, expect, it } from "vitest";
import { SCHEDULE } from "./judge.ts";
import { randomScheduleScenario } from "./random-scenario.ts";

const judge = (scenario: object, schedule: ScheduleResult) =>
  SCHEDULE.judge(scenario, { schedule }, () => Promise.reject(new Error("asks nothing more")));

describe("S-318: planned machines with equally many pods", () => {
  const scenario = randomScheduleScenario(275);
  const { problem, ignored } = problemOf(readScenario(scenario));
  const theirs = scheduleResult(solveWithKarpentersTies(problem), problem, ignored);

  it("explain a plan that the same rules give with Karpenter's order of them, however dear ours is", async () => {
    const judgement = await judge(scenario, theirs);
    expect(judgement).toMatchObject({ result: "explained", rules: ["S-318"] });
    expect(judgement.detail).toMatch(/^\d\.\d{4} dearer$/);
  });

  it("explain no other plan, though it has the same pods, as many machines and the same price", async () => {
    const [first, second, ...others] = theirs.newNodeClaims;
    if (first === undefined || second === undefined) throw new Error("two machines are needed");
    const exchanged = [{ ...first, pods: second.pods }, { ...second, pods: first.pods }, ...others];
    expect(await judge(scenario, { ...theirs, newNodeClaims: exchanged })).toMatchObject({ result: "unexplained" });
  });
});

describe("S-105: a pod that no node can match", () => {
  const scenario = randomScheduleScenario(2274);
  const { problem, ignored } = problemOf(readScenario(scenario));
  const ours = scheduleResult(solveWithKarpentersTies(problem), problem, ignored);
  const [first = ""] = Object.keys(ours.errors ?? {});
  const placing = (...pods: readonly string[]): ScheduleResult => ({
    ...ours,
    existingNodes: [...ours.existingNodes, { name: "n9", pods }],
    errors: Object.fromEntries(Object.entries(ours.errors ?? {}).filter(([pod]) => !pods.includes(pod))),
  });

  it("explains that Karpenter has a place for it, and not a plan that is dearer besides", async () => {
    expect(await judge(scenario, placing(first))).toMatchObject({ result: "explained", rules: ["S-105"] });
    const cheaper = { ...placing(first), totalCheapestPrice: ours.totalCheapestPrice - 1 };
    expect(await judge(scenario, cheaper)).toMatchObject({ result: "unexplained" });
  });
});

describe("S-301: without a NodePool to buy from", () => {
  const scenario = randomScheduleScenario(2131);
  const { problem } = problemOf(readScenario(scenario));
  const refusing = (why: string): ScheduleResult => ({
    newNodeClaims: [],
    existingNodes: [],
    errors: Object.fromEntries(problem.pods.map(({ metadata }) => [`default/${metadata.name ?? ""}`, why])),
    totalCheapestPrice: 0,
  });

  it("Karpenter plans nothing, and pods still get the room of nodes that are there", async () => {
    expect(await judge(scenario, refusing("no dynamic nodepools found"))).toMatchObject({ rules: ["S-301"] });
  });

  it("explains nothing when Karpenter has another reason", async () => {
    expect(await judge(scenario, refusing("no room"))).toMatchObject({ rules: ["better"] });
  });
});
