// How many different values a claim must leave open, and what becomes of it when there are fewer (S-118, S-508…S-511).
// Scenarios of docs/reference/upstream-parity.md: E-131.

import { describe, expect, it } from "vitest";
import { Annotation, Label } from "../../api/index.ts";
import type { RequirementSpec } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import { Requirement } from "../../requirements/index.ts";
import {
  anInstanceType,
  anOffering,
  aPod,
  aPoolInput,
  aProblem,
  ascendingTypes,
  pods,
} from "../../testing/builders/index.ts";
import type { PoolInputOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { companies, refusals, typeNames, waiting } from "../../testing/read-solution.ts";
import type { PlannedClaim, ProblemInput, Solution } from "../index.ts";
import { nodeClaimFromPlan } from "../index.ts";

const cheap = anInstanceType({ name: "cheap", cpu: "1", offerings: [anOffering({ price: 0.52 })] });
const dear = anInstanceType({ name: "dear", cpu: "4", offerings: [anOffering({ price: 1 })] });
const several = (key: string, minValues: number): RequirementSpec => ({ key, operator: "Exists", minValues });
const twoTypes = (minValues: number, pool: PoolInputOptions = {}): PoolInputOptions => ({
  instanceTypes: [cheap, dear],
  requirements: [several(Label.InstanceType, minValues)],
  ...pool,
});
const cpu = (amount: string) => ({ requests: { cpu: amount } });
const inFamily = (name: string, value: string, price: number): InstanceType =>
  anInstanceType({
    name,
    offerings: [anOffering({ price })],
    requirements: [Requirement.of("family", "In", [value])],
  });

describe.each(PARITY_ENGINES)("minValues ($name)", (engine) => {
  function plan(changes: Partial<ProblemInput>, ...pools: readonly PoolInputOptions[]): Solution {
    const problem = aProblem({ nodePools: pools.map(aPoolInput), ...changes });
    return expectValid(problem, engine.solve(problem));
  }

  it("T-118: a pod that would leave fewer than two types opens a second claim, and both list both types", () => {
    const { newClaims } = plan({ pods: pods(2, cpu("900m")) }, twoTypes(2));
    expect(newClaims.map(typeNames)).toEqual([
      ["cheap", "dear"],
      ["cheap", "dear"],
    ]);
  });

  it("T-118, S-511: where only one type may be listed, both pods wait and say why", () => {
    const solution = plan({ pods: pods(2, cpu("900m")), maxInstanceTypes: 1 }, twoTypes(2));
    expect(waiting(solution)).toEqual(["web-0", "web-1"]);
    expect(refusals(solution)).toEqual(["MinValues", "MinValues"]);
    expect(solution.failures[0]?.summary).toBe(
      `minValues 2 of ${Label.InstanceType}: only 1 left (cheap) (NodePool default)`,
    );
  });

  it("T-119, S-509: three of two types is too much under Strict", () => {
    const solution = plan({ pods: [aPod()] }, twoTypes(3));
    expect(refusals(solution)).toEqual(["MinValues"]);
    expect(solution.failures[0]?.summary).toContain("minValues 3");
  });

  it("T-119, S-510: BestEffort asks for the two there are, and the claim says so", () => {
    const { newClaims } = plan({ pods: [aPod()], minValuesPolicy: "BestEffort" }, twoTypes(3));
    expect(newClaims).toMatchObject([{ minValuesRelaxed: true }]);
    expect(newClaims[0]?.requirements.get(Label.InstanceType).minValues).toBe(2);
    expect(annotationOf(newClaims)).toBe("true");
  });

  it("S-510: BestEffort marks only what it had to lower", () => {
    const { newClaims } = plan({ pods: [aPod()], minValuesPolicy: "BestEffort" }, twoTypes(2));
    expect(newClaims).toMatchObject([{ minValuesRelaxed: false }]);
    expect(newClaims[0]?.requirements.get(Label.InstanceType).minValues).toBe(2);
    expect(annotationOf(newClaims)).toBe("false");
  });

  it("T-119, S-510: a heavier pool is relaxed before a lighter one is used", () => {
    const pools = [twoTypes(3, { name: "heavy", weight: 9 }), twoTypes(2, { name: "light" })];
    const strict = plan({ pods: [aPod()] }, ...pools);
    const bestEffort = plan({ pods: [aPod()], minValuesPolicy: "BestEffort" }, ...pools);
    expect(strict.newClaims).toMatchObject([{ nodePool: "light", minValuesRelaxed: false }]);
    expect(bestEffort.newClaims).toMatchObject([{ nodePool: "heavy", minValuesRelaxed: true }]);
  });

  it("S-509: BestEffort lowers when a claim is opened, and holds later pods to it", () => {
    const changes = { pods: pods(2, cpu("900m")), minValuesPolicy: "BestEffort" } as const;
    const { newClaims } = plan(changes, twoTypes(3));
    expect(newClaims.map((claim) => [claim.pods.length, ...typeNames(claim)])).toEqual([
      [1, "cheap", "dear"],
      [1, "cheap", "dear"],
    ]);
    const fixed = plan({ ...changes, pods: pods(2, cpu("1900m")) }, twoTypes(3));
    expect(fixed.newClaims.map((claim) => [claim.pods.length, ...typeNames(claim)])).toEqual([[2, "dear"]]);
  });

  it("S-511: BestEffort lowers once more to what a short list has", () => {
    const changes = { pods: [aPod()], minValuesPolicy: "BestEffort", maxInstanceTypes: 1 } as const;
    const { newClaims } = plan(changes, twoTypes(2));
    expect(newClaims.map(typeNames)).toEqual([["cheap"]]);
    expect(newClaims[0]?.requirements.get(Label.InstanceType).minValues).toBe(1);
    expect(newClaims[0]?.minValuesRelaxed).toBe(true);
  });

  it("T-120: In with 1 and NotIn with 2 on one key make 2", () => {
    const key = Label.InstanceType;
    const third = anInstanceType({ name: "third" });
    const requirements = (values: readonly string[]): readonly RequirementSpec[] => [
      { key, operator: "In", values: ["cheap", "dear", "third"], minValues: 1 },
      { key, operator: "NotIn", values, minValues: 2 },
    ];
    const instanceTypes = [cheap, dear, third];
    const one = plan({ pods: [aPod()] }, { instanceTypes, requirements: requirements(["dear", "third"]) });
    const two = plan({ pods: [aPod()] }, { instanceTypes, requirements: requirements(["third"]) });
    expect(refusals(one)).toEqual(["MinValues"]);
    expect(two.newClaims.map(typeNames)).toEqual([["cheap", "dear"]]);
  });

  it("S-511: only the cheapest types are listed", () => {
    const { newClaims } = plan({ pods: [aPod()], maxInstanceTypes: 3 }, { instanceTypes: ascendingTypes(9) });
    expect(newClaims.map(typeNames)).toEqual([["fake-it-0", "fake-it-1", "fake-it-2"]]);
  });

  it("S-511: a dearer type is listed when only it brings a value that is asked for", () => {
    const instanceTypes = [inFamily("a1", "a", 1), inFamily("a2", "a", 2), inFamily("b1", "b", 3)];
    const pool = { instanceTypes, requirements: [several("family", 2)] };
    const { newClaims } = plan({ pods: [aPod()], maxInstanceTypes: 2 }, pool);
    expect(newClaims.map(typeNames)).toEqual([["a1", "b1"]]);
  });

  it("S-511: nobody relies on a pod whose claim could not be listed", () => {
    const leader = aPod({
      name: "a-leader",
      labels: { app: "lead" },
      ...cpu("1"),
      nodeSelector: { size: "picky", [Label.Zone]: "test-zone-1" },
    });
    const follower = aPod({
      name: "follower",
      tolerations: [{ key: "other", operator: "Exists" }],
      spec: {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: { app: "lead" } }, topologyKey: Label.Zone },
            ],
          },
        },
      },
    });
    const pools = [
      twoTypes(2, { name: "picky", labels: { size: "picky" } }),
      { name: "other", taints: [{ key: "other", effect: "NoSchedule" as const }], instanceTypes: [dear] },
    ];
    const changes = { pods: [leader, follower] };
    expect(companies(plan(changes, ...pools)).flat()).toEqual(["a-leader", "follower"]);
    expect(waiting(plan({ ...changes, maxInstanceTypes: 1 }, ...pools))).toEqual(["a-leader", "follower"]);
  });
});

function annotationOf([planned]: readonly PlannedClaim[]): string | undefined {
  if (planned === undefined) return undefined;
  const { nodePool } = aPoolInput();
  const claim = nodeClaimFromPlan(planned, nodePool, { nodePoolHash: "1", hashVersion: "v4" });
  return claim.metadata.annotations?.[Annotation.MinValuesRelaxed];
}
