import { describe, expect, it } from "vitest";
import { solve } from "@karpenter-multicloud/core/scheduling";
import {
  anInstanceType,
  aPoolInput,
  problemOf,
  readScenario,
  scheduleResult,
} from "@karpenter-multicloud/core/testing";
import { scenarioOf } from "./scenario-of.ts";
import { WORKLOADS } from "./workloads/index.ts";
import { benchProblem } from "./workloads/cluster.ts";

const read = (scenario: object) => problemOf(readScenario(JSON.parse(JSON.stringify(scenario))));

describe("the scenario of a workload", () => {
  it.each(WORKLOADS)("$name: reads back to a problem with the same answer", ({ problems }) => {
    const [problem] = problems(30);
    if (problem === undefined) throw new Error("no problem");
    const back = read(scenarioOf(problem, { name: "there and back" }));
    expect(back.ignored).toEqual({});
    expect(scheduleResult(solve(back.problem), back.problem)).toEqual(scheduleResult(solve(problem), problem));
  });

  it("says which pools sell a type that not all of them sell", () => {
    const [both, one] = [anInstanceType({ name: "both" }), anInstanceType({ name: "one" })];
    const problem = benchProblem({
      nodePools: [
        aPoolInput({ name: "a", instanceTypes: [both, one] }),
        aPoolInput({ name: "b", instanceTypes: [both] }),
      ],
    });
    const sold = read(scenarioOf(problem, { name: "pools" })).problem.nodePools;
    expect(sold.map(({ instanceTypes }) => instanceTypes.map(({ name }) => name))).toEqual([["both", "one"], ["both"]]);
  });

  it("carries the time limit and the policy", () => {
    const problem = benchProblem({ preferencePolicy: "Ignore" });
    expect(scenarioOf(problem, { name: "limited", timeoutSeconds: 120 })).toMatchObject({
      name: "limited",
      options: { preferencePolicy: "Ignore", timeoutSeconds: 120 },
    });
  });

  it("refuses what it cannot say", () => {
    const problem = benchProblem({ defaultSpread: { constraints: [], owners: [] } });
    expect(() => scenarioOf(problem, { name: "spread" })).toThrow("default spread");
  });
});
