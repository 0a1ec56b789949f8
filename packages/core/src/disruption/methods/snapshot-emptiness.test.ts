import { describe, expect, it } from "vitest";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
  SNAPSHOT_NOW,
} from "../../testing/builders/index.ts";
import type { SnapshotOptions } from "../../testing/builders/index.ts";
import { decide } from "../decide.ts";
import type { Pause } from "../pause.ts";

describe("emptiness of a whole picture", () => {
  const type = (name: string, price: number) => anInstanceType({ name, offerings: [anOffering({ price, zone: "z" })] });
  const [cheap, dear] = [type("cheap", 1), type("dear", 4)];
  const nodes = [
    aDisruptionNode({ name: "a", type: cheap }),
    aDisruptionNode({ name: "b", type: dear }),
    aDisruptionNode({ name: "c", type: cheap, pods: [aPod({ name: "c" })] }),
  ];
  const ask = (more: SnapshotOptions = {}) => {
    const pools = [aConsolidatedPool({ instanceTypes: [cheap, dear] })];
    const decision = decide("emptiness", aSnapshot({ nodes, pools, ...more }));
    return { decision, command: decision.commands[0], codes: decision.verdicts.map(({ code }) => code) };
  };

  it("D-28, D-62: the dearest goes first, and the command says what all of them save", () => {
    const { command, decision } = ask();
    expect(command).toMatchObject({ nodes: ["b", "a"], savings: 5, disruptionCost: 2, existing: [], replacements: [] });
    expect(decision).toMatchObject({ eligible: ["b", "a"], constrained: false, timedOut: false, scores: [] });
  });

  it("DX-1: what is saved is not said where a price is unknown or in another currency", () => {
    const odd = anInstanceType({ name: "odd", offerings: [anOffering({ price: null, zone: "z" })] });
    const usd = anInstanceType({ name: "usd", offerings: [anOffering({ price: 1, zone: "z", currency: "USD" })] });
    for (const other of [odd, usd]) {
      const pools = [aConsolidatedPool({ instanceTypes: [cheap, other] })];
      const mixed = [aDisruptionNode({ name: "a", type: cheap }), aDisruptionNode({ name: "b", type: other })];
      const { command } = ask({ nodes: mixed, pools });
      expect(command?.nodes).toHaveLength(2);
      expect(command).not.toHaveProperty("savings");
    }
  });

  it("D-20: nodes of a command, nodes that are kept and nodes with room for buffers stay", () => {
    expect(ask({ inCommand: new Set(["a"]) }).codes).toEqual(["InCommand", "Selected", "NotEmpty"]);
    expect(ask({ kept: new Map([["a", "locked"]]) }).codes).toEqual(["NodeProtected", "Selected", "NotEmpty"]);
    expect(ask({ bufferNodes: new Map([["a", ["shop/x"]]]) }).codes).toEqual(["BufferPods", "Selected", "NotEmpty"]);
  });

  it("DX-35: a pause after a failed try holds an empty node only where it says so", () => {
    const pause = { why: "it came to nothing", until: SNAPSHOT_NOW + 1 };
    const paused = new Map<string, Pause>([
      ["a", pause],
      ["b", { ...pause, alsoEmpty: true }],
    ]);
    expect(ask({ paused }).codes).toEqual(["Selected", "Backoff", "NotEmpty"]);
  });

  it("D-57: nodes that a budget holds are eligible, also under one that cannot be read", () => {
    for (const nodesText of ["0", "some"]) {
      const disruption = { budgets: [{ nodes: nodesText }] };
      const { decision } = ask({ pools: [aConsolidatedPool({ instanceTypes: [cheap, dear], disruption })] });
      expect(decision).toMatchObject({ commands: [], eligible: ["a", "b"], constrained: true });
    }
  });

  it("D-31: only budgets of the reason Empty hold empty nodes", () => {
    const under = (reason: "Empty" | "Drifted" | "Underutilized") => {
      const disruption = { budgets: [{ nodes: "0", reasons: [reason] }] };
      return ask({ pools: [aConsolidatedPool({ instanceTypes: [cheap, dear], disruption })] }).command?.nodes;
    };
    expect([under("Empty"), under("Drifted"), under("Underutilized")]).toEqual([undefined, ["b", "a"], ["b", "a"]]);
  });
});
