// Scenarios of docs/reference/upstream-parity.md: E-69, E-70, E-71.

import { describe, expect, it } from "vitest";
import { Annotation } from "../../api/index.ts";
import { aConsolidatedPool, aDisruptionNode, anInstanceType, aPod, aSnapshot } from "../../testing/builders/index.ts";
import type { DisruptionNodeOptions, PoolInputOptions, SnapshotOptions } from "../../testing/builders/index.ts";
import { decide } from "../decide.ts";
import type { DisruptionNode } from "../disruption-node.ts";
import type { StaticCounts } from "../snapshot.ts";

const type = anInstanceType();
const READY = ["Launched", "Registered", "Initialized"];
const drifted = (name: string, more: DisruptionNodeOptions = {}) =>
  aDisruptionNode({ name, type, claim: { conditions: [...READY, "Drifted"] }, ...more });
const fixed = (more: PoolInputOptions) => aConsolidatedPool({ instanceTypes: [type], ...more });

function ask(nodes: readonly DisruptionNode[], pools: SnapshotOptions["pools"], more: SnapshotOptions = {}) {
  const decision = decide("staticDrift", aSnapshot({ nodes, ...(pools && { pools }), ...more }));
  return {
    decision,
    nodes: decision.commands.map((command) => command.nodes),
    codes: decision.verdicts.map(({ code }) => code),
  };
}

const two = [drifted("a"), drifted("b")];

describe("drifted nodes of static pools", () => {
  it("D-64: each gets a command of its own, with one machine of the bare template", () => {
    const { decision } = ask(two, [fixed({ replicas: 2 })]);
    expect(decision.commands).toEqual(
      ["a", "b"].map((name) => ({
        method: "staticDrift",
        reason: "Drifted",
        decision: "replace",
        nodes: [name],
        replacements: [],
        fromTemplate: ["default"],
        existing: [],
        disruptionCost: 1,
      })),
    );
  });

  it("DT-91, D-65: the replacement comes first, so it needs room", () => {
    const three = ask(two, [fixed({ replicas: 2, limits: { nodes: "3" } })]);
    expect([three.nodes, three.codes]).toEqual([[["a"]], ["Selected", "NodeLimit"]]);
    expect(ask(two, [fixed({ replicas: 2, limits: { nodes: "2" } })])).toMatchObject({
      nodes: [],
      codes: ["NodeLimit", "NodeLimit"],
    });
  });

  it("DT-91: without a limit the budget decides", () => {
    const limited = (nodes: string) => ask(two, [fixed({ replicas: 2, disruption: { budgets: [{ nodes }] } })]);
    expect(limited("2").nodes).toEqual([["a"], ["b"]]);
    expect(limited("1")).toMatchObject({ nodes: [["a"]], codes: ["Selected", "Budget"] });
    expect(limited("0").decision.constrained).toBe(true);
  });

  it("DT-91: the surplus goes first", () => {
    const { nodes, codes } = ask(two, [fixed({ replicas: 1 })]);
    expect([nodes, codes]).toEqual([[], ["StaticPool", "StaticPool"]]);
  });

  it("D-65: machines on their way out and creates on their way take room", () => {
    const pools = [fixed({ replicas: 2, limits: { nodes: "4" } })];
    const gone = drifted("c", { claim: { conditions: READY, deletionTimestamp: "2026-01-01T00:00:00Z" } });
    const leaving = { ...gone, markedForDeletion: true };
    expect(ask([...two, leaving], pools).nodes).toEqual([["a"]]);
    const staticCounts = new Map([["default", { active: 2, deleting: 0, pendingDisruption: 0, reserved: 2 }]]);
    expect(ask(two, pools, { staticCounts }).nodes).toEqual([]);
  });

  it("D-65: each kind of machine takes room", () => {
    const pools = [fixed({ replicas: 2, limits: { nodes: "4" } })];
    const calm = { active: 2, deleting: 0, pendingDisruption: 0, reserved: 0 };
    const granted = (counts: Partial<StaticCounts>) =>
      ask(two, pools, { staticCounts: new Map([["default", { ...calm, ...counts }]]) }).nodes.length;
    expect(granted({})).toBe(2);
    expect([granted({ deleting: 1 }), granted({ reserved: 1 })]).toEqual([1, 1]);
    expect(granted({ active: 1, pendingDisruption: 1 })).toBe(2);
    expect(granted({ active: 1, pendingDisruption: 2 })).toBe(0);
    expect(granted({ deleting: 5 })).toBe(0);
  });

  it("D-65: without counts the machines are counted: those that end take room and do not run", () => {
    const pools = [fixed({ replicas: 3, limits: { nodes: "5" } })];
    const third = drifted("c");
    const ended = { conditions: [...READY, "InstanceTerminating"] };
    const ending = aDisruptionNode({ name: "d", type, claim: ended, changes: { markedForDeletion: true } });
    expect(ask([...two, third], pools).nodes).toHaveLength(2);
    expect(ask([...two, third, ending], pools).nodes).toHaveLength(1);
    const chosen = drifted("e", { changes: { markedForDeletion: true } });
    expect(ask([...two, chosen], pools).nodes).toHaveLength(2);
    expect(ask([...two, chosen, ending], pools).nodes).toHaveLength(1);
    expect(ask([...two, third, chosen], pools).codes).toEqual(["Deleting", "StaticPool", "StaticPool", "StaticPool"]);
  });

  it("D-64: a budget that is used up is told before anything else, and the surplus in numbers", () => {
    const budgets = [{ nodes: "0" }];
    expect(ask(two, [fixed({ replicas: 1, disruption: { budgets } })]).codes).toEqual(["Budget", "Budget"]);
    expect(ask(two, [fixed({ replicas: 1 })]).decision.verdicts[0]?.detail).toBe(
      "NodePool default has 2 nodes and wants 1; the surplus goes first",
    );
    const full = ask(two, [fixed({ replicas: 2, limits: { nodes: "2" } })]).decision;
    expect(full.verdicts[0]?.detail).toBe("limits.nodes of NodePool default leaves no room for a replacement");
    expect(full).toMatchObject({ constrained: false, timedOut: false, scores: [] });
  });

  it("D-64: a node that a command is about to remove still counts as running", () => {
    const chosen = drifted("c", { changes: { markedForDeletion: true } });
    expect(ask([...two, chosen], [fixed({ replicas: 2 })]).codes).toEqual(["Deleting", "StaticPool", "StaticPool"]);
  });

  it("D-64: of one pool the longest drifted goes first", () => {
    const since = (at: string) => ({
      claim: {
        conditions: [
          ...READY,
          { type: "Drifted", status: "True", reason: "", message: "", lastTransitionTime: at } as const,
        ],
      },
    });
    const nodes = [drifted("a", since("2026-01-01T02:00:00Z")), drifted("b", since("2026-01-01T01:00:00Z"))];
    expect(ask(nodes, [fixed({ replicas: 2, limits: { nodes: "3" } })]).nodes).toEqual([["b"]]);
  });

  it("D-66: one pool's trouble is not the other's", () => {
    const pools = [
      fixed({ name: "full", replicas: 1, limits: { nodes: "1" } }),
      fixed({ name: "odd", replicas: 1, disruption: { budgets: [{ nodes: "1", schedule: "no", duration: "1h" }] } }),
      fixed({ name: "fine", replicas: 1 }),
    ];
    const nodes = ["full", "odd", "fine"].map((nodePool) => drifted(nodePool, { nodePool }));
    expect(ask(nodes, pools)).toMatchObject({ nodes: [["fine"]], codes: ["Selected", "NodeLimit", "BudgetInvalid"] });
  });

  it("D-21: a protected pod holds its node, unless a deadline ends the drain", () => {
    const pods = [aPod({ annotations: { [Annotation.DoNotDisrupt]: "true" } })];
    const pools = [fixed({ replicas: 1 })];
    expect(ask([drifted("a", { pods })], pools).codes).toEqual(["PodProtected"]);
    const claim = { conditions: [...READY, "Drifted"], spec: { terminationGracePeriod: "1m" } };
    expect(ask([drifted("a", { pods, claim })], pools).nodes).toEqual([["a"]]);
  });

  it("D-64: pools that grow and nodes that have not drifted are none of its business", () => {
    expect(ask(two, [fixed({})]).codes).toEqual([]);
    expect(ask([aDisruptionNode({ type })], [fixed({ replicas: 1 })]).codes).toEqual([]);
  });
});
