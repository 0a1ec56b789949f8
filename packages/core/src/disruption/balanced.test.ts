import { describe, expect, it } from "vitest";
import { CapacityType, Label } from "../api/index.ts";
import type { ConsolidationPolicy } from "../api/index.ts";
import {
  aConsolidatedPool,
  aDaemonSetPod,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
  pods,
} from "../testing/builders/index.ts";
import { balancedTotals, bestScore, isApproved, scoreOf, scoresOf } from "./balanced.ts";
import type { PoolTotals } from "./balanced.ts";
import { candidatesOf } from "./candidates.ts";
import { decide } from "./decide.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";

const machine = (name: string, cpu: string, price: number) =>
  anInstanceType({ name, cpu, offerings: [anOffering({ price, zone: "z" })] });
const balanced = (consolidationPolicy: ConsolidationPolicy = "Balanced") => ({ disruption: { consolidationPolicy } });
const allOf = (snapshot: DisruptionSnapshot) =>
  candidatesOf(snapshot, { disruptionClass: "graceful", looksAt: () => true }).accepted;

describe("D-101: the score of a move", () => {
  const mixed = { cost: 58.08, disruption: 90 };

  it.each([
    [7.26, 4, 2.81, true],
    [4.84, 5, 1.5, true],
    [2.42, 9, 0.417, false],
    [0, 11, 0, false],
  ])("DT-76: saving %d for %d disturbances scores %d", (savings, disruption, score, approved) => {
    expect(scoreOf(savings, disruption, mixed)).toBeCloseTo(score, 2);
    expect(isApproved(scoreOf(savings, disruption, mixed))).toBe(approved);
  });

  it("DT-77: exactly one half is enough", () => {
    const score = scoreOf(2.42, 9, { cost: 48.4, disruption: 90 });
    expect(score).toBeCloseTo(0.5, 10);
    expect([isApproved(score), isApproved(0.5)]).toEqual([true, true]);
    expect(isApproved(0.4999)).toBe(false);
  });

  it("DT-78: a pool ten times as large scores the same for ten times the move", () => {
    const large = { cost: 580.8, disruption: 900 };
    expect(scoreOf(72.6, 40, large)).toBeCloseTo(scoreOf(7.26, 4, mixed), 10);
  });

  it.each([
    [5, 1.95, true],
    [32, 0.3, false],
  ])("DT-79: where more pods run, %d disturbances score %d", (disruption, score, approved) => {
    const busy = { cost: 58.08, disruption: 117 };
    expect(scoreOf(4.84, disruption, busy)).toBeCloseTo(score, 2);
    expect(isApproved(scoreOf(4.84, disruption, busy))).toBe(approved);
  });

  it("DT-80: nothing disturbed is fine, nothing saved or nothing known is not", () => {
    expect(scoreOf(1, 0, mixed)).toBe(Infinity);
    expect([isApproved(Infinity), isApproved(0)]).toEqual([true, false]);
    expect(scoreOf(0, 0, mixed)).toBe(0);
    expect(scoreOf(-1, 5, mixed)).toBe(0);
    expect(scoreOf(1, 5, { cost: 0, disruption: 90 })).toBe(0);
    expect(scoreOf(1, 5, { cost: 58, disruption: 0 })).toBe(0);
    expect(scoreOf(Number.NaN, 5, mixed)).toBe(0);
  });

  it("a pool that costs next to nothing is scored like any other", () => {
    expect(scoreOf(0.01, 1, { cost: 0.04, disruption: 1 })).toBe(0.25);
  });

  it("D-102: the best score is that of removing the node for nothing, where the totals are known", () => {
    const node = aDisruptionNode({ type: machine("m", "8", 0.2), pods: pods(3) });
    const pools = [aConsolidatedPool({ instanceTypes: [machine("m", "8", 0.2)] })];
    const [candidate] = allOf(aSnapshot({ nodes: [node], pools }));
    const best = (totals: PoolTotals) => candidate && bestScore(candidate, new Map([["default", totals]]));
    expect(best({ cost: 0.8, disruption: 8 })).toBeCloseTo(0.5);
    expect(best({ cost: 0.2, disruption: 0.5 })).toBeCloseTo(0.125);
    expect([best({ cost: 0, disruption: 8 }), best({ cost: 1, disruption: 0 })]).toEqual([undefined, undefined]);
    expect(candidate && bestScore(candidate, new Map())).toBeUndefined();
  });
});

describe("D-97: what a pool costs in all", () => {
  const type = machine("m", "8", 6);
  const unpriced = anInstanceType({ name: "u", offerings: [anOffering({ zone: "z", price: Number.NaN })] });

  it("D-104: all its nodes count, with what is known of their prices", () => {
    const nodes = [
      aDisruptionNode({ name: "a", type, pods: pods(2) }),
      aDisruptionNode({ name: "b", type, changes: { markedForDeletion: true } }),
      aDisruptionNode({ name: "c", type: unpriced }),
      aDisruptionNode({ name: "other", nodePool: "other", type }),
    ];
    const pools = [
      aConsolidatedPool({ instanceTypes: [type, unpriced], ...balanced() }),
      aConsolidatedPool({ name: "other", instanceTypes: [type] }),
    ];
    expect([...balancedTotals(aSnapshot({ nodes, pools }))]).toEqual([["default", { cost: 12, disruption: 5 }]]);
  });

  it("D-30: of a node that is no candidate mirror pods count too, DaemonSet pods and worthless ones do not", () => {
    const mirror = aPod({ name: "mirror", owner: { apiVersion: "v1", kind: "Node" } });
    const worthless = aPod({ name: "worthless", priority: -2_147_483_648 });
    const own = [mirror, worthless, aDaemonSetPod(), aPod()];
    const nodes = [
      aDisruptionNode({ name: "a", type, pods: own }),
      aDisruptionNode({ name: "b", type, pods: own, changes: { nominatedUntil: Infinity } }),
      aDisruptionNode({ name: "c", type, pods: own, changes: { nominatedUntil: Infinity } }),
    ];
    const pools = [aConsolidatedPool({ instanceTypes: [type], ...balanced() })];
    expect(balancedTotals(aSnapshot({ nodes, pools })).get("default")?.disruption).toBe(2 + 3 + 3);
  });

  it("pools of a fixed size are none of its business", () => {
    const pools = [aConsolidatedPool({ instanceTypes: [type], replicas: 1, ...balanced() })];
    expect(balancedTotals(aSnapshot({ nodes: [aDisruptionNode({ type })], pools })).size).toBe(0);
  });
});

describe("D-99: a move out of several pools", () => {
  const snapshot = aSnapshot({
    nodes: [
      aDisruptionNode({ name: "a", nodePool: "a", type: machine("six", "8", 6), pods: pods(1, { name: "a" }) }),
      aDisruptionNode({ name: "b", nodePool: "b", type: machine("four", "8", 4), pods: pods(9, { name: "b" }) }),
      aDisruptionNode({ name: "c", nodePool: "c", type: machine("none", "8", 0), pods: pods(1, { name: "c" }) }),
    ],
    pools: [
      aConsolidatedPool({ name: "a", instanceTypes: [machine("six", "8", 6)], ...balanced() }),
      aConsolidatedPool({ name: "b", instanceTypes: [machine("four", "8", 4)], ...balanced() }),
      aConsolidatedPool({ name: "c", instanceTypes: [machine("none", "8", 0)] }),
    ],
  });

  it("DT-81: each Balanced pool is credited its share of the price, and each answer is kept", () => {
    const totals = new Map([
      ["a", { cost: 60, disruption: 20 }],
      ["b", { cost: 400, disruption: 100 }],
    ]);
    const scores = scoresOf({ candidates: allOf(snapshot), savings: 10 }, totals);
    expect(scores).toMatchObject([
      { nodePool: "a", nodes: ["a", "b", "c"], score: 6 / 60 / (2 / 20), approved: true },
      { nodePool: "b", nodes: ["a", "b", "c"], score: 4 / 400 / (10 / 100), approved: false },
    ]);
    expect(scores.map(({ savingsShare, disruptionShare }) => [savingsShare, disruptionShare])).toEqual([
      [6 / 60, 2 / 20],
      [4 / 400, 10 / 100],
    ]);
  });

  it("D-99: a pool alone is credited all that is saved, and so is each of several that cost nothing", () => {
    const [a, b, c] = allOf(snapshot);
    const totals = new Map(["a", "b", "c"].map((name) => [name, { cost: 100, disruption: 10 }]));
    const scored = (...candidates: readonly (typeof a)[]) =>
      scoresOf({ candidates: candidates.flatMap((each) => each ?? []), savings: 10 }, totals).map(({ score }) => score);
    expect(scored(b)).toEqual([0.1 / (10 / 10)]);
    expect(scored(c)).toEqual([0.1 / (2 / 10)]);
    expect(scored(c, a && { ...a, rate: { amount: 0, currency: "EUR" } })).toEqual([0.1 / (2 / 10), 0.1 / (2 / 10)]);
  });

  it("DT-81: one pool that rejects is enough to end the move, and pools under another policy are not asked", () => {
    const mover = (nodePool: string, policy: ConsolidationPolicy, count: number) => {
      const type = machine(`own-${nodePool}`, "4", 1);
      const dear = machine(`dear-${nodePool}`, "4", 20);
      const running = pods(count, { name: nodePool, requests: { cpu: "10m" } });
      return {
        nodes: [
          aDisruptionNode({ name: nodePool, nodePool, type, pods: running }),
          aDisruptionNode({
            name: `rest-${nodePool}`,
            nodePool,
            type: dear,
            pods: pods(20, { name: `r-${nodePool}` }),
          }),
        ].map((node, index) => (index === 0 ? node : { ...node, nominatedUntil: Infinity })),
        pool: aConsolidatedPool({ name: nodePool, instanceTypes: [type, dear], ...balanced(policy) }),
      };
    };
    const roomy = aDisruptionNode({ name: "roomy", nodePool: "", node: { capacity: { cpu: "64" } } });
    const told = (...movers: readonly ReturnType<typeof mover>[]) => {
      const nodes = [...movers.flatMap((each) => each.nodes), roomy];
      const { commands, scores } = decide("multi", aSnapshot({ nodes, pools: movers.map(({ pool }) => pool) }));
      return [commands.length, ...scores.map(({ nodePool, approved }) => `${nodePool} ${approved}`)];
    };
    const [light, heavy] = [mover("a", "Balanced", 1), mover("b", "Balanced", 15)];
    expect(told(light, mover("c", "Balanced", 1))).toEqual([1, "a true", "c true"]);
    expect(told(light, heavy)).toEqual([0, "a true", "b false"]);
    expect(told(light, mover("b", "WhenEmptyOrUnderutilized", 15))).toEqual([1, "a true"]);
  });
});

describe("Balanced pools", () => {
  const big = machine("big", "8", 4);

  it("DT-83, D-105: the only node of a pool may go when its pods fit elsewhere", () => {
    const nodes = [
      aDisruptionNode({ name: "a", type: big, pods: pods(3) }),
      aDisruptionNode({ name: "roomy", nodePool: "" }),
    ];
    const pools = [aConsolidatedPool({ instanceTypes: [big], ...balanced() })];
    const { commands, scores } = decide("single", aSnapshot({ nodes, pools }));
    expect(commands).toMatchObject([{ decision: "delete", nodes: ["a"] }]);
    expect(scores).toMatchObject([{ nodePool: "default", nodes: ["a"], score: 1, approved: true }]);
  });

  it.each([
    [1.9, "replace", "Selected"],
    [2.1, undefined, "ScoreTooLow"],
  ])("D-106: in a uniform pool a replacement at %d has to halve the price", (price, decision, code) => {
    const less = machine("less", "7", price);
    const full = (name: string) =>
      aDisruptionNode({ name, type: big, pods: [aPod({ name, nodeName: "x", requests: { cpu: "5" } })] });
    const nodes = [full("a"), full("b")];
    const pools = [aConsolidatedPool({ instanceTypes: [big, less], ...balanced() })];
    const { commands, verdicts } = decide("single", aSnapshot({ nodes, pools }));
    expect([commands[0]?.decision, verdicts[0]?.code]).toEqual([decision, code]);
  });

  it("D-102: a node that saves too little even when it goes for nothing is not asked about", () => {
    const tiny = machine("tiny", "8", 0.01);
    const nodes = [
      aDisruptionNode({ name: "busy", type: tiny, pods: pods(20) }),
      aDisruptionNode({ name: "dear", type: big, changes: { nominatedUntil: Infinity } }),
    ];
    const pools = [aConsolidatedPool({ instanceTypes: [big, tiny], ...balanced() })];
    const { verdicts, scores } = decide("single", aSnapshot({ nodes, pools }));
    expect(verdicts.find(({ node }) => node === "busy")).toMatchObject({
      code: "ScoreTooLow",
      detail: "the move scores at best 0.00; 0.50 is needed",
      nearest: { missing: "0.50 of the score" },
    });
    expect(scores).toEqual([]);
  });

  it("D-91, D-103: several nodes together are scored as well, and the last rejection is told", () => {
    const own = machine("own", "2", 1);
    const target = machine("target", "8", 1.95);
    const nodes = ["a", "b"].map((name) =>
      aDisruptionNode({ name, type: own, pods: [aPod({ name, nodeName: "x", requests: { cpu: "1500m" } })] }),
    );
    const decideFor = (policy: ConsolidationPolicy) =>
      decide(
        "multi",
        aSnapshot({ nodes, pools: [aConsolidatedPool({ instanceTypes: [own, target], ...balanced(policy) })] }),
      );
    expect(decideFor("WhenEmptyOrUnderutilized").commands).toHaveLength(1);
    const { commands, verdicts, scores } = decideFor("Balanced");
    expect([commands, verdicts.map(({ code }) => code)]).toEqual([[], ["ScoreTooLow", "ScoreTooLow"]]);
    expect(scores).toMatchObject([{ nodePool: "default", approved: false }]);
    expect(verdicts[0]?.detail).toBe("together with 1 others: NodePool default scores 0.03; 0.50 is needed");
    expect(scores[0]?.score).toBeCloseTo(0.025);
  });

  it("D-103: the last rejection is told also when fewer nodes fail for another reason after it", () => {
    const own = machine("own", "2", 1);
    const target = machine("target", "10", 2.5);
    const nodes = ["a", "b", "c", "d"].map((name) =>
      aDisruptionNode({ name, type: own, pods: [aPod({ name, nodeName: "x", requests: { cpu: "1500m" } })] }),
    );
    const pools = [aConsolidatedPool({ instanceTypes: [own, target], ...balanced() })];
    const { commands, scores, verdicts } = decide("multi", aSnapshot({ nodes, pools }));
    expect([commands, verdicts.map(({ code }) => code)]).toEqual([[], ["NotCheaper", "NotCheaper", "ScoreTooLow"]]);
    expect(scores).toMatchObject([{ nodePool: "default", nodes: ["a", "b", "c"], approved: false }]);
  });

  it("DT-82, D-98: what is saved is counted with prices that the pool really can have", () => {
    const onDemand = {
      requirements: [{ key: Label.CapacityType, operator: "In" as const, values: [CapacityType.OnDemand] }],
    };
    const either = anInstanceType({
      name: "either",
      cpu: "7",
      offerings: [
        anOffering({ zone: "z", price: 0.1, capacityType: "spot" }),
        anOffering({ zone: "y", price: 0.2, available: "sold out" }),
        anOffering({ zone: "z", price: 3 }),
      ],
    });
    const source = anInstanceType({
      name: "big",
      cpu: "8",
      offerings: [anOffering({ zone: "z", price: 4, available: "sold out" })],
    });
    const nodes = [aDisruptionNode({ name: "a", type: source, pods: [aPod({ requests: { cpu: "5" } })] })];
    const decideFor = (policy: ConsolidationPolicy) =>
      decide(
        "single",
        aSnapshot({
          nodes,
          pools: [aConsolidatedPool({ instanceTypes: [source, either], ...onDemand, ...balanced(policy) })],
        }),
      );
    expect(decideFor("WhenEmptyOrUnderutilized").commands[0]?.savings).toBeCloseTo(1);
    expect(decideFor("Balanced").scores[0]?.score).toBeCloseTo(0.25);
  });
});
