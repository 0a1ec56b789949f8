import { describe, expect, it } from "vitest";
import { CapacityType, Label, WELL_KNOWN_LABELS } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPod,
  aSnapshot,
  pods,
} from "../../testing/builders/index.ts";
import type { PoolInputOptions, SnapshotOptions } from "../../testing/builders/index.ts";
import { candidatesOf } from "../candidates.ts";
import { decide } from "../decide.ts";
import type { DecideOptions } from "../decide-options.ts";
import type { DisruptionNode } from "../disruption-node.ts";
import { narrowed } from "../replacement.ts";
import { withoutSameTypes } from "../same-type-filter.ts";
import { simulateSteps } from "../simulation.ts";
import { finished } from "../steps.ts";

const machine = (name: string, cpu: string, price: number) =>
  anInstanceType({ name, cpu, offerings: [anOffering({ price, zone: "z" })] });
const node = (name: string, type: InstanceType, cpu: string, nodePool = "default") =>
  aDisruptionNode({ name, type, nodePool, pods: [aPod({ name, nodeName: "x", requests: { cpu } })] });
const named = (count: number, make: (name: string, index: number) => DisruptionNode) =>
  Array.from({ length: count }, (_, index) => make(`n${String(index).padStart(3, "0")}`, index));

interface Question extends SnapshotOptions, DecideOptions {
  readonly types: readonly InstanceType[];
  readonly pool?: PoolInputOptions;
}

function multi(nodes: readonly DisruptionNode[], { types, pool, shouldStop, ...more }: Question) {
  const pools = [aConsolidatedPool({ instanceTypes: types, ...pool })];
  const decision = decide("multi", aSnapshot({ nodes, pools, ...more }), shouldStop ? { shouldStop } : {});
  const [command] = decision.commands;
  return {
    decision,
    command,
    types: command?.replacements[0]?.instanceTypes.map(({ name }) => name),
    codes: decision.verdicts.map((verdict) => `${verdict.node} ${verdict.code}`),
  };
}

describe("several nodes at once", () => {
  const half = machine("half", "2", 1);
  const large = machine("large", "8", 1.5);

  it("DT-64: three that are half used become one that is cheaper than they are together", () => {
    const nodes = named(3, (name) => node(name, half, "1800m"));
    const { command, types, codes, decision } = multi(nodes, { types: [half, large] });
    expect(command).toMatchObject({ method: "multi", decision: "replace", nodes: ["n000", "n001", "n002"] });
    expect(command?.savings).toBeCloseTo(1.5);
    expect(types).toEqual(["large"]);
    expect(codes).toEqual(["n000 Selected", "n001 Selected", "n002 Selected"]);
    const detail = "it is one of 3 nodes that go now: one cheaper node takes their place";
    expect(new Set(decision.verdicts.map((verdict) => verdict.detail))).toEqual(new Set([detail]));
    expect(decision).toMatchObject({ constrained: false, timedOut: false, scores: [] });
  });

  it("DT-65, D-92: two of the cheapest type are not exchanged for one of it; one of them is simply removed", () => {
    const nodes = [
      aDisruptionNode({ name: "a", type: half, pods: pods(2, { name: "a", requests: { cpu: "100m" } }) }),
      node("b", half, "100m"),
    ];
    const { command, codes, decision } = multi(nodes, { types: [half, large] });
    expect([command, codes]).toEqual([undefined, ["b NotCheaper", "a NotCheaper"]]);
    expect(decision.verdicts[0]?.detail).toBe(
      "together with 1 others: the replacement would be of a type that is being removed",
    );
    const snapshot = aSnapshot({ nodes, pools: [aConsolidatedPool({ instanceTypes: [half, large] })] });
    expect(decide("single", snapshot).commands).toMatchObject([{ decision: "delete", nodes: ["b"] }]);
  });

  it("DT-15, D-83: a node whose price nobody knows goes with others, and adds nothing to what may be paid for them", () => {
    const odd = anInstanceType({ name: "odd", cpu: "2", offerings: [anOffering({ zone: "z", price: null })] });
    const nodes = [node("a", half, "1800m"), node("b", half, "1800m"), node("odd", odd, "1800m")];
    const bought = multi(nodes, { types: [half, odd, machine("large", "8", 1.5)] });
    expect(bought.command?.nodes).toEqual(["a", "b", "odd"]);
    expect(bought.command).not.toHaveProperty("savings");
    const [dear] = [machine("dear", "8", 2)];
    expect(multi(nodes, { types: [half, odd, dear] }).command).toBeUndefined();
    const roomy = aDisruptionNode({ name: "roomy", nodePool: "", node: { capacity: { cpu: "64" } } });
    const { command } = multi([...nodes, roomy], { types: [half, odd] });
    expect(command).toMatchObject({ decision: "delete", nodes: ["a", "b", "odd"] });
    expect(command).not.toHaveProperty("savings");
  });

  it("D-89: one candidate is none of its business", () => {
    const { command, decision } = multi([node("a", large, "1")], { types: [half, large] });
    expect([command, decision.eligible]).toEqual([undefined, ["a"]]);
  });

  it("D-89, D-57: nodes over the budget are left out, and that must not be remembered as nothing to do", () => {
    const nodes = named(4, (name) => node(name, half, "1800m"));
    const budgets = [{ nodes: "2" }];
    const { command, decision, codes } = multi(nodes, { types: [half, large], pool: { disruption: { budgets } } });
    expect(command?.nodes).toEqual(["n000", "n001"]);
    expect(decision.verdicts[0]?.nodePool).toBe("default");
    expect(codes).toEqual(["n002 Budget", "n003 Budget", "n000 Selected", "n001 Selected"]);
    expect(decision.constrained).toBe(true);
  });
});

describe("D-90: the search", () => {
  const own = machine("own", "2", 1);
  const target = machine("target", "10", 3);

  it("DT-67: five, then seven, then six of eight are tried when only five go", () => {
    // One new machine holds five of the pods, and no more.
    const nodes = named(8, (name) => node(name, own, "1900m"));
    const sizes: number[] = [];
    const { command, decision } = multi(nodes, { types: [own, target] });
    expect(command?.nodes).toHaveLength(5);
    for (const { code, detail } of decision.verdicts) {
      const size = /together with (\d+) others/.exec(detail)?.[1];
      if (code !== "Selected" && size !== undefined) sizes.push(Number(size) + 1);
    }
    // What held the sixth is told by the six, what held the seventh by the seven; the eighth was never tried.
    expect(sizes).toEqual([6, 7]);
  });

  it("DT-67, D-90: they are tried in that order, as one sees where time runs out later and later", () => {
    const nodes = named(8, (name) => node(name, own, "1900m"));
    const seen: string[] = [];
    for (let patience = 0, ended = false; !ended && patience < 1000; patience++) {
      let asked = 0;
      const { command, decision } = multi(nodes, { types: [own, target], shouldStop: () => ++asked > patience });
      const failed = (command?.alternatives ?? []).map(
        (each) => `${each.nodes.length} ${each.why.split(":")[0] ?? ""}`,
      );
      const known = `found ${command?.nodes.length ?? 0}, not ${failed.join()}`;
      if (seen.at(-1) !== known) seen.push(known);
      ended = !decision.timedOut;
    }
    expect(seen).toEqual([
      "found 0, not ",
      "found 5, not ",
      "found 5, not 7 NeedsNNodes",
      "found 5, not 6 NeedsNNodes,7 NeedsNNodes",
    ]);
  });

  it("D-90: of three the first two are tried first, and then all", () => {
    const nodes = named(3, (name) => node(name, own, "1900m"));
    const seen: number[] = [];
    for (let patience = 0, ended = false; !ended && patience < 1000; patience++) {
      let asked = 0;
      const { command, decision } = multi(nodes, {
        types: [own, machine("roomy", "10", 1.5)],
        shouldStop: () => ++asked > patience,
      });
      const count = command?.nodes.length ?? 0;
      if (seen.at(-1) !== count) seen.push(count);
      ended = !decision.timedOut;
    }
    expect(seen).toEqual([0, 2, 3]);
  });

  it("D-93: time may run out in the middle of one look as well", () => {
    const many = (name: string) =>
      aDisruptionNode({ name, type: own, pods: pods(60, { name, nodeName: "x", requests: { cpu: "10m" } }) });
    let asked = 0;
    multi([many("a"), many("b")], { types: [own, target], shouldStop: () => ++asked > 1e6 });
    expect(asked).toBeGreaterThan(2);
  });

  it("DT-68, D-93: when time runs out the best found so far is taken", () => {
    const nodes = named(8, (name) => node(name, own, "1900m"));
    let asked = 0;
    // Time is up as soon as the first, successful, probe is done.
    const { command, decision } = multi(nodes, { types: [own, target], shouldStop: () => ++asked > 1 });
    expect([command?.nodes.length, decision.timedOut]).toEqual([5, true]);
    expect(decision.verdicts.filter(({ code }) => code === "NotReached")).toHaveLength(3);
  });

  it("DT-68: with none found by then there is none, and that must not be remembered", () => {
    const nodes = named(8, (name) => node(name, own, "1900m"));
    const { command, decision } = multi(nodes, { types: [own, target], shouldStop: () => true });
    expect([command, decision.timedOut, decision.verdicts.length]).toEqual([undefined, true, 8]);
  });

  it("DT-69: never more than the batch, though more would fit", () => {
    const roomy = aDisruptionNode({ name: "roomy", nodePool: "", node: { capacity: { cpu: "400", pods: "1000" } } });
    const nodes = [...named(120, (name) => node(name, own, "100m")), roomy];
    const { command, decision } = multi(nodes, { types: [own] });
    expect([command?.decision, command?.nodes.length, decision.eligible.length]).toEqual(["delete", 100, 120]);
    expect(decision.verdicts.find(({ code }) => code === "Selected")?.detail).toBe(
      "it is one of 100 nodes that go now: their pods find room elsewhere",
    );
    expect(multi(nodes, { types: [own], settings: { maxBatch: 7 } }).command?.nodes).toHaveLength(7);
  });
});

describe("D-92: types that are being removed", () => {
  const sizes = [machine("nano", "16", 1), machine("small", "16", 2), machine("xl", "16", 4), machine("2xl", "16", 8)];
  const left = (offered: readonly string[], removed: readonly string[]) => {
    const nodes = removed.map((name, index) => node(`n${index}`, sizes.find((type) => type.name === name) ?? own, "1"));
    const snapshot = aSnapshot({ nodes, pools: [aConsolidatedPool({ instanceTypes: sizes })] });
    const { accepted } = candidatesOf(snapshot, { disruptionClass: "graceful", looksAt: () => true });
    const all = nodes.map(({ name }) => name);
    const claim = finished(simulateSteps(snapshot, all, { respectConsolidateAfter: true }))?.solution.newClaims[0];
    const wellKnown = snapshot.problem.wellKnownLabels;
    const types = sizes.filter(({ name }) => offered.includes(name));
    const planned = claim && narrowed(claim, types, claim.requirements, wellKnown);
    expect(planned?.instanceTypes.map(({ name }) => name)).toEqual(offered);
    return planned && withoutSameTypes(planned, accepted, wellKnown)?.instanceTypes.map(({ name }) => name);
  };
  const own = machine("own", "2", 1);

  it.each([
    [["small", "xl", "2xl"], ["2xl", "2xl", "small"], undefined],
    [["nano", "small", "xl", "2xl"], ["2xl", "2xl", "small"], ["nano"]],
    [
      ["nano", "small", "xl"],
      ["2xl", "2xl"],
      ["nano", "small", "xl"],
    ],
  ])("DT-66: of %j for %j %j is left", (offered, removed, expected) => {
    expect(left(offered, removed)).toEqual(expected);
  });

  it("DT-66: a shared type that is sold nowhere like the node leaves nothing", () => {
    const moved = anInstanceType({ name: "moved", cpu: "16", offerings: [anOffering({ zone: "y", price: 5 })] });
    const nodes = [
      aDisruptionNode({ name: "n0", type: moved, zone: "gone", pods: pods(1, { requests: { cpu: "9" } }) }),
    ];
    const snapshot = aSnapshot({ nodes, pools: [aConsolidatedPool({ instanceTypes: [moved, ...sizes] })] });
    const { accepted } = candidatesOf(snapshot, { disruptionClass: "graceful", looksAt: () => true });
    const claim = finished(simulateSteps(snapshot, ["n0"], { respectConsolidateAfter: true }))?.solution.newClaims[0];
    expect(claim?.instanceTypes.map(({ name }) => name)).toContain("moved");
    expect(claim && withoutSameTypes(claim, accepted, snapshot.problem.wellKnownLabels)).toBeUndefined();
  });

  it("DT-66, D-92: of several offerings that a node may be of, the cheapest is the limit, in whatever order they are sold", () => {
    const id = "example.com/reservation-id";
    const reserved = (name: string, price: number) =>
      anOffering({ zone: "z", capacityType: "reserved", price, labels: { [id]: name } });
    for (const prices of [
      [2, 5],
      [5, 2],
    ]) {
      const offerings = prices.map((price, index) => reserved(`r${index}`, price));
      const shared = anInstanceType({ name: "shared", cpu: "16", offerings });
      const types = [machine("nano", "16", 1), machine("small", "16", 3), shared];
      const nodes = [aDisruptionNode({ name: "n0", type: shared, pods: pods(1, { requests: { cpu: "9" } }) })];
      const wellKnownLabels = new Set([...WELL_KNOWN_LABELS, id]);
      const pools = [aConsolidatedPool({ instanceTypes: types })];
      const snapshot = aSnapshot({ nodes, pools, problem: { wellKnownLabels } });
      const { accepted } = candidatesOf(snapshot, { disruptionClass: "graceful", looksAt: () => true });
      const claim = finished(simulateSteps(snapshot, ["n0"], { respectConsolidateAfter: true }))?.solution.newClaims[0];
      const planned = claim && { ...claim, instanceTypes: types };
      const left = planned && withoutSameTypes(planned, accepted, wellKnownLabels);
      expect(left?.instanceTypes.map(({ name }) => name)).toEqual(["nano"]);
    }
  });

  it("DT-66, D-91: minValues that the removed types made up are missed", () => {
    const requirements = [{ key: Label.InstanceType, operator: "Exists" as const, minValues: 2 }];
    const both = [machine("xl", "16", 4), machine("2xl", "16", 8)];
    const nodes = ["a", "b"].map((name) => node(name, both[1] ?? own, "1"));
    expect(multi(nodes, { types: both }).types).toEqual(["xl"]);
    expect(multi(nodes, { types: both, pool: { requirements } }).command).toBeUndefined();
    const three = [machine("nano", "16", 1), ...both];
    expect(multi(nodes, { types: three, pool: { requirements } }).types).toEqual(["nano", "xl"]);
  });

  it("D-91: a type that cannot be had as spot makes up no minValues of a claim that is pinned to spot", () => {
    const requirements = [{ key: Label.InstanceType, operator: "Exists" as const, minValues: 2 }];
    const either = anInstanceType({
      name: "either",
      cpu: "16",
      offerings: [anOffering({ zone: "z", price: 5 }), anOffering({ zone: "z", price: 1, capacityType: "spot" })],
    });
    const nodes = ["a", "b"].map((name) => node(name, machine("2xl", "16", 8), "7"));
    const types = [either, machine("fixed", "32", 2), machine("2xl", "16", 8)];
    expect(multi(nodes, { types }).types).toEqual(["either"]);
    expect(multi(nodes, { types, pool: { requirements } }).command).toBeUndefined();
  });

  it("D-79: prices in several currencies are not added up", () => {
    const price = anOffering({ zone: "z", price: 9, currency: "USD" });
    const [eur, usd] = [machine("eur", "2", 9), anInstanceType({ name: "usd", cpu: "2", offerings: [price] })];
    const pools = [
      aConsolidatedPool({ name: "dear", instanceTypes: [usd] }),
      aConsolidatedPool({ instanceTypes: [eur, machine("large", "8", 1)], weight: 10 }),
    ];
    const nodes = [node("a", eur, "1800m"), node("b", usd, "1800m", "dear")];
    const { commands, verdicts } = decide("multi", aSnapshot({ nodes, pools }));
    expect(commands).toEqual([]);
    expect(verdicts[0]).toMatchObject({ node: "a", code: "NotCheaper" });
    expect(verdicts[0]?.detail).toContain("the nodes are paid in several currencies");
    const roomy = aDisruptionNode({ name: "roomy", nodePool: "", node: { capacity: { cpu: "64" } } });
    const [gone] = decide("multi", aSnapshot({ nodes: [...nodes, roomy], pools })).commands;
    expect(gone?.nodes).toEqual(["a", "b"]);
    expect(gone).not.toHaveProperty("savings");
  });

  it("DT-66, D-91: minValues must hold for what is left", () => {
    const small = machine("small", "2", 1);
    const types = [small, machine("large", "8", 1.5), machine("larger", "8", 1.8)];
    const requirements = [{ key: Label.InstanceType, operator: "Exists" as const, minValues: 2 }];
    const nodes = named(2, (name) => node(name, small, "1900m"));
    expect(multi(nodes, { types, pool: { requirements } }).types).toEqual(["large", "larger"]);
    const three = [{ key: Label.InstanceType, operator: "Exists" as const, minValues: 3 }];
    expect(multi(nodes, { types, pool: { requirements: three } }).command).toBeUndefined();
  });
});

describe("policies", () => {
  const half = machine("half", "2", 1);
  const large = machine("large", "8", 1.5);
  const nodes = named(3, (name) => node(name, half, "1800m"));

  it("D-59, DT-39: a pool that removes empty nodes only keeps those with pods", () => {
    const pool = { disruption: { consolidationPolicy: "WhenEmpty" as const } };
    expect(multi(nodes, { types: [half, large], pool }).codes).toEqual(
      nodes.map(({ name }) => `${name} PolicyWhenEmpty`),
    );
  });

  it("D-58: neither do pools that never consolidate or have a fixed size", () => {
    const never = { disruption: { consolidateAfter: "Never" } };
    expect(multi(nodes, { types: [half], pool: never }).codes[0]).toBe("n000 ConsolidationDisabled");
    expect(multi(nodes, { types: [half], pool: { replicas: 3 } }).codes[0]).toBe("n000 StaticPool");
  });

  it("D-58, DT-96: a node waits for its consolidateAfter, and for the condition", () => {
    const pool = { disruption: { consolidateAfter: "48h" } };
    const { decision } = multi(nodes, { types: [half, large], pool });
    expect(decision.verdicts[0]).toEqual({
      node: "n000",
      nodePool: "default",
      code: "WaitConsolidateAfter",
      detail: "waits for consolidateAfter 48h until 2026-01-03T00:00:00Z",
      until: Date.UTC(2026, 0, 3),
    });
    const day = { disruption: { consolidateAfter: "24h" } };
    expect(multi(nodes, { types: [half, large], pool: day }).command?.nodes).toHaveLength(3);
    const eventful = nodes.map((node) => ({ ...node, lastPodEvent: Date.UTC(2026, 0, 2) }));
    // DX-25: also when its claim lacks the event.
    expect(multi(eventful, { types: [half, large], pool }).decision.verdicts[0]).toMatchObject({
      code: "WaitConsolidateAfter",
      until: Date.UTC(2026, 0, 4),
    });
    const unmarked = nodes.map(({ name }) =>
      aDisruptionNode({ name, type: half, pods: pods(1), claim: { conditions: ["Initialized"] } }),
    );
    expect(multi(unmarked, { types: [half, large] }).codes[0]).toBe("n000 WaitConsolidateAfter");
  });

  it("D-27, D-58: empty nodes are left to Emptiness and get no verdict here", () => {
    const { decision } = multi([...nodes, aDisruptionNode({ name: "empty", type: half })], { types: [half, large] });
    expect(decision.eligible).toEqual(nodes.map(({ name }) => name));
    expect(decision.verdicts.some((verdict) => verdict.node === "empty")).toBe(false);
  });

  it("D-81: a multi-node replacement is pinned to spot as well", () => {
    const either = anInstanceType({
      name: "either",
      cpu: "8",
      offerings: [anOffering({ zone: "z", price: 2 }), anOffering({ zone: "z", price: 1, capacityType: "spot" })],
    });
    const { command } = multi(nodes, { types: [half, either] });
    expect(command?.replacements[0]?.requirements.get(Label.CapacityType).single()).toBe(CapacityType.Spot);
  });
});
