// Scenarios of docs/reference/upstream-parity.md: E-47, E-48, E-49, E-50.

import { describe, expect, it } from "vitest";
import { Annotation } from "../api/index.ts";
import type { Condition } from "../api/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPdb,
  aPod,
  aSnapshot,
  pods,
} from "../testing/builders/index.ts";
import type { DisruptionNodeOptions, SnapshotOptions } from "../testing/builders/index.ts";
import { decide } from "./decide.ts";
import type { DisruptionNode } from "./disruption-node.ts";

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
    const { command, codes } = drift([drifted("a", { pods: [running("a1", "2")] })]);
    expect(command).toMatchObject({ method: "drift", reason: "Drifted", decision: "replace", nodes: ["a"] });
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
