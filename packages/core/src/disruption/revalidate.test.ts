import { describe, expect, it } from "vitest";
import { Annotation } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPdb,
  aPod,
  aSnapshot,
} from "../testing/builders/index.ts";
import type { DisruptionNodeOptions, SnapshotOptions } from "../testing/builders/index.ts";
import { decide } from "./decide.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import type { MethodName, ProposedCommand } from "./method.ts";
import { revalidate } from "./revalidate.ts";

const machine = (name: string, cpu: string, price: number) =>
  anInstanceType({ name, cpu, offerings: [anOffering({ price, zone: "z" })] });
const big = machine("big", "16", 8);
const types = [machine("small", "2", 1), machine("medium", "4", 2), machine("large", "8", 4), big];
const running = (name: string, cpu = "1") => aPod({ name, nodeName: "x", requests: { cpu } });
const on = (name: string, cpu: string, more: DisruptionNodeOptions = {}) =>
  aDisruptionNode({ name, type: big, pods: [running(name, cpu)], ...more });

function snapshot(nodes: readonly DisruptionNode[], sold: readonly InstanceType[] = types, more: SnapshotOptions = {}) {
  return aSnapshot({ nodes, pools: [aConsolidatedPool({ instanceTypes: sold })], ...more });
}

function proposed(
  method: MethodName,
  nodes: readonly DisruptionNode[],
  sold: readonly InstanceType[] = types,
): ProposedCommand {
  const [command] = decide(method, snapshot(nodes, sold)).commands;
  if (command === undefined) throw new Error("there is no command to validate");
  return command;
}

describe("D-109: consolidation is all or nothing", () => {
  const nodes = [on("a", "1")];
  const command = proposed("single", nodes);
  const pair = [on("a", "9"), on("b", "1")];
  const deletion = proposed("single", pair);

  it("a command that still holds goes on", () => {
    expect(command.replacements[0]?.instanceTypes.map(({ name }) => name)).toEqual(["small", "medium", "large"]);
    expect(revalidate(command, snapshot(nodes))).toEqual({ valid: true, command, failed: 0 });
  });

  it("D-111: it goes on with what is true now", () => {
    const later = [on("a", "9", { pods: [running("a", "9"), running("late")] }), on("b", "1")];
    const result = revalidate(deletion, snapshot(later));
    const moved = result.valid
      ? result.command.existing.map(({ pods }) => pods.map(({ metadata }) => metadata.name))
      : [];
    expect(moved).toEqual([["a", "late"]]);
    expect(result.valid && result.command.disruptionCost).toBe(3);
  });

  it("D-109: a price that changed meanwhile is not looked at", () => {
    const dearer = [machine("small", "2", 100), machine("medium", "4", 100), machine("large", "8", 100), big];
    expect(revalidate(command, snapshot(nodes, dearer)).valid).toBe(true);
  });

  it("DT-71: pods that outgrew the replacement end it", () => {
    const grown = [on("a", "1", { pods: [running("a"), running("more", "3")] })];
    expect(revalidate(command, snapshot(grown))).toMatchObject({
      valid: false,
      category: "scheduling",
      detail: "instance type small would not do any more",
      failed: 1,
    });
  });

  it("DT-71: a replacement that nobody needs any more ends it", () => {
    const room = [...nodes, on("b", "1")];
    expect(revalidate(command, snapshot(room))).toMatchObject({
      category: "scheduling",
      detail: "no replacement is needed any more",
    });
  });

  it("DT-71: a delete that now needs a new node ends", () => {
    const filled = [on("a", "9", { pods: [running("a", "9"), running("more", "7")] }), on("b", "1")];
    expect(revalidate(deletion, snapshot(filled))).toMatchObject({
      category: "scheduling",
      detail: "a new node is needed now",
    });
  });

  it("D-109: two new nodes, or pods without a place, end it", () => {
    const split = [on("a", "1", { pods: [running("a", "15"), running("more", "15")] })];
    expect(revalidate(command, snapshot(split))).toMatchObject({ detail: "2 new nodes are needed now" });
    const stuck = [on("a", "1", { pods: [aPod({ name: "stuck", nodeSelector: { nowhere: "yes" } })] })];
    const result = revalidate(command, snapshot(stuck));
    expect(result).toMatchObject({ category: "scheduling" });
    expect(!result.valid && result.detail).toContain("default/stuck => ");
  });

  it("DT-72: a protected pod or a budget that allows no eviction is churn", () => {
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    const held = [on("a", "1", { pods: [aPod({ name: "kept", annotations })] })];
    expect(revalidate(command, snapshot(held))).toMatchObject({
      category: "churn",
      failed: 1,
      detail: `a: annotation ${Annotation.DoNotDisrupt} on pod default/kept protects it`,
    });
    expect(revalidate(command, snapshot([]))).toMatchObject({
      detail: "a: it is gone, or nothing on it has to move any more",
    });
    const pdbs = [aPdb({ disruptionsAllowed: 0 })];
    expect(revalidate(command, snapshot(nodes, types, { pdbs }))).toMatchObject({ category: "churn" });
  });

  it.each([
    ["gone", []],
    ["empty by now", [aDisruptionNode({ name: "a", type: big })]],
    ["nominated", [on("a", "1", { changes: { nominatedUntil: Infinity } })]],
    ["on its way out", [on("a", "1", { changes: { markedForDeletion: true } })]],
  ] as const)("D-109: a node that is %s is churn", (_, later) => {
    expect(revalidate(command, snapshot(later))).toMatchObject({ valid: false, category: "churn", failed: 1 });
  });

  it("D-109: a budget that is used up meanwhile ends all of it", () => {
    const three = ["a", "b", "c"].map((name) => on(name, "1800m", { type: machine("own", "2", 3) }));
    const sold = [machine("own", "2", 3), machine("target", "8", 4)];
    const multi = proposed("multi", three, sold);
    expect(multi.nodes).toHaveLength(3);
    const pools = [aConsolidatedPool({ instanceTypes: sold, disruption: { budgets: [{ nodes: "2" }] } })];
    expect(revalidate(multi, aSnapshot({ nodes: three, pools }))).toMatchObject({ category: "budget", failed: 3 });
  });
});

describe("D-109: what else is looked at again", () => {
  it("D-45: a destination that has begun to settle takes no pods", () => {
    const pools = (consolidateAfter: string) => [
      aConsolidatedPool({ instanceTypes: types }),
      aConsolidatedPool({ name: "late", instanceTypes: types, disruption: { consolidateAfter } }),
    ];
    const pair = [on("a", "1"), on("b", "9", { nodePool: "late" })];
    const [command] = decide("single", aSnapshot({ nodes: pair, pools: pools("0s") })).commands;
    expect(command).toMatchObject({ decision: "delete", nodes: ["a"] });
    const again = (consolidateAfter: string) =>
      command && revalidate(command, aSnapshot({ nodes: pair, pools: pools(consolidateAfter) }));
    expect(again("1h")).toMatchObject({ valid: true });
    expect(again("48h")).toMatchObject({ category: "scheduling", detail: "a new node is needed now" });
  });

  it("a command without nodes is nobody's", () => {
    const nobody = { ...proposed("single", [on("a", "1")]), nodes: [] };
    expect(revalidate(nobody, snapshot([on("a", "1")]))).toMatchObject({
      valid: false,
      category: "unknown",
      failed: 0,
    });
  });
});

describe("D-108: emptiness goes on with what is left", () => {
  const empty = ["a", "b", "c"].map((name) => aDisruptionNode({ name, type: big }));
  const command = proposed("emptiness", empty);
  const with1 = (changes: (node: DisruptionNode, index: number) => DisruptionNode) => snapshot(empty.map(changes));

  it("DT-30: an empty node goes for nothing", () => {
    expect(command).toMatchObject({ decision: "delete", reason: "Empty", savings: 24, replacements: [] });
  });

  it("DT-35: a pod that came keeps its node; pods on all of them end it", () => {
    const some = with1((node, index) => (index === 1 ? { ...node, pods: [running("late")] } : node));
    expect(revalidate(command, some)).toMatchObject({ valid: true, command: { nodes: ["a", "c"] }, failed: 0 });
    const all = with1((node) => ({ ...node, pods: [running(`late-${node.name}`)] }));
    expect(revalidate(command, all)).toMatchObject({
      valid: false,
      category: "churn",
      failed: 3,
      detail: "a: pod default/late-a would have to move",
    });
    expect(revalidate(command, snapshot([]))).toMatchObject({ category: "churn", detail: "its nodes are gone" });
  });

  it("D-108: nodes that were never part of it are neither counted nor told", () => {
    const other = aDisruptionNode({ name: "0", type: big, changes: { nominatedUntil: Infinity } });
    expect(revalidate(command, snapshot([other, ...empty]))).toMatchObject({ valid: true, failed: 0 });
    const filled = empty.map((node) => ({ ...node, pods: [running(`late-${node.name}`)] }));
    expect(revalidate(command, snapshot([other, ...filled]))).toMatchObject({
      category: "churn",
      failed: 3,
      detail: "a: pod default/late-a would have to move",
    });
  });

  it("DT-22, DT-36: so does a budget that cannot be read any more", () => {
    const pools = [aConsolidatedPool({ instanceTypes: types, disruption: { budgets: [{ nodes: "some" }] } })];
    const held = revalidate(command, aSnapshot({ nodes: empty, pools }));
    expect(held).toMatchObject({ category: "budget", failed: 3 });
    expect(!held.valid && held.detail).toMatch(/^a: a budget of NodePool default cannot be read: /);
  });

  it("DT-36: what holds it now is told of the first node that it holds", () => {
    const mixed = with1((node, index) =>
      index === 0 ? { ...node, pods: [running("late")] } : { ...node, nominatedUntil: Infinity },
    );
    expect(revalidate(command, mixed)).toMatchObject({
      category: "budget",
      failed: 2,
      detail: "b: pods that wait were promised a place on it",
    });
  });

  it("DT-36: a promise to pods drops a node, a budget of 0 all of them", () => {
    const one = with1((node, index) => (index === 0 ? { ...node, nominatedUntil: Infinity } : node));
    expect(revalidate(command, one)).toMatchObject({ valid: true, command: { nodes: ["b", "c"] }, failed: 1 });
    const pools = [aConsolidatedPool({ instanceTypes: types, disruption: { budgets: [{ nodes: "0" }] } })];
    expect(revalidate(command, aSnapshot({ nodes: empty, pools }))).toMatchObject({
      valid: false,
      category: "budget",
      failed: 3,
    });
  });

  it("D-108: nodes that became empty meanwhile are not added", () => {
    const more = snapshot([...empty, aDisruptionNode({ name: "d", type: big })]);
    expect(revalidate(command, more)).toMatchObject({ valid: true, command: { nodes: ["a", "b", "c"] } });
  });
});

describe("D-70: drift is not validated", () => {
  it("goes through as it is", () => {
    const conditions = ["Launched", "Registered", "Initialized", "Drifted"];
    const command = proposed("drift", [on("a", "1", { claim: { conditions } })]);
    expect(revalidate(command, snapshot([]))).toEqual({ valid: true, command, failed: 0 });
  });
});
