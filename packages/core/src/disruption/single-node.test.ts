// Scenarios of docs/reference/upstream-parity.md: E-163.

import { describe, expect, it } from "vitest";
import { Label } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
} from "../testing/builders/index.ts";
import { decide } from "./decide.ts";
import type { DecideOptions } from "./decide-options.ts";

const machine = (name: string, cpu: string, price: number) =>
  anInstanceType({ name, cpu, offerings: [anOffering({ price, zone: "z" })] });
const full = (name: string, type: InstanceType, nodePool: string) =>
  aDisruptionNode({ name, type, nodePool, pods: [tied(name, nodePool)] });
/** It runs in its own pool only. */
const tied = (name: string, pool: string) =>
  aPod({ name, nodeName: "x", requests: { cpu: "2" }, nodeSelector: { [Label.NodePool]: pool } });

/** Each pool has a full node of 3, 2 and 1 an hour: nothing can be done about any of them. */
const types = [1, 2, 3].map((price) => machine(`m${price}`, "2", price));
const names = ["a", "b", "c"];
const sales = (name: string) => types.map((type) => ({ ...type, name: `${type.name}-${name}` }));
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
    const { commands, verdicts } = single({}, { pools: better });
    expect(commands).toMatchObject([{ method: "single", decision: "replace", nodes: ["b1"] }]);
    expect(verdicts.map(({ node, code }) => `${node} ${code}`)).toEqual(["a1 PodsUnschedulable", "b1 Selected"]);
  });

  it("DX-3: the same question has the same answer, in whatever order the nodes come", () => {
    const backwards = aSnapshot({ nodes: nodes.toReversed(), pools: pools.toReversed() });
    expect(decide("single", backwards).eligible).toEqual(single().eligible);
  });
});

function withType(pool: (typeof pools)[number], type: InstanceType): (typeof pools)[number] {
  const { limits: _, ...spec } = pool.nodePool.spec;
  return { nodePool: { ...pool.nodePool, spec }, instanceTypes: [...pool.instanceTypes, type] };
}
