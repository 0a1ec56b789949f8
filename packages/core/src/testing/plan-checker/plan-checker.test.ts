// Bugs planted into a solver and into its plans; the checker has to name each, and has nothing to say without the bug.

import { afterAll, describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import { solve } from "../../scheduling/index.ts";
import type { Solution } from "../../scheduling/index.ts";
import { aNodeInput, aPod } from "../builders/index.ts";
import { checkPlan } from "./index.ts";
import { problem, required } from "./test-clusters.ts";
import type { PlantedBug } from "./test-clusters.ts";
import { companyBugs } from "./test-company-bugs.ts";
import { planBugs } from "./test-plan-bugs.ts";
import { solverBugs } from "./test-solver-bugs.ts";
import { misread } from "./test-told.ts";
import { volumeBugs } from "./test-volume-bugs.ts";

const caught: string[] = [];

function expectCaught({ bug, rule, input }: PlantedBug, plan: Solution): void {
  const violations = checkPlan(input, plan);
  const [found] = violations.filter((violation) => violation.rule === rule);
  caught.push(`${bug.padEnd(64)} ${rule.padEnd(16)} ${found?.detail ?? "NOT CAUGHT"}`);
  expect(violations.map((violation) => violation.rule)).toContain(rule);
}

describe("a planted bug is caught, and its cluster is planned cleanly without it", () => {
  it.each([...solverBugs, ...companyBugs, ...volumeBugs])("in the solver: $bug", (planted) => {
    expect(checkPlan(planted.input, solve(planted.input))).toEqual([]);
    expectCaught(planted, misread(planted.input, planted.misreading));
  });

  it.each(planBugs)("in the plan: $bug", (planted) => {
    const plan = solve(planted.input);
    expect(checkPlan(planted.input, plan)).toEqual([]);
    expectCaught(planted, planted.change(plan));
  });

  afterAll(() => {
    process.stdout.write(`planted bugs, ${caught.length}:\n${caught.join("\n")}\n`);
  });
});

describe("a machine whose zone is still open", () => {
  const follower = aPod({ name: "f", spec: { affinity: { podAffinity: required(Label.Zone) } } });
  const leaderIn = (zone: string) =>
    aNodeInput({
      name: zone,
      labels: { [Label.Zone]: zone },
      capacity: { pods: "1" },
      pods: [aPod({ name: `leader-${zone}`, nodeName: zone, labels: { app: "web" } })],
    });

  it("suits a follower when the pods it follows are in each of its zones", () => {
    const input = problem({ pods: [follower], nodes: ["zone-a", "zone-b"].map(leaderIn) });
    const plan = solve(input);
    expect(plan.newClaims).toHaveLength(1);
    expect(checkPlan(input, plan)).toEqual([]);
  });

  it("does not when they are in one of them only", () => {
    const input = problem({ pods: [follower], nodes: [leaderIn("zone-a")] });
    const plan = solve(problem({ pods: [follower], nodes: ["zone-a", "zone-b"].map(leaderIn) }));
    expect(checkPlan(input, plan).map(({ rule }) => rule)).toEqual(["PodAffinity"]);
  });
});
