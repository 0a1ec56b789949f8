import { describe, expect, it } from "vitest";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
} from "../testing/builders/index.ts";
import { decide, decideSteps } from "./decide.ts";
import { METHODS } from "./method.ts";

const priced = (name: string, cpu: string, price: number) =>
  anInstanceType({ name, cpu, offerings: [anOffering({ price, zone: "z" })] });
const type = priced("m", "4", 2);
const pools = [aConsolidatedPool({ instanceTypes: [type] })];
const first = (snapshot: Parameters<typeof decide>[1]) =>
  METHODS.map((method) => decide(method, snapshot)).find(({ commands }) => commands.length > 0);

describe("which method comes first", () => {
  it("DT-31, D-63: what is empty and drifted goes as empty", () => {
    const conditions = ["Launched", "Registered", "Initialized", "Consolidatable", "Drifted"];
    const nodes = [aDisruptionNode({ type, claim: { conditions } })];
    expect(first(aSnapshot({ nodes, pools }))?.commands).toMatchObject([{ reason: "Empty", nodes: ["n1"] }]);
  });

  it("D-63, DT-89: where empty nodes are never consolidated it goes as drifted", () => {
    const conditions = ["Launched", "Registered", "Initialized", "Drifted"];
    const never = [aConsolidatedPool({ instanceTypes: [type], disruption: { consolidateAfter: "Never" } })];
    const nodes = [aDisruptionNode({ type, claim: { conditions } })];
    expect(first(aSnapshot({ nodes, pools: never }))?.commands).toMatchObject([{ reason: "Drifted", nodes: ["n1"] }]);
  });

  it("DT-39: with a budget of one an empty node of a Balanced pool goes before one with pods", () => {
    const disruption = { consolidationPolicy: "Balanced" as const, budgets: [{ nodes: "1" }] };
    const balanced = [aConsolidatedPool({ instanceTypes: [type], disruption })];
    const nodes = [aDisruptionNode({ name: "a", type, pods: [aPod()] }), aDisruptionNode({ name: "b", type })];
    expect(first(aSnapshot({ nodes, pools: balanced }))?.commands).toMatchObject([{ reason: "Empty", nodes: ["b"] }]);
  });

  it("DT-13: a node whose only pod is worth nothing goes as empty, without a place for the pod", () => {
    const nodes = [
      aDisruptionNode({ type, pods: [aPod({ priority: -2_147_483_648, nodeSelector: { nowhere: "yes" } })] }),
    ];
    expect(first(aSnapshot({ nodes, pools }))?.commands).toMatchObject([{ reason: "Empty", disruptionCost: 1 }]);
  });

  it("DT-34: a node that a waiting pod will need is kept", () => {
    const large = priced("large", "16", 8);
    const nodes = [
      aDisruptionNode({ name: "roomy", type: large, pods: [aPod({ name: "a", requests: { cpu: "100m" } })] }),
      aDisruptionNode({ name: "used", type, pods: [aPod({ name: "b", requests: { cpu: "3" } })] }),
    ];
    const sold = [aConsolidatedPool({ instanceTypes: [large, type] })];
    const calm = first(aSnapshot({ nodes, pools: sold }));
    expect(calm?.commands).toMatchObject([{ nodes: ["roomy"] }]);
    const huge = aPod({ name: "huge", requests: { cpu: "15" } });
    const { commands, verdicts } = decide("single", aSnapshot({ nodes, pools: sold, pendingPods: [huge] }));
    expect(commands).toEqual([]);
    expect(verdicts.map(({ node, code }) => `${node} ${code}`)).toContain("roomy NotCheaper");
  });

  it("S-1016: every method pauses after each few nodes, and answers as it does in one piece", () => {
    const nodes = Array.from({ length: 300 }, (_, index) =>
      aDisruptionNode({ name: `n${index}`, type, pods: index % 3 === 0 ? [aPod({ name: `p${index}` })] : [] }),
    );
    const snapshot = aSnapshot({ nodes, pools });
    for (const method of METHODS) {
      const steps = decideSteps(method, snapshot);
      let pauses = 0;
      for (let step = steps.next(); ; step = steps.next(), pauses++) {
        if (step.done !== true) continue;
        expect(step.value).toEqual(decide(method, snapshot));
        break;
      }
      expect(pauses).toBeGreaterThanOrEqual(4);
    }
  });

  it("DX-1: no method gives a node two verdicts", () => {
    const nodes = ["a", "b", "c"].map((name) => aDisruptionNode({ name, type, pods: [aPod({ name })] }));
    for (const method of METHODS) {
      const names = decide(method, aSnapshot({ nodes, pools })).verdicts.map(({ node }) => node);
      expect(new Set(names).size).toBe(names.length);
    }
  });
});
