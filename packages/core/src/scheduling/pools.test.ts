import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { Requirement } from "../requirements/index.ts";
import {
  anInstanceType,
  anOffering,
  aNodeInput,
  aPod,
  aPoolInput,
  aProblem,
  ascendingTypes,
  fixtureTypes,
  pods,
} from "../testing/builders/index.ts";
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

const cpu = (amount: string) => ({ requests: { cpu: amount } });

describe("weights", () => {
  it("S-304, T-115: the heaviest pool comes first", () => {
    expect(plan([aPod()], [{ name: "b", weight: 20 }, { name: "a", weight: 100 }, { name: "c" }]).pools).toEqual(["a"]);
  });

  it("S-304, T-115: equal weights go by name, later first", () => {
    expect(plan([aPod()], [{ name: "a" }, { name: "c" }, { name: "b" }]).pools).toEqual(["c"]);
  });

  it("T-115: a pod that names its pool goes there whatever the weights", () => {
    const pod = aPod({ nodeSelector: { [Label.NodePool]: "light" } });
    expect(plan([pod], [{ name: "heavy", weight: 100 }, { name: "light" }]).pools).toEqual(["light"]);
  });

  it("S-327, S-328: a pool whose taint is a preference is used only when no other takes the pod", () => {
    const taints = [{ key: "soft", effect: "PreferNoSchedule" as const }];
    expect(plan([aPod()], [{ name: "soft", weight: 9, taints }, { name: "plain" }]).pools).toEqual(["plain"]);
    expect(plan([aPod()], [{ name: "soft", weight: 9, taints }]).pools).toEqual(["soft"]);
  });

  it("S-328, T-49: the same holds for an existing node", () => {
    const node = aNodeInput({ nodePool: "", taints: [{ key: "soft", effect: "PreferNoSchedule" }] });
    const { existing } = plan([aPod()], [{ limits: { cpu: "0" } }], { nodes: [node] });
    expect(existing.map(({ node: name }) => name)).toEqual(["n1"]);
  });
});

describe("pools that take no part", () => {
  it.each([
    [{ deletionTimestamp: "2026-01-01T00:00:00Z" }, "NodePoolDeleting"],
    [{ replicas: 2 }, "NodePoolStatic"],
    [
      {
        status: { conditions: [{ type: "Ready", status: "False", reason: "x", message: "", lastTransitionTime: "" }] },
      },
      "NodePoolNotReady",
    ],
    [{ instanceTypes: [] }, "InstanceTypesUnavailable"],
    [{ skipped: { reason: "OverlayPending", detail: "prices are being worked out" } }, "OverlayPending"],
  ] as const)("S-301, T-116: %j is explained as %s", (pool, reason) => {
    const { failures, pools } = plan([aPod()], [pool]);
    expect(pools).toEqual([]);
    expect(failures[0]?.nodePools[0]).toMatchObject({ verdict: "skipped", reason });
  });

  it("T-117: without any pool a pod learns that", () => {
    expect(plan([aPod()], []).summaries).toEqual(["no dynamic NodePool found that could add a node"]);
  });
});

describe("limits", () => {
  it("S-312, T-112: a claim is booked at its largest type, so the next one finds the limit reached", () => {
    const types = [anInstanceType({ name: "m.2", cpu: "2" })];
    const pool = { limits: { cpu: "2" }, instanceTypes: types };
    expect(plan([aPod(cpu("1.75"))], [pool]).pools).toEqual(["default"]);
    expect(plan([aPod(cpu("2.1"))], [pool]).reasons).toEqual(["InsufficientResources"]);
    const two = plan(pods(2, cpu("1.75")), [pool]);
    expect(two.pools).toEqual(["default"]);
    expect(two.summaries).toEqual([
      "limit cpu 2: 2 in use or planned, m.2 would add 2 (NodePool default); raise spec.limits of the NodePool",
    ]);
  });

  it("T-112: what exists counts", () => {
    const node = aNodeInput({ capacity: { cpu: "2" }, allocatable: { cpu: "0" } });
    const { reasons } = plan([aPod(cpu("1.75"))], [{ limits: { cpu: "2" } }], { nodes: [node] });
    expect(reasons).toEqual(["LimitExceeded"]);
  });

  it("T-114: above its limit a pool adds nothing", () => {
    const node = aNodeInput({ capacity: { cpu: "8" }, allocatable: { cpu: "0" } });
    expect(plan([aPod(cpu("1"))], [{ limits: { cpu: "4" } }], { nodes: [node] }).reasons).toEqual(["LimitExceeded"]);
  });

  it("nodes of other pools do not count", () => {
    const node = aNodeInput({ nodePool: "other", capacity: { cpu: "8" }, allocatable: { cpu: "0" } });
    expect(plan([aPod(cpu("1"))], [{ limits: { cpu: "4" } }], { nodes: [node] }).pools).toEqual(["default"]);
  });

  it("S-312, T-113: a limit on nodes holds within one batch", () => {
    const { pools, failures, summaries } = plan(pods(3, cpu("15")), [{ limits: { nodes: "2" } }]);
    expect(pools).toHaveLength(2);
    expect(failures[0]?.nodePools[0]?.reason).toBe("NodeLimitReached");
    expect(summaries).toEqual([
      "limit nodes 2 is reached: 2 exist or are planned (NodePool default); raise spec.limits of the NodePool",
    ]);
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
    expect(plan([first, second], [pool]).reasons).toEqual(["LimitExceeded"]);
    expect(plan([first, second, third], [pool])).toMatchObject({ failures: [], pools: ["default", "default"] });
  });

  it("a limit beyond what can be counted is no limit", () => {
    expect(plan([aPod(cpu("1"))], [{ limits: { memory: "100Pi" } }]).pools).toEqual(["default"]);
  });

  it("T-112: the next pool takes over when the first is full", () => {
    const { pools } = plan(pods(2, cpu("15")), [
      { name: "first", weight: 10, limits: { cpu: "16" } },
      { name: "rest" },
    ]);
    expect(pools).toEqual(["first", "rest"]);
  });
});

describe("minValues", () => {
  const cheap = anInstanceType({ name: "cheap", cpu: "1", offerings: [anOffering({ price: 0.52 })] });
  const dear = anInstanceType({ name: "dear", cpu: "4", offerings: [anOffering({ price: 1 })] });
  const types = (minValues: number) => ({
    instanceTypes: [cheap, dear],
    requirements: [{ key: Label.InstanceType, operator: "Exists" as const, minValues }],
  });

  it("S-509, T-118: a pod that would leave too few types opens another claim", () => {
    const { newClaims } = plan(pods(2, cpu("900m")), [types(2)]);
    expect(newClaims.map(({ instanceTypes }) => instanceTypes.map(({ name }) => name))).toEqual([
      ["cheap", "dear"],
      ["cheap", "dear"],
    ]);
  });

  it("S-511, T-118: a list that may not hold enough of them drops the claim, and its pods say why", () => {
    const { newClaims, reasons, summaries } = plan(pods(2, cpu("900m")), [types(2)], { maxInstanceTypes: 1 });
    expect(newClaims).toEqual([]);
    expect(reasons).toEqual(["MinValues", "MinValues"]);
    expect(summaries[0]).toBe(`minValues 2 of ${Label.InstanceType}: only 1 left (cheap) (NodePool default)`);
  });

  it("S-508, T-119: too few types for the pool make the pool useless", () => {
    const { reasons, summaries } = plan([aPod(cpu("1m"))], [types(3)]);
    expect(reasons).toEqual(["MinValues"]);
    expect(summaries[0]).toContain("minValues 3");
  });

  it("T-120: the larger of two demands on one key counts", () => {
    const key = Label.InstanceType;
    const requirements = [
      { key, operator: "In" as const, values: ["cheap", "dear"], minValues: 1 },
      { key, operator: "NotIn" as const, values: ["dear"], minValues: 2 },
    ];
    expect(plan([aPod()], [{ instanceTypes: [cheap, dear], requirements }]).reasons).toEqual(["MinValues"]);
  });

  it("S-511: only the cheapest types are listed", () => {
    const { newClaims } = plan([aPod()], [{ instanceTypes: ascendingTypes(9) }], { maxInstanceTypes: 3 });
    expect(newClaims[0]?.instanceTypes.map(({ name }) => name)).toEqual(["fake-it-0", "fake-it-1", "fake-it-2"]);
  });

  it("S-511: a dearer type is kept when only it brings a value that is asked for", () => {
    const family = (name: string, value: string, price: number) =>
      anInstanceType({
        name,
        offerings: [anOffering({ price })],
        requirements: [Requirement.of("family", "In", [value])],
      });
    const instanceTypes = [family("a1", "a", 1), family("a2", "a", 2), family("b1", "b", 3)];
    const requirements = [{ key: "family", operator: "Exists" as const, minValues: 2 }];
    const { newClaims } = plan([aPod()], [{ instanceTypes, requirements }], { maxInstanceTypes: 2 });
    expect(newClaims[0]?.instanceTypes.map(({ name }) => name)).toEqual(["a1", "b1"]);
  });
});
