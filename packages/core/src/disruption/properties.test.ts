// What holds for every decision, whatever the cluster looks like (DX-39): asked of random clusters.

import { describe, expect, it } from "vitest";
import type { ConsolidationPolicy } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
} from "../testing/builders/index.ts";
import { Chance } from "../testing/random-problem/chance.ts";
import { poolBudgets } from "./budget.ts";
import { decide } from "./decide.ts";
import { METHODS } from "./method.ts";
import type { ProposedCommand } from "./method.ts";
import { revalidate } from "./revalidate.ts";
import type { DisruptionSnapshot } from "./snapshot.ts";

const ZONES = ["x", "y"];
const USUAL = "WhenEmptyOrUnderutilized";
const POLICIES: readonly ConsolidationPolicy[] = ["WhenEmpty", USUAL, USUAL, USUAL, "Balanced"];
const BUDGETS = ["0", "1", "2", "50%", "100%", "100%"];
const READY = ["Launched", "Registered", "Initialized"];
const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

function randomType(chance: Chance, index: number): InstanceType {
  const cpu = chance.pick([1, 2, 4, 8, 16]);
  const offerings = ZONES.flatMap((zone) =>
    chance.some(["spot", "on-demand"], 0.7).map((capacityType) => {
      const price = chance.happens(0.05)
        ? null
        : cpu * chance.integer(5, 15) * (capacityType === "spot" ? 0.004 : 0.01);
      return anOffering({ zone, capacityType, price, available: chance.happens(0.9) || "sold out" });
    }),
  );
  return anInstanceType({ name: `t${index}`, cpu: String(cpu), pods: "20", offerings });
}

function randomSnapshot(seed: number): DisruptionSnapshot {
  const chance = new Chance(seed);
  const types = chance.list(2, 6, (index) => randomType(chance, index));
  const pools = ["p", "q"].map((name) =>
    aConsolidatedPool({
      name,
      instanceTypes: types,
      disruption: {
        consolidationPolicy: chance.pick(POLICIES),
        consolidateAfter: chance.pick(["0s", "0s", "0s", "0s", "48h", "Never"]),
        budgets: [{ nodes: chance.pick(BUDGETS) }],
      },
      ...(chance.happens(0.2) && { replicas: 3, limits: { nodes: "6" } }),
    }),
  );
  const nodes = chance.list(1, 9, (index) => {
    const type = chance.pick(types);
    const offering = chance.pick(type.offerings);
    const pods = chance.list(0, 3, (number) =>
      aPod({ name: `n${index}-${number}`, nodeName: "x", requests: { cpu: chance.pick(["100m", "500m", "900m"]) } }),
    );
    const conditions = [...READY, ...chance.some(["Consolidatable", "Consolidatable", "Drifted"], 0.6)];
    return aDisruptionNode({
      name: `n${index}`,
      nodePool: chance.pick(["p", "q"]),
      type: { ...type, offerings: [offering] },
      pods,
      claim: { conditions },
      changes: { markedForDeletion: chance.happens(0.1), initialized: chance.happens(0.9) },
    });
  });
  const pendingPods = chance.list(0, 2, (index) => aPod({ name: `w${index}`, requests: { cpu: "700m" } }));
  return aSnapshot({ nodes, pools, pendingPods, settings: { spotToSpot: chance.happens(0.5), spotFlexibility: 2 } });
}

function expectWithinBudgets({ nodes, reason }: ProposedCommand, snapshot: DisruptionSnapshot): void {
  const budgets = poolBudgets(snapshot.nodePools, snapshot.nodes, reason, snapshot.nowMs);
  const poolOf = (name: string) => snapshot.nodes.find((node) => node.name === name)?.nodePool ?? "";
  for (const [pool, chosen] of Map.groupBy(nodes, poolOf)) {
    expect(chosen.length).toBeLessThanOrEqual(budgets.get(pool)?.remaining ?? 0);
  }
}

describe.each(SEEDS)("cluster %d", (seed) => {
  const snapshot = randomSnapshot(seed);
  const decisions = METHODS.map((method) => decide(method, snapshot));

  it("DX-39: only candidates are chosen, within the budgets, and each once", () => {
    for (const { commands, eligible, verdicts } of decisions) {
      for (const command of commands) {
        expect(eligible).toEqual(expect.arrayContaining([...command.nodes]));
        expect(new Set(command.nodes).size).toBe(command.nodes.length);
        expectWithinBudgets(command, snapshot);
      }
      const selected = verdicts.filter(({ code }) => code === "Selected").map(({ node }) => node);
      expect(selected.toSorted()).toEqual(commands.flatMap(({ nodes }) => nodes).toSorted());
      expect(new Set(verdicts.map(({ node }) => node)).size).toBe(verdicts.length);
    }
  });

  it("DX-39: what consolidation does always saves, and what it proposes holds for the same cluster", () => {
    const all = decisions.flatMap(({ commands }) => commands);
    const exchanges = all.filter(({ decision, reason }) => decision === "replace" && reason === "Underutilized");
    expect(exchanges.filter(({ replacements }) => replacements.length !== 1)).toEqual([]);
    expect(exchanges.filter(({ savings }) => savings !== undefined && savings <= 0)).toEqual([]);
    for (const command of all) expect(revalidate(command, snapshot)).toMatchObject({ valid: true, failed: 0 });
  });

  it("DX-3: the order in which things are told does not matter", () => {
    const backwards = {
      ...snapshot,
      nodes: snapshot.nodes.toReversed(),
      pools: snapshot.pools.toReversed(),
      nodePools: snapshot.nodePools.toReversed(),
      pendingPods: snapshot.pendingPods.toReversed(),
    };
    const chosen = (decision: (typeof decisions)[number]) =>
      decision.commands.map(({ nodes, decision: kind }) => `${kind} ${nodes.join()}`);
    expect(METHODS.map((method) => chosen(decide(method, backwards)))).toEqual(decisions.map(chosen));
  });
});

it("the clusters are such that each method finds something to do in some of them", () => {
  const found = SEEDS.flatMap((seed) =>
    METHODS.filter((method) => decide(method, randomSnapshot(seed)).commands.length > 0),
  );
  const rare = METHODS.filter((method) => found.filter((each) => each === method).length < 3);
  expect(rare).toEqual([]);
});
