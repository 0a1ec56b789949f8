// Scenarios of docs/reference/upstream-parity.md: E-47, E-48, E-49, E-50.

import { describe, expect, it } from "vitest";
import { Annotation } from "../../api/index.ts";
import type { Budget, Condition } from "../../api/index.ts";
import {
  aConsolidatedPool,
  aDaemonSetPod,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPdb,
  aPod,
  aSnapshot,
  pods,
  SNAPSHOT_NOW,
} from "../../testing/builders/index.ts";
import type { DisruptionNodeOptions, SnapshotOptions } from "../../testing/builders/index.ts";
import { decide } from "../decide.ts";
import type { DecideOptions } from "../decide-options.ts";
import type { DisruptionNode } from "../disruption-node.ts";

const type = anInstanceType({ name: "m", cpu: "3", offerings: [anOffering({ price: 1, zone: "z" })] });
const condition = (at: string, status: Condition["status"] = "True"): Condition => ({
  type: "Drifted",
  status,
  reason: "NodePoolDrifted",
  message: "NodePoolDrifted",
  lastTransitionTime: at,
});

interface Drifted extends DisruptionNodeOptions {
  readonly at?: string;
  readonly terminationGracePeriod?: string;
}

function drifted(name: string, { at = "2026-01-01T10:00:00Z", terminationGracePeriod, ...more }: Drifted = {}) {
  const conditions = ["Launched", "Registered", "Initialized", condition(at)];
  const spec = { ...(terminationGracePeriod && { terminationGracePeriod }) };
  return aDisruptionNode({ name, type, claim: { conditions, spec }, ...more });
}

function drift(nodes: readonly DisruptionNode[], more: SnapshotOptions = {}) {
  const pools = [aConsolidatedPool({ instanceTypes: [type] })];
  const decision = decide("drift", aSnapshot({ nodes, pools, ...more }));
  const [command] = decision.commands;
  return { decision, command, codes: decision.verdicts.map(({ node, code }) => `${node} ${code}`) };
}

const running = (name: string, cpu: string) => aPod({ name, nodeName: "x", requests: { cpu } });

describe("drifted nodes", () => {
  it("DT-84: one with pods is replaced, at whatever price", () => {
    const { command, codes, decision } = drift([drifted("a", { pods: [running("a1", "2")] })]);
    expect(command).toMatchObject({ method: "drift", reason: "Drifted", decision: "replace", nodes: ["a"] });
    expect(command?.disruptionCost).toBe(2);
    expect(decision.verdicts[0]?.detail).toBe("it has drifted (NodePoolDrifted)");
    expect(decision).toMatchObject({ timedOut: false, constrained: false, scores: [] });
    expect(command?.replacements.map(({ cheapest }) => cheapest.instanceType.name)).toEqual(["m"]);
    expect(codes).toEqual(["a Selected"]);
  });

  it("DT-84: others are none of its business", () => {
    const no = aDisruptionNode({
      name: "no",
      type,
      claim: { conditions: ["Initialized", condition("2026-01-01T00:00:00Z", "False")] },
    });
    expect(drift([no, aDisruptionNode({ name: "never", type })])).toMatchObject({ command: undefined, codes: [] });
  });

  it("DT-85: as many replacements as its pods need", () => {
    const own = anInstanceType({ name: "old", cpu: "6", offerings: [] });
    const node = drifted("a", { type: own, pods: ["p", "q", "r"].map((name) => running(name, "2")) });
    expect(drift([node]).command?.replacements).toHaveLength(3);
  });

  it("DT-86, D-68: what nothing has to move from goes first, then the longest drifted", () => {
    const nodes = [
      drifted("late", { at: "2026-01-01T12:00:00Z", pods: pods(1, { name: "l" }) }),
      drifted("early", { at: "2026-01-01T11:00:00Z", pods: pods(1, { name: "e" }) }),
      drifted("empty", { at: "2026-01-01T13:00:00Z" }),
    ];
    const { decision, command } = drift(nodes);
    expect(decision.eligible).toEqual(["empty", "early", "late"]);
    expect(command).toMatchObject({ decision: "delete", nodes: ["empty"], replacements: [] });
  });

  it("DT-86, D-68: pods of DaemonSets and mirror pods do not move", () => {
    const mirror = aPod({ name: "m", nodeName: "x", owner: { apiVersion: "v1", kind: "Node" } });
    const nodes = [
      drifted("a", { pods: pods(1, { name: "a" }), at: "2026-01-01T09:00:00Z" }),
      drifted("b", { pods: [aDaemonSetPod({ nodeName: "x" }), mirror] }),
    ];
    expect(drift(nodes).decision.eligible).toEqual(["b", "a"]);
  });

  it("DT-86, D-68: of equals the one that drifted first goes, then by name", () => {
    const nodes = [drifted("c"), drifted("b"), drifted("a", { at: "2026-01-01T10:00:01Z" })];
    expect(drift(nodes).decision.eligible).toEqual(["b", "c", "a"]);
  });

  it("DX-32: pools of which a node has just been started let the others go first", () => {
    const pools = ["p", "q"].map((name) => aConsolidatedPool({ name, instanceTypes: [type] }));
    const nodes = [
      drifted("p1", { nodePool: "p", at: "2026-01-01T01:00:00Z" }),
      drifted("p2", { nodePool: "p", at: "2026-01-01T02:00:00Z" }),
      drifted("q1", { nodePool: "q", pods: pods(1) }),
    ];
    const order = (options: DecideOptions) => decide("drift", aSnapshot({ nodes, pools }), options).eligible;
    expect(order({})).toEqual(["p1", "p2", "q1"]);
    expect(order({ started: new Map([["p", 1]]) })).toEqual(["q1", "p1", "p2"]);
    const both = new Map([
      ["p", 1],
      ["q", 2],
    ]);
    expect(order({ started: both })).toEqual(["p1", "p2", "q1"]);
  });

  it("DX-31: a node whose command failed goes behind its equals, and no further", () => {
    const nodes = [
      drifted("a", { at: "2026-01-01T01:00:00Z" }),
      drifted("b", { at: "2026-01-01T02:00:00Z" }),
      drifted("c", { at: "2026-01-01T00:00:00Z", pods: pods(1) }),
    ];
    const pools = [aConsolidatedPool({ instanceTypes: [type] })];
    const { eligible } = decide("drift", aSnapshot({ nodes, pools }), { failed: new Set(["a"]) });
    expect(eligible).toEqual(["b", "a", "c"]);
  });

  it.each(["drift", "staticDrift"] as const)("DX-31: a pool whose last replacement failed waits: %s", (method) => {
    const replicas = method === "staticDrift" ? { replicas: 1 } : {};
    const pools = ["p", "q"].map((name) => aConsolidatedPool({ name, instanceTypes: [type], ...replicas }));
    const nodes = ["p", "q"].map((nodePool) => drifted(nodePool, { nodePool }));
    const asked = (until: number) =>
      decide(method, aSnapshot({ nodes, pools }), { driftPauses: new Map([["p", { why: "no machine came", until }]]) });
    const held = asked(SNAPSHOT_NOW + 1000);
    expect(held.commands.map((command) => command.nodes)).toEqual([["q"]]);
    expect(held.verdicts[0]).toEqual({
      node: "p",
      nodePool: "p",
      code: "Backoff",
      detail: "no machine came; it is looked at again at 2026-01-02T00:00:01Z",
      until: SNAPSHOT_NOW + 1000,
    });
    expect(asked(SNAPSHOT_NOW).commands[0]?.nodes).toEqual(["p"]);
  });

  it("DT-86, D-68: a pod that costs nothing to move has to move all the same", () => {
    const worthless = [aPod({ name: "w", nodeName: "x", priority: -2_147_483_648 })];
    const nodes = [drifted("a", { pods: worthless }), drifted("b", { at: "2026-01-01T11:00:00Z" })];
    expect(drift(nodes).decision.eligible).toEqual(["b", "a"]);
  });

  it("DT-87: one that cannot be replaced is told why, and the next is taken", () => {
    const stuck = aPod({ name: "stuck", nodeName: "x", nodeSelector: { nowhere: "yes" } });
    const nodes = [
      drifted("a", { at: "2026-01-01T09:00:00Z", pods: [stuck] }),
      drifted("b", { pods: [running("b1", "2")] }),
    ];
    const { command, codes, decision } = drift(nodes);
    expect([command?.nodes, codes]).toEqual([["b"], ["a PodsUnschedulable", "b Selected"]]);
    expect(decision.verdicts[0]?.detail).toContain("default/stuck => ");
  });

  it("DT-88, D-44: with a deadline a protected pod is no obstacle, and nothing is bought for it", () => {
    const kept = [aPod({ name: "kept", nodeName: "x", annotations: { [Annotation.DoNotDisrupt]: "true" } })];
    expect(drift([drifted("a", { pods: kept, terminationGracePeriod: "5m" })]).command).toMatchObject({
      decision: "delete",
      replacements: [],
    });
    expect(drift([drifted("a", { pods: kept })]).codes).toEqual(["a PodProtected"]);
  });

  it("DT-88: the same for a pod that may never be evicted", () => {
    const pdbs = [aPdb({ disruptionsAllowed: 0, spec: { maxUnavailable: 0 } })];
    const node = drifted("a", { pods: [running("a1", "1")], terminationGracePeriod: "5m" });
    expect(drift([node], { pdbs }).command).toMatchObject({ decision: "delete", replacements: [] });
  });

  it("DT-89: neither Never nor the policy nor a missing Consolidatable holds it", () => {
    const disruption = { consolidateAfter: "Never", consolidationPolicy: "WhenEmpty" as const };
    const pools = [aConsolidatedPool({ instanceTypes: [type], disruption })];
    expect(drift([drifted("a")], { pools }).command).toMatchObject({ reason: "Drifted", nodes: ["a"] });
  });

  it("D-67: nodes of static pools are left to static drift", () => {
    const pools = [aConsolidatedPool({ instanceTypes: [type], replicas: 1 })];
    expect(drift([drifted("a")], { pools }).codes).toEqual([]);
  });

  it("D-67, D-22: an unknown instance type is no obstacle", () => {
    const gone = anInstanceType({ name: "gone", offerings: [] });
    expect(drift([drifted("a", { type: gone })]).command?.nodes).toEqual(["a"]);
  });

  it("D-45: pods may go to nodes that are still settling", () => {
    const pools = [aConsolidatedPool({ instanceTypes: [type], disruption: { consolidateAfter: "48h" } })];
    const nodes = [drifted("a", { pods: [running("a1", "1")] }), aDisruptionNode({ name: "b", type })];
    expect(drift(nodes, { pools }).command?.existing.map(({ node }) => node)).toEqual(["b"]);
  });
});

describe("budgets of drift", () => {
  it("DT-29: as long as one is left one more goes, and those on their way use it up", () => {
    const nodes = Array.from({ length: 10 }, (_, index) =>
      drifted(`n${index}`, { pods: pods(1, { name: `n${index}` }) }),
    );
    const pools = [aConsolidatedPool({ instanceTypes: [type], disruption: { budgets: [{ nodes: "3" }] } })];
    const rest = (busy: number) =>
      drift(
        nodes.map((node, index) => ({ ...node, markedForDeletion: index < busy })),
        { pools },
      );
    expect(rest(2).command?.nodes).toEqual(["n2"]);
    expect(rest(3).command).toBeUndefined();
    expect(rest(3).decision.constrained).toBe(true);
    expect(rest(3).codes.filter((code) => code.endsWith(" Budget"))).toHaveLength(7);
  });

  it.each(["drift", "staticDrift"] as const)(
    "D-31: only budgets of the reason Drifted hold drifted nodes: %s",
    (method) => {
      const under = (budget: Budget) => {
        const replicas = method === "staticDrift" ? { replicas: 1 } : {};
        const pools = [aConsolidatedPool({ instanceTypes: [type], disruption: { budgets: [budget] }, ...replicas })];
        const { commands, constrained, verdicts } = decide(method, aSnapshot({ nodes: [drifted("a")], pools }));
        return [commands.length, constrained, verdicts[0]?.code];
      };
      expect(under({ nodes: "0", reasons: ["Drifted"] })).toEqual([0, true, "Budget"]);
      expect(under({ nodes: "0", reasons: ["Empty", "Underutilized"] })).toEqual([1, false, "Selected"]);
      expect(under({ nodes: "some", reasons: ["Empty"] })).toEqual([0, true, "BudgetInvalid"]);
    },
  );

  it("D-69: a pool without any left does not hold up another", () => {
    const pools = [
      aConsolidatedPool({ name: "closed", instanceTypes: [type], disruption: { budgets: [{ nodes: "0" }] } }),
      aConsolidatedPool({ name: "open", instanceTypes: [type] }),
    ];
    const nodes = [
      drifted("a", { nodePool: "closed", at: "2026-01-01T01:00:00Z" }),
      drifted("b", { nodePool: "open" }),
    ];
    expect(drift(nodes, { pools })).toMatchObject({ command: { nodes: ["b"] }, codes: ["a Budget", "b Selected"] });
  });
});
