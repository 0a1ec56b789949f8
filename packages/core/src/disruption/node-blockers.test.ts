import { describe, expect, it } from "vitest";
import { Annotation } from "../api/index.ts";
import type { Pod, PodDisruptionBudget } from "../api/index.ts";
import type { NodeVerdictCode } from "../reasons/index.ts";
import { aDisruptionNode, aPdb, aPod, pods as severalPods, SNAPSHOT_NOW } from "../testing/builders/index.ts";
import { nodeBlockers } from "./node-blockers.ts";
import { indexPdbs } from "./pdbs.ts";

const PROTECTED = { annotations: { [Annotation.DoNotDisrupt]: "true" } };
const kept = (name: string): Pod => aPod({ name, nodeName: "n1", ...PROTECTED });

function blockers(code: NodeVerdictCode, pods: readonly Pod[] = [], pdbs: readonly PodDisruptionBudget[] = []) {
  const context = { pdbs: indexPdbs(pdbs), nowMs: SNAPSHOT_NOW };
  return nodeBlockers(aDisruptionNode({ pods }), { code, detail: "why" }, context);
}

describe("DX-1: all that holds a node", () => {
  it("nothing holds one that goes", () => {
    expect([blockers("Selected", [kept("a")]), blockers("InCommand", [kept("a")])]).toEqual([[], []]);
  });

  it.each([
    ["NodeProtected", "node"],
    ["Budget", "budget"],
    ["BudgetInvalid", "budget"],
    ["NodeLimit", "budget"],
    ["NotCheaper", "price"],
    ["ScoreTooLow", "price"],
    ["NoPrice", "price"],
    ["SpotGate", "price"],
    ["SpotFlexibility", "price"],
    ["MinValues", "scheduling"],
    ["PodsUnschedulable", "scheduling"],
    ["NeedsUninitialized", "scheduling"],
    ["NeedsNNodes", "scheduling"],
    ["WaitConsolidateAfter", "time"],
    ["Backoff", "time"],
    ["Nominated", "time"],
    ["StaleState", "state"],
  ] as const)("%s is told as one of the kind %s, in the verdict's words", (code, kind) => {
    expect(blockers(code)).toEqual([{ kind, name: "n1", text: "why" }]);
  });

  it("with a protected node each pod that holds it is told as well", () => {
    expect(blockers("NodeProtected", [kept("a"), aPod({ name: "free", nodeName: "n1" })])).toEqual([
      { kind: "node", name: "n1", text: "why" },
      { kind: "pod", name: "default/a", text: `annotation ${Annotation.DoNotDisrupt} protects it` },
    ]);
  });

  it("with a verdict about pods the pods and their budgets tell it, each of them", () => {
    const held = (name: string, app: string) => aPod({ name, nodeName: "n1", labels: { app } });
    const selecting = (name: string, app: string, disruptionsAllowed: number) =>
      aPdb({ name, selector: { matchLabels: { app } }, disruptionsAllowed });
    const pdbs = [
      selecting("one", "x", 0),
      selecting("two", "y", 1),
      selecting("three", "y", 1),
      selecting("four", "z", 1),
    ];
    const pods = [kept("a"), held("b", "x"), held("c", "y"), held("d", "z"), kept("e")];
    const expected = [
      ["pod", "default/a", `annotation ${Annotation.DoNotDisrupt} protects it`],
      ["pdb", "one", "allows no eviction of pod default/b"],
      ["pdb", "three", "one of several that select pod default/c"],
      ["pdb", "two", "one of several that select pod default/c"],
      ["pod", "default/e", `annotation ${Annotation.DoNotDisrupt} protects it`],
    ];
    for (const code of ["PodProtected", "PdbBlocked", "PdbMultiple"] as const) {
      expect(blockers(code, pods, pdbs).map(({ kind, name, text }) => [kind, name, text])).toEqual(expected);
    }
  });

  it("D-3: pods that are over hold nothing", () => {
    const over = aPod({ name: "over", nodeName: "n1", ...PROTECTED, status: { phase: "Succeeded" } });
    expect(blockers("PodProtected", [over, kept("a")]).map(({ name }) => name)).toEqual(["default/a"]);
  });

  it("with other verdicts pods are not looked at, and nobody is told more than twenty", () => {
    expect(blockers("NotCheaper", [kept("a")])).toHaveLength(1);
    const many = severalPods(30, { nodeName: "n1", ...PROTECTED });
    expect(blockers("PodProtected", many)).toHaveLength(20);
    expect(blockers("NodeProtected", many)).toHaveLength(20);
  });
});
