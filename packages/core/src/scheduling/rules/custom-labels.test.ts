// Labels that nobody promised: what a pod asks of a key never puts the key on a node (S-114a, S-127, S-407).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import { aNodeInput, aPod, aPoolInput, aProblem, fixtureTypes, pods } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { near, spreadOver } from "../../testing/pod-wishes.ts";
import { companies, joined, refusals, waiting, zonesOf } from "../../testing/read-solution.ts";
import type { ProblemInput, Solution } from "../index.ts";

describe.each(PARITY_ENGINES)("labels that only pods speak of ($name)", (engine) => {
  const place = (list: readonly Pod[], changes: Partial<ProblemInput> = {}): Solution => {
    const problem = aProblem({ pods: list, ...changes });
    return expectValid(problem, engine.solve(problem));
  };
  const avoidsX = aPod({ name: "avoids-x", requests: { cpu: "1" }, requiredTerms: [[["team", "NotIn", "x"]]] });
  const wantsY = aPod({ name: "wants-y", requests: { cpu: "100m" }, nodeSelector: { team: "y" } });

  it("T-141, S-127: a key that only a pod mentions gives its node no label", () => {
    const [claim, ...more] = place([avoidsX]).newClaims;
    expect(more).toEqual([]);
    expect(claim?.labels).not.toHaveProperty("team");
    expect(claim?.labels).toHaveProperty([Label.NodePool], "default");
  });

  it("T-142, S-114a: on a node without the label the second pod is never placed", () => {
    const solution = place([avoidsX, wantsY], { nodes: [aNodeInput()], nodePools: [] });
    expect(joined(solution)).toEqual([["n1", 1]]);
    expect(waiting(solution)).toEqual(["wants-y"]);
  });

  it("T-142, S-114a: nor on the first one's claim when the pool does not offer the value", () => {
    const solution = place([avoidsX, wantsY]);
    expect(companies(solution)).toEqual([["avoids-x"]]);
    expect(waiting(solution)).toEqual(["wants-y"]);
    expect(refusals(solution)).toEqual(["UnknownLabel"]);
  });

  it("T-142: a pool that offers the value takes both on one claim, which then carries the label", () => {
    const requirements = [{ key: "team", operator: "In" as const, values: ["x", "y"] }];
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), requirements })];
    const solution = place([avoidsX, wantsY], { nodePools, nodes: [aNodeInput({ allocatable: { pods: "0" } })] });
    expect(companies(solution)).toEqual([["avoids-x", "wants-y"]]);
    expect(solution.newClaims[0]?.labels).toHaveProperty("team", "y");
  });

  it("S-114a, S-419: company on a rack that only a full node has cannot be bought from a pool without racks", () => {
    const running = aPod({ name: "db", nodeName: "n1", labels: { app: "db" } });
    const node = aNodeInput({ labels: { rack: "r1" }, allocatable: { pods: "1" }, pods: [running] });
    const follower = aPod({ name: "web", ...near("db", "rack") });
    const solution = place([follower], { nodes: [node] });
    expect(waiting(solution)).toEqual(["web"]);
    const requirements = [{ key: "rack", operator: "In" as const, values: ["r1", "r2"] }];
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), requirements })];
    expect(place([follower], { nodes: [node], nodePools }).newClaims[0]?.labels).toHaveProperty("rack", "r1");
  });

  it("T-144, S-407: a zone that a pool excludes is no domain to spread over", () => {
    const requirements = [{ key: Label.Zone, operator: "NotIn" as const, values: ["test-zone-9"] }];
    const nodePools = [aPoolInput({ instanceTypes: fixtureTypes(), requirements })];
    const list = pods(6, { labels: { app: "web" }, spec: spreadOver("web", Label.Zone) });
    const solution = place(list, { nodePools });
    expect(waiting(solution)).toEqual([]);
    const perZone = Object.groupBy(
      solution.newClaims.flatMap(({ pods: placed }, index) => placed.map(() => zonesOf(solution)[index]?.join())),
      (zone) => zone ?? "",
    );
    expect(
      Object.entries(perZone)
        .map(([zone, all]) => [zone, all?.length])
        .toSorted(),
    ).toEqual([
      ["test-zone-1", 2],
      ["test-zone-2", 2],
      ["test-zone-3", 2],
    ]);
  });
});
