import { describe, expect, it } from "vitest";
import type { Pod } from "../api/index.ts";
import { aNodeInput, aPod, aPoolInput, aProblem, fixtureTypes } from "../testing/builders/index.ts";
import type { PoolInputOptions } from "../testing/builders/index.ts";
import type { ProblemInput } from "./problem.ts";
import { solve } from "./solve.ts";

function plan(list: readonly Pod[], pools: readonly PoolInputOptions[], changes: Partial<ProblemInput> = {}) {
  const nodePools = pools.map((pool) => aPoolInput({ instanceTypes: fixtureTypes(), ...pool }));
  const solution = solve(aProblem({ pods: list, nodePools, ...changes }));
  return {
    ...solution,
    pools: solution.newClaims.map(({ nodePool }) => nodePool),
    reasons: solution.failures.map(({ nodePools: tried }) => tried[0]?.reason),
    summaries: solution.failures.map(({ summary }) => summary),
  };
}

describe("weights", () => {
  it("S-327, S-328: a pool whose taint is a preference is used only when no other takes the pod", () => {
    const taints = [{ key: "soft", effect: "PreferNoSchedule" as const }];
    expect(plan([aPod()], [{ name: "soft", weight: 9, taints }, { name: "plain" }]).pools).toEqual(["plain"]);
    expect(plan([aPod()], [{ name: "soft", weight: 9, taints }]).pools).toEqual(["soft"]);
  });

  it("S-328: the same holds for an existing node", () => {
    const node = aNodeInput({ nodePool: "", taints: [{ key: "soft", effect: "PreferNoSchedule" }] });
    const { existing } = plan([aPod()], [{ limits: { cpu: "0" } }], { nodes: [node] });
    expect(existing.map(({ node: name }) => name)).toEqual(["n1"]);
  });
});
