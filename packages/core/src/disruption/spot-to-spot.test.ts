// Scenarios of docs/reference/upstream-parity.md: E-169.

import { describe, expect, it } from "vitest";
import { CapacityType, Label } from "../api/index.ts";
import type { InstanceType } from "../provider/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
} from "../testing/builders/index.ts";
import type { PoolInputOptions } from "../testing/builders/index.ts";
import { decide } from "./decide.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import type { MethodName } from "./method.ts";
import { DISRUPTION_DEFAULTS } from "./snapshot.ts";

const spot = (name: string, price: number, cpu = "4") =>
  anInstanceType({ name, cpu, offerings: [anOffering({ capacityType: "spot", zone: "z", price })] });
const dear = spot("dear", 9, "16");
const cheaper = (count: number) =>
  Array.from({ length: count }, (_, index) => spot(`t${String(index).padStart(2, "0")}`, 1 + index / 100));
const node = (name: string, type: InstanceType, cpu = "1") =>
  aDisruptionNode({ name, type, pods: [aPod({ name, nodeName: "x", requests: { cpu } })] });

function outcome(
  method: MethodName,
  nodes: readonly DisruptionNode[],
  instanceTypes: readonly InstanceType[],
  { gate = true, ...pool }: PoolInputOptions & { readonly gate?: boolean } = {},
) {
  const pools = [aConsolidatedPool({ instanceTypes, ...pool })];
  const { commands, verdicts } = decide(method, aSnapshot({ nodes, pools, settings: { spotToSpot: gate } }));
  const [replacement] = commands[0]?.replacements ?? [];
  return {
    decision: commands[0]?.decision,
    nodes: commands[0]?.nodes,
    types: replacement?.instanceTypes.map(({ name }) => name),
    capacityTypes: [...(replacement?.requirements.get(Label.CapacityType).values ?? [])],
    codes: verdicts.map(({ code }) => code),
    detail: verdicts[0]?.detail,
    nearest: verdicts[0]?.nearest,
  };
}

describe("spot for spot", () => {
  it("DT-59, D-85: nothing is exchanged while the gate is closed, but a node that is not needed goes", () => {
    const closed = { gate: false };
    expect(outcome("single", [node("a", dear)], [dear, ...cheaper(20)], closed)).toMatchObject({
      codes: ["SpotGate"],
      detail: "replacing a spot node by another is not enabled (gate SpotToSpotConsolidation)",
    });
    expect(outcome("single", [node("a", dear), node("b", dear)], [dear], closed).decision).toBe("delete");
  });

  it("DT-60, D-88: 14 cheaper types are too few, and the verdict says how many there are", () => {
    const { codes, detail, nearest } = outcome("single", [node("a", dear)], [dear, ...cheaper(14)]);
    expect(codes).toEqual(["SpotFlexibility"]);
    expect(nearest).toEqual({ cost: 1, missing: "1 more cheaper spot types" });
    expect(detail).toBe("15 cheaper spot types are needed, and there are 14");
  });

  it("DT-60: 15 are enough, and all of them are listed", () => {
    const { types, decision } = outcome("single", [node("a", dear)], [dear, ...cheaper(15)]);
    expect([decision, types]).toEqual(["replace", cheaper(15).map(({ name }) => name)]);
  });

  it("DT-59: without a word about the gate it is closed, and 15 types and 100 nodes are the measure", () => {
    expect(DISRUPTION_DEFAULTS).toEqual({ spotToSpot: false, spotFlexibility: 15, maxBatch: 100 });
  });

  it("DT-60: of more the 15 cheapest are listed", () => {
    const { types, capacityTypes } = outcome("single", [node("a", dear)], [dear, ...cheaper(20).toReversed()]);
    expect(types).toEqual(cheaper(15).map(({ name }) => name));
    expect(capacityTypes).toEqual([CapacityType.Spot]);
  });

  it.each([
    [20, 20],
    [5, 15],
  ])("DT-61: minValues %d lists %d", (minValues, count) => {
    const requirements = [{ key: Label.InstanceType, operator: "Exists" as const, minValues }];
    expect(outcome("single", [node("a", dear)], [dear, ...cheaper(30)], { requirements }).types).toHaveLength(count);
  });

  it("DT-62: a node among the cheapest stays", () => {
    const types = cheaper(20);
    const own = types[14];
    expect(outcome("single", own ? [node("a", own)] : [], types).codes).toEqual(["SpotFlexibility"]);
  });

  it("D-78: where no spot can be had the ordinary rules apply, and on demand may be what is cheaper", () => {
    const fixed = anInstanceType({ name: "fixed", offerings: [anOffering({ zone: "z", price: 2 })] });
    const soldOut = anInstanceType({
      name: "gone",
      offerings: [anOffering({ capacityType: "spot", zone: "z", price: 9, available: "sold out" })],
    });
    const { types, capacityTypes } = outcome("single", [node("a", soldOut)], [soldOut, fixed], { gate: false });
    expect([types, capacityTypes]).toEqual([["fixed"], [CapacityType.OnDemand]]);
  });

  it("DT-63, D-87: several become one without that many types", () => {
    const nodes = ["a", "b", "c"].map((name) => node(name, spot("full", 3, "1"), "900m"));
    const types = [spot("full", 3, "1"), spot("one", 2), spot("two", 2.5)];
    const { nodes: gone, types: listed } = outcome("multi", nodes, types);
    expect([gone, listed]).toEqual([
      ["a", "b", "c"],
      ["one", "two"],
    ]);
  });

  it("DT-63, D-78: spot and on demand together follow the ordinary rules and end on spot", () => {
    const fixed = anInstanceType({ name: "fixed", cpu: "1", offerings: [anOffering({ zone: "z", price: 3 })] });
    const nodes = [node("a", spot("full", 3, "1"), "900m"), node("b", fixed, "900m")];
    const { nodes: gone, capacityTypes } = outcome("multi", nodes, [spot("full", 3, "1"), fixed, spot("one", 2)], {
      gate: false,
    });
    expect([gone, capacityTypes]).toEqual([["a", "b"], [CapacityType.Spot]]);
  });
});
