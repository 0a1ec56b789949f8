// Scenarios of docs/reference/upstream-parity.md: E-163.

import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import type { DisruptionReason } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
} from "../../testing/builders/index.ts";
import { decide } from "../decide.ts";
import type { DecideOptions } from "../decide-options.ts";

const machine = (name: string, cpu: string, price: number) =>
  anInstanceType({ name, cpu, offerings: [anOffering({ price, zone: "z" })] });
const full = (name: string, type: InstanceType, nodePool: string) =>
  aDisruptionNode({ name, type, nodePool, pods: [tied(name, nodePool)] });
/** It runs in its own pool only. */
const tied = (name: string, pool: string) =>
  aPod({ name, nodeName: "x", requests: { cpu: "2" }, nodeSelector: { [Label.NodePool]: pool } });

/**
 * Each pool has three full nodes about which nothing can be done. Whatever runs in a is dearer than all that runs in b, and that than c.
 */
const PRICES: Readonly<Record<string, number>> = { a: 100, b: 10, c: 1 };
const names = ["a", "b", "c"];
const sales = (name: string) =>
  [1, 2, 3].map((price) => machine(`m${price}-${name}`, "2", price * (PRICES[name] ?? 0)));
const pools = names.map((name) => aConsolidatedPool({ name, instanceTypes: sales(name), limits: { cpu: "0" } }));
const nodes = names.flatMap((name) => sales(name).map((type, index) => full(`${name}${3 - index}`, type, name)));

function single(options: DecideOptions = {}, more: Partial<Parameters<typeof aSnapshot>[0]> = {}) {
  return decide("single", aSnapshot({ nodes, pools, ...more }), options);
}

describe("D-95: one by one", () => {
  it("DT-73: the pools take turns, each with the best it has left", () => {
    expect(single().eligible).toEqual(["a1", "b1", "c1", "a2", "b2", "c2", "a3", "b3", "c3"]);
  });

  it("DT-74: time that is up before the first leaves all pools unseen", () => {
    const { unseenPools, timedOut, verdicts, commands } = single({ shouldStop: () => true });
    expect([unseenPools, timedOut, commands]).toEqual([["a", "b", "c"], true, []]);
    expect(verdicts.map(({ code }) => code)).toEqual(Array.from({ length: 9 }, () => "NotReached"));
  });

  it("DT-74: pools that were not seen come first the next time", () => {
    expect(single({ unseenPools: new Set(["c"]) }).eligible.slice(0, 4)).toEqual(["c1", "a1", "b1", "c2"]);
  });

  it("DT-74: when all were looked at none is unseen", () => {
    const { unseenPools, timedOut, verdicts } = single();
    expect([unseenPools, timedOut]).toEqual([[], false]);
    expect(verdicts).toHaveLength(9);
  });

  it("D-95b: a pool is seen although its budget is used up", () => {
    let asked = 0;
    const closed = pools.map((pool) => ({
      ...pool,
      nodePool: { ...pool.nodePool, spec: { ...pool.nodePool.spec, disruption: { budgets: [{ nodes: "0" }] } } },
    }));
    const { unseenPools, constrained, verdicts } = single({ shouldStop: () => ++asked > 2 }, { pools: closed });
    expect(unseenPools).toEqual(["c"]);
    expect(constrained).toBe(true);
    expect(verdicts.slice(0, 3).map(({ node, code }) => `${node} ${code}`)).toEqual([
      "a1 Budget",
      "b1 Budget",
      "c1 NotReached",
    ]);
  });

  it("D-95: a command that is found on the way leaves the pools that were passed over first the next time", () => {
    const cheap = machine("cheap", "2", 0.5);
    const better = pools.map((pool) => (pool.nodePool.metadata.name === "b" ? withType(pool, cheap) : pool));
    const { commands, unseenPools } = single({ unseenPools: new Set(["c"]) }, { pools: better });
    expect(commands).toHaveLength(1);
    expect(unseenPools).toEqual(["c"]);
  });

  it("D-95c: the first that something can be done about is taken, and the others wait", () => {
    const cheap = machine("cheap", "2", 0.5);
    const better = pools.map((pool) => (pool.nodePool.metadata.name === "b" ? withType(pool, cheap) : pool));
    const { commands, verdicts, timedOut, constrained, unseenPools, scores } = single({}, { pools: better });
    expect(commands).toMatchObject([{ method: "single", decision: "replace", nodes: ["b1"] }]);
    expect(verdicts[1]?.detail).toBe("something cheaper takes its place");
    expect([timedOut, constrained, unseenPools, scores]).toEqual([false, false, [], []]);
    expect(verdicts.map(({ node, code }) => `${node} ${code}`)).toEqual(["a1 PodsUnschedulable", "b1 Selected"]);
  });

  it("D-57, D-95c: one node that a budget held back is remembered, whatever comes after it", () => {
    const closed = pools.map((pool) => (pool.nodePool.metadata.name === "a" ? without(pool) : pool));
    const { constrained, commands, verdicts } = single({}, { pools: closed });
    expect([constrained, commands]).toEqual([true, []]);
    expect(verdicts.filter(({ code }) => code === "Budget").map(({ node }) => node)).toEqual(["a1", "a2", "a3"]);
    const cheap = machine("cheap", "2", 0.5);
    const better = closed.map((pool) => (pool.nodePool.metadata.name === "b" ? withType(pool, cheap) : pool));
    const found = single({}, { pools: better });
    expect([found.constrained, found.commands[0]?.nodes]).toEqual([true, ["b1"]]);
  });

  it.each(["single", "multi"] as const)(
    "D-31: only budgets of the reason Underutilized hold nodes with pods: %s",
    (method) => {
      const type = machine("m", "2", 1);
      const roomy = aDisruptionNode({ name: "roomy", nodePool: "", node: { capacity: { cpu: "64" } } });
      const own = ["x", "y"].map((name) => aDisruptionNode({ name, type, pods: [aPod({ name })] }));
      const under = (...reasons: readonly DisruptionReason[]) => {
        const disruption = { budgets: [{ nodes: "0", reasons }] };
        const open = [aConsolidatedPool({ instanceTypes: [type], disruption })];
        return decide(method, aSnapshot({ nodes: [...own, roomy], pools: open })).commands.length;
      };
      expect([under("Underutilized"), under("Empty", "Drifted")]).toEqual([0, 1]);
    },
  );

  it("D-101: what the moves scored is told also when none was made, and when one was removed for nothing", () => {
    const type = machine("m", "2", 1);
    const disruption = { consolidationPolicy: "Balanced" as const };
    const balanced = [aConsolidatedPool({ instanceTypes: [type, machine("less", "2", 0.9)], disruption })];
    const node = (name: string) => aDisruptionNode({ name, type, pods: [aPod({ name, requests: { cpu: "1500m" } })] });
    const kept = decide("single", aSnapshot({ nodes: [node("x"), node("y")], pools: balanced }));
    expect(kept.commands).toEqual([]);
    expect(kept.scores.map(({ nodes: names, approved }) => [names, approved])).toEqual([
      [["x"], false],
      [["y"], false],
    ]);
    expect(kept.verdicts[0]).toMatchObject({
      code: "ScoreTooLow",
      detail: "the move scores 0.10; 0.50 is needed",
      nearest: { missing: "0.40 of the score" },
    });
    const roomy = aDisruptionNode({ name: "roomy", nodePool: "", node: { capacity: { cpu: "64" } } });
    const gone = decide("single", aSnapshot({ nodes: [node("x"), node("y"), roomy], pools: balanced }));
    expect(gone.verdicts[0]).toMatchObject({ code: "Selected", detail: "its pods find room elsewhere" });
    expect(gone.scores).toMatchObject([{ nodePool: "default", nodes: ["x"], score: 1, approved: true }]);
  });

  it("D-101, D-95: what was scored before the time was up is told", () => {
    const type = machine("m", "2", 1);
    const disruption = { consolidationPolicy: "Balanced" as const };
    const balanced = [aConsolidatedPool({ instanceTypes: [type, machine("less", "2", 0.9)], disruption })];
    const own = ["x", "y"].map((name) =>
      aDisruptionNode({ name, type, pods: [aPod({ name, requests: { cpu: "1500m" } })] }),
    );
    let asked = 0;
    const stopped = decide("single", aSnapshot({ nodes: own, pools: balanced }), { shouldStop: () => ++asked > 1 });
    expect([stopped.timedOut, stopped.commands]).toEqual([true, []]);
    expect(stopped.scores).toMatchObject([{ nodePool: "default", nodes: ["x"], approved: false }]);
    expect(stopped.verdicts.map(({ node, code }) => `${node} ${code}`)).toEqual(["x ScoreTooLow", "y NotReached"]);
  });

  it("DX-3: the same question has the same answer, in whatever order the nodes come", () => {
    const backwards = aSnapshot({ nodes: nodes.toReversed(), pools: pools.toReversed() });
    expect(decide("single", backwards).eligible).toEqual(single().eligible);
  });
});

function without(pool: (typeof pools)[number]): (typeof pools)[number] {
  const spec = { ...pool.nodePool.spec, disruption: { ...pool.nodePool.spec.disruption, budgets: [{ nodes: "0" }] } };
  return { ...pool, nodePool: { ...pool.nodePool, spec } };
}

function withType(pool: (typeof pools)[number], type: InstanceType): (typeof pools)[number] {
  const { limits: _, ...spec } = pool.nodePool.spec;
  return { nodePool: { ...pool.nodePool, spec }, instanceTypes: [...pool.instanceTypes, type] };
}
