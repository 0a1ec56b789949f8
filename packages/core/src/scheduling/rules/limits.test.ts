// How far a NodePool may grow within one solve (S-312).

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { Pod } from "../../api/index.ts";
import {
  anInstanceType,
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  fixtureTypes,
  nextRound,
  pods,
} from "../../testing/builders/index.ts";
import type { PodOptions, PoolInputOptions } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { companies, refusals, waiting } from "../../testing/read-solution.ts";
import type { NodeInput, ProblemInput, Solution } from "../index.ts";

const cpu = (amount: string): PodOptions => ({ requests: { cpu: amount } });
/** No two of them on one node. */
const apart = (amount: string): PodOptions => ({
  ...cpu(amount),
  labels: { app: "apart" },
  spec: {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { app: "apart" } }, topologyKey: Label.Hostname },
        ],
      },
    },
  },
});
const full = (capacity: string): NodeInput => aNodeInput({ capacity: { cpu: capacity }, allocatable: { cpu: "0" } });

describe.each(PARITY_ENGINES)("limits ($name)", (engine) => {
  function problemOf(list: readonly Pod[], pool: PoolInputOptions, nodes: readonly NodeInput[] = []): ProblemInput {
    return aProblem({ pods: list, nodePools: [aPoolInput({ instanceTypes: fixtureTypes(), ...pool })], nodes });
  }
  function solved(problem: ProblemInput): Solution {
    return expectValid(problem, engine.solve(problem));
  }

  it("T-112: under a limit of 2 cpu a pod of 1.75 gets a node and one of 2.1 does not", () => {
    const limits = { cpu: "2" };
    expect(solved(problemOf([aPod(cpu("1750m"))], { limits })).newClaims).toHaveLength(1);
    expect(refusals(solved(problemOf([aPod(cpu("2100m"))], { limits })))).toEqual(["InsufficientResources"]);
  });

  it("T-112: what a round has bought counts in the next one", () => {
    const problem = problemOf([aPod(cpu("1750m"))], { limits: { cpu: "2" } });
    const late = aPod({ name: "late", ...cpu("1750m") });
    const second = solved(nextRound(problem, solved(problem), [late]));
    expect(waiting(second)).toEqual(["late"]);
    expect(refusals(second)).toEqual(["LimitExceeded"]);
  });

  it("T-112: under a limit of 3 cpu one of two pods of 1.5 that keep apart gets a node", () => {
    const solution = solved(problemOf(pods(2, apart("1500m")), { limits: { cpu: "3" } }));
    expect(companies(solution)).toEqual([["web-0"]]);
    expect(solution.failures[0]?.summary).toBe(
      "limit cpu 3: 2 in use or planned, small would add 2 (NodePool default); raise spec.limits of the NodePool",
    );
  });

  it("T-113: a limit of two nodes holds within one batch of three pods that keep apart", () => {
    const solution = solved(problemOf(pods(3, apart("10m")), { limits: { nodes: "2" } }));
    expect(companies(solution)).toEqual([["web-0"], ["web-1"]]);
    expect(refusals(solution)).toEqual(["NodeLimitReached"]);
    expect(solution.failures[0]?.summary).toBe(
      "limit nodes 2 is reached: 2 exist or are planned (NodePool default); raise spec.limits of the NodePool",
    );
  });

  it("S-312: a pool that has more nodes than its limit gets no other", () => {
    const nodes = [full("1"), { ...full("1"), name: "n2" }];
    expect(refusals(solved(problemOf([aPod(cpu("10m"))], { limits: { nodes: "1" } }, nodes)))).toEqual([
      "NodeLimitReached",
    ]);
  });

  it("T-114: above its limit a pool adds nothing", () => {
    const solution = solved(problemOf([aPod(cpu("1"))], { limits: { cpu: "4" } }, [full("8")]));
    expect(refusals(solution)).toEqual(["LimitExceeded"]);
  });

  it("S-312: nodes of other pools do not count", () => {
    const foreign = { ...full("8"), nodePool: "other" };
    expect(solved(problemOf([aPod(cpu("1"))], { limits: { cpu: "4" } }, [foreign])).newClaims).toHaveLength(1);
  });

  it("S-312: a claim is booked at the largest type it may become", () => {
    const instanceTypes = [anInstanceType({ name: "m.2", cpu: "2" }), anInstanceType({ name: "m.4", cpu: "4" })];
    const two = pods(2, apart("1500m"));
    expect(companies(solved(problemOf(two, { limits: { cpu: "5" }, instanceTypes })))).toEqual([["web-0"]]);
    expect(companies(solved(problemOf(two, { limits: { cpu: "6" }, instanceTypes })))).toEqual([["web-0"], ["web-1"]]);
  });

  it("S-312: room that a claim no longer needs is given back", () => {
    const instanceTypes = [
      anInstanceType({ name: "big", cpu: "8" }),
      anInstanceType({ name: "lean", cpu: "4", arch: "arm64" }),
    ];
    const arm64 = { nodeSelector: { [Label.Arch]: "arm64" } };
    const first = aPod({ name: "first", ...cpu("3") });
    const second = aPod({ name: "second", ...cpu("2"), ...arm64 });
    const third = aPod({ name: "third", ...cpu("500m"), ...arm64 });
    const pool = { limits: { cpu: "8" }, instanceTypes };
    // The first claim may become the big type, so nothing is left for the second, until the third pod rules that out.
    expect(refusals(solved(problemOf([first, second], pool)))).toEqual(["LimitExceeded"]);
    expect(companies(solved(problemOf([first, second, third], pool)))).toEqual([["first", "third"], ["second"]]);
  });

  it("a limit beyond what can be counted is no limit", () => {
    expect(solved(problemOf([aPod(cpu("1"))], { limits: { memory: "100Pi" } })).newClaims).toHaveLength(1);
  });

  it("S-312: the next pool takes over when the first is full", () => {
    const nodePools = [
      aPoolInput({ name: "first", weight: 10, limits: { cpu: "16" }, instanceTypes: fixtureTypes() }),
      aPoolInput({ name: "rest", instanceTypes: fixtureTypes() }),
    ];
    const problem = aProblem({ pods: pods(2, cpu("15")), nodePools });
    expect(solved(problem).newClaims.map(({ nodePool }) => nodePool)).toEqual(["first", "rest"]);
  });
});
