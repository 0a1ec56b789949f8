import { describe, expect, it } from "vitest";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
} from "../testing/builders/index.ts";
import { alternativesOf, inFewWords, lowestOf } from "./alternatives.ts";
import { decide } from "./decide.ts";

const score = (of: number) => ({
  nodePool: "default",
  nodes: ["a"],
  score: of,
  approved: true,
  savingsShare: of,
  disruptionShare: 1,
});

describe("DX-1: what a command might have been instead", () => {
  it("each is a node with the code and the reason why it was not chosen", () => {
    expect(alternativesOf([{ node: "a", code: "NotCheaper", detail: "nothing is" }])).toEqual({
      alternatives: [{ nodes: ["a"], why: "NotCheaper: nothing is" }],
    });
  });

  it("the first three are told, and where there were none nothing is said", () => {
    const four = ["a", "b", "c", "d"].map((name) => ({ nodes: [name], why: name }));
    expect(inFewWords(four)).toEqual({ alternatives: four.slice(0, 3) });
    expect(inFewWords([])).toEqual({});
  });

  it("D-101: of several pools the lowest score is that of the command, and without Balanced pools there is none", () => {
    expect(lowestOf([score(2), score(0.7), score(1)])).toEqual({ score: 0.7 });
    expect(lowestOf([])).toEqual({});
  });
});

describe("DX-1: the record of a chosen command", () => {
  const machine = (name: string, cpu: string, price: number) =>
    anInstanceType({ name, cpu, offerings: [anOffering({ price, zone: "z" })] });
  const big = machine("big", "8", 4);
  const running = (name: string, cpu: string) => aPod({ name, nodeName: "x", requests: { cpu } });

  it("single-node tells the nodes it tried before, and not those that a common check refused", () => {
    const own = machine("own", "8", 9);
    const nodes = [
      aDisruptionNode({ name: "first", type: own, pods: [aPod({ name: "f", nodeSelector: { nowhere: "yes" } })] }),
      aDisruptionNode({ name: "second", type: big, pods: [running("s", "1")] }),
      aDisruptionNode({ name: "third", type: big, pods: [running("t", "1")] }),
      aDisruptionNode({ name: "gone", type: big, pods: [running("g", "1")], changes: { markedForDeletion: true } }),
    ];
    const pools = [aConsolidatedPool({ instanceTypes: [own, big] })];
    const [command] = decide("single", aSnapshot({ nodes, pools })).commands;
    expect(command?.nodes).toEqual(["second"]);
    expect(command?.alternatives).toEqual([
      { nodes: ["first"], why: expect.stringMatching(/^PodsUnschedulable: default\/f => ./) },
    ]);
  });

  it("drift tells the drifted nodes that could not be replaced", () => {
    const conditions = ["Launched", "Registered", "Initialized", "Drifted"];
    const nodes = [
      aDisruptionNode({
        name: "a",
        type: big,
        pods: [aPod({ nodeSelector: { nowhere: "yes" } })],
        claim: { conditions },
      }),
      aDisruptionNode({ name: "b", type: big, pods: [running("b", "1")], claim: { conditions } }),
      aDisruptionNode({ name: "c", type: big, claim: { conditions }, changes: { initialized: false } }),
    ];
    const [command] = decide(
      "drift",
      aSnapshot({ nodes, pools: [aConsolidatedPool({ instanceTypes: [big] })] }),
    ).commands;
    expect(command?.nodes).toEqual(["b"]);
    expect(command?.alternatives?.map(({ nodes: names }) => names)).toEqual([["a"]]);
  });

  it("D-101: the score of a Balanced pool is part of the command, of one node and of several", () => {
    const disruption = { consolidationPolicy: "Balanced" as const };
    const pools = [aConsolidatedPool({ instanceTypes: [big], disruption })];
    const roomy = aDisruptionNode({ name: "roomy", nodePool: "", node: { capacity: { cpu: "64" } } });
    const nodes = [
      aDisruptionNode({ name: "a", type: big, pods: [running("a", "1"), running("b", "1")] }),
      aDisruptionNode({ name: "b", type: big, pods: [running("c", "1"), running("d", "1")] }),
      roomy,
    ];
    const commandOf = (method: "single" | "multi") => decide(method, aSnapshot({ nodes, pools })).commands[0];
    expect(commandOf("single")).toMatchObject({ nodes: ["a"], score: 1 });
    expect(commandOf("multi")).toMatchObject({ nodes: ["a", "b"], score: 1 });
    const plain = decide("single", aSnapshot({ nodes, pools: [aConsolidatedPool({ instanceTypes: [big] })] }));
    expect(plain.commands[0]).not.toHaveProperty("score");
  });
});
