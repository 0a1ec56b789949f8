// Scenarios of docs/reference/upstream-parity.md: E-167, E-168.

import { describe, expect, it } from "vitest";
import { CapacityType, Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import type { InstanceType, Offering } from "../provider/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPersistentVolume,
  aPod,
  aSnapshot,
  aStorage,
  aVolumeClaim,
  mounting,
  pods,
} from "../testing/builders/index.ts";
import type { DisruptionNodeOptions, PoolInputOptions, SnapshotOptions } from "../testing/builders/index.ts";
import { candidatesOf } from "./candidates.ts";
import { consolidationOption } from "./consolidation-option.ts";
import { decide } from "./decide.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { finished } from "./steps.ts";

type Sale = readonly [capacityType: string, zone: string, price: number | null];

const sale = ([capacityType, zone, price]: Sale): Offering => anOffering({ capacityType, zone, price });
const machine = (name: string, cpu: string, ...sales: readonly Sale[]): InstanceType =>
  anInstanceType({ name, cpu, offerings: sales.map(sale) });
const onDemand = (name: string, cpu: string, price: number | null) => machine(name, cpu, ["on-demand", "z", price]);

const big = onDemand("big", "16", 0.8);
const small = onDemand("small", "2", 0.1);

const running = (name: string, cpu = "1") => aPod({ name, nodeName: "x", requests: { cpu } });
const on = (name: string, type: InstanceType, own: readonly Pod[], more: DisruptionNodeOptions = {}) =>
  aDisruptionNode({ name, type, pods: own, ...more });
const pool = (instanceTypes: readonly InstanceType[], more: PoolInputOptions = {}) =>
  aConsolidatedPool({ instanceTypes, ...more });
const onlyIn = (key: string, ...values: readonly string[]): PoolInputOptions => ({
  requirements: [{ key, operator: "In", values }],
});

function single(nodes: readonly DisruptionNode[], pools: SnapshotOptions["pools"], more: SnapshotOptions = {}) {
  const { commands, verdicts } = decide("single", aSnapshot({ nodes, ...(pools && { pools }), ...more }));
  const [command] = commands;
  return {
    command,
    replacement: command?.replacements[0],
    types: command?.replacements[0]?.instanceTypes.map(({ name }) => name),
    codes: verdicts.map(({ node, code }) => `${node} ${code}`),
    detail: verdicts[0]?.detail,
    nearest: verdicts[0]?.nearest,
  };
}

describe("delete", () => {
  it("DT-40: of two nodes whose pods fit on one, the one that saves more per pod goes", () => {
    const nodes = [on("a", big, [running("a1"), running("a2")]), on("b", big, [running("b1")])];
    const { command } = single(nodes, [pool([big])]);
    expect(command).toMatchObject({ decision: "delete", nodes: ["b"], replacements: [], savings: 0.8 });
    expect(command?.disruptionCost).toBe(2);
    expect(command?.existing.map(({ node, pods: moved }) => [node, moved.length])).toEqual([["a", 1]]);
  });

  it("DT-41: pods may go to a node that is not ours", () => {
    const foreign = on("foreign", big, [], { nodePool: "" });
    const { command, codes } = single([on("a", big, [running("a1")]), foreign], [pool([big])]);
    expect(command).toMatchObject({ decision: "delete", nodes: ["a"] });
    expect(codes).toEqual(["a Selected"]);
  });

  it("DT-58, D-83: a node whose price nobody knows can go", () => {
    const odd = onDemand("odd", "4", null);
    const nodes = [on("a", odd, [running("a1")]), on("b", big, [running("b1", "10")])];
    const { command } = single(nodes, [pool([odd, big], onlyIn(Label.InstanceType, "odd", "big"))]);
    expect(command).toMatchObject({ decision: "delete", nodes: ["a"] });
    expect(command).not.toHaveProperty("savings");
  });
});

describe("replace", () => {
  it("DT-42: a dear node gives way to a cheaper one", () => {
    const { command, types } = single([on("a", big, [running("a1")])], [pool([big, small])]);
    expect(command).toMatchObject({ decision: "replace", nodes: ["a"], reason: "Underutilized" });
    expect(command?.savings).toBeCloseTo(0.7);
    expect(types).toEqual(["small"]);
    expect(command?.replacements[0]?.cheapest.instanceType.name).toBe("small");
  });

  it("DT-43, D-79: an equal price is no reason to move", () => {
    const twin = onDemand("twin", "16", 0.8);
    const { command, codes, detail, nearest } = single([on("a", big, [running("a1")])], [pool([big, twin])]);
    expect([command, codes]).toEqual([undefined, ["a NotCheaper"]]);
    expect(nearest).toEqual({ cost: 0.8, missing: "it has to cost less than 0.8000 EUR/h" });
    expect(detail).toBe(
      "nothing its pods fit on is certain to cost less than 0.8000 EUR/h; the cheapest is big for 0.8000 EUR/h",
    );
  });

  it("DT-44, D-84: the dearest place that a spot machine may end up in decides", () => {
    const node = onDemand("old", "4", 0.5);
    const spread = machine("new", "4", ["spot", "x", 1], ["spot", "y", 0.2], ["spot", "z", 0.4]);
    expect(single([on("a", node, [running("a1")])], [pool([node, spread])]).codes).toEqual(["a NotCheaper"]);
    const near = single([on("a", node, [running("a1")])], [pool([node, spread], onlyIn(Label.Zone, "y"))]);
    expect(near.types).toEqual(["new"]);
  });

  it("DT-45: where only on demand is allowed, cheaper spot does not help", () => {
    const node = onDemand("old", "4", 0.5);
    const mixed = machine("new", "4", ["on-demand", "z", 0.6], ["spot", "z", 0.2]);
    const pools = [pool([node, mixed], onlyIn(Label.CapacityType, "on-demand"))];
    expect(single([on("a", node, [running("a1")])], pools).codes).toEqual(["a NotCheaper"]);
  });

  it("DT-46, D-81: a claim that could be either is pinned to spot", () => {
    const node = onDemand("old", "4", 0.5);
    const mixed = machine("new", "4", ["on-demand", "z", 0.4], ["spot", "z", 0.2]);
    const { replacement, command } = single([on("a", node, [running("a1")])], [pool([node, mixed])]);
    const capacityType = replacement?.requirements.get(Label.CapacityType);
    expect([...(capacityType?.values ?? [])]).toEqual([CapacityType.Spot]);
    expect(replacement?.cheapest.offering.price?.amount).toBe(0.2);
    expect(command?.savings).toBeCloseTo(0.3);
  });

  it("DT-46: with no spot among what is cheaper it stays on demand, for spot could not be launched", () => {
    const node = onDemand("old", "4", 0.5);
    const mixed = machine("dear", "4", ["on-demand", "z", 0.6], ["spot", "z", 0.55]);
    const cheap = onDemand("cheap", "4", 0.3);
    const { replacement, types } = single([on("a", node, [running("a1")])], [pool([node, mixed, cheap])]);
    expect(types).toEqual(["cheap"]);
    expect(replacement?.requirements.get(Label.CapacityType).has(CapacityType.OnDemand)).toBe(true);
  });

  it("D-81, S-519: a claim whose cheaper types sell no spot admits what they do sell alone, for nothing else was compared", () => {
    const node = onDemand("old", "4", 0.5);
    const mixed = machine("dear", "4", ["on-demand", "z", 0.6], ["spot", "z", 0.55]);
    const cheap = onDemand("cheap", "4", 0.3);
    const { replacement } = single([on("a", node, [running("a1")])], [pool([node, mixed, cheap])]);
    const capacityType = replacement?.requirements.get(Label.CapacityType);
    expect([...(capacityType?.values ?? [])]).toEqual([CapacityType.OnDemand]);
    expect(replacement?.cheapest.offering.price?.amount).toBe(0.3);
  });

  it("DT-47: one node never becomes two", () => {
    const two = onDemand("two", "2", 0.1);
    const sold = anInstanceType({
      name: "big",
      cpu: "16",
      offerings: [anOffering({ zone: "z", price: 0.8, available: "no" })],
    });
    const split = single([on("a", sold, [running("a1", "1500m"), running("a2", "1500m")])], [pool([two, sold])]);
    expect([split.codes, split.detail]).toEqual([["a NeedsNNodes"], "its pods would need 2 new nodes"]);
    expect(split.nearest).toEqual({ cost: 0.2, missing: "one machine that all of its pods fit on" });
    const odd = onDemand("two", "2", null);
    const unpriced = single([on("a", sold, [running("a1", "1500m"), running("a2", "1500m")])], [pool([odd, sold])]);
    expect(unpriced.nearest).toEqual({ missing: "one machine that all of its pods fit on" });
  });

  it("D-79: a place where nothing can be had at present does not count", () => {
    const node = onDemand("old", "4", 0.5);
    const spread = anInstanceType({
      name: "new",
      cpu: "4",
      offerings: [
        anOffering({ capacityType: "spot", zone: "x", price: 1, available: "sold out" }),
        anOffering({ capacityType: "spot", zone: "y", price: 0.2 }),
      ],
    });
    expect(single([on("a", node, [running("a1")])], [pool([node, spread])]).types).toEqual(["new"]);
  });

  it("DT-53, D-46: pods do not move to a node inside its consolidateAfter to save money", () => {
    const settling = (since: string) => [
      on("a", small, [running("a1")]),
      on("b", small, [running("b1", "500m")], {
        nodePool: "late",
        claim: { conditions: ["Launched", "Registered", "Initialized"], since },
      }),
    ];
    const pools = [pool([small]), pool([small], { name: "late", disruption: { consolidateAfter: "1m" } })];
    expect(single(settling("2026-01-01T23:59:50Z"), pools).command).toBeUndefined();
    expect(single(settling("2026-01-01T23:58:59Z"), pools).command?.nodes).toEqual(["a"]);
  });

  it("D-73: nothing can be done about a node that is on its way out meanwhile", () => {
    const pools = [pool([big, small])];
    const calm = aSnapshot({ nodes: [on("a", big, [running("a1")])], pools });
    const { accepted } = candidatesOf(calm, { disruptionClass: "graceful", looksAt: () => true });
    const leaving = aSnapshot({
      nodes: [on("a", big, [running("a1")], { changes: { markedForDeletion: true } })],
      pools,
    });
    expect(finished(consolidationOption(accepted, calm))).toMatchObject({ decision: "replace" });
    expect(finished(consolidationOption(accepted, leaving))).toMatchObject({
      decision: "none",
      obstacle: { code: "Deleting" },
    });
  });

  it("DT-48, DT-49: the verdict names what has no place, and whether a node only has to start", () => {
    const starting = on("s", big, [], { changes: { initialized: false } });
    const waiting = single([on("a", big, [running("a1")]), starting], [pool([big])]);
    expect(waiting.codes).toContain("a NeedsUninitialized");
    const stuck = pods(7, { nodeName: "x", nodeSelector: { nowhere: "yes" } });
    const { codes, detail, nearest } = single([on("a", big, stuck)], [pool([big, small])]);
    expect([codes, nearest]).toEqual([["a PodsUnschedulable"], { missing: "a place for 7 pods" }]);
    expect(detail).toMatch(/^default\/web-0 => .+; default\/web-4 => .+ and 2 more$/);
    expect(detail?.match(/default\/web-\d/g)).toHaveLength(5);
    expect(single([on("a", big, stuck.slice(0, 5))], [pool([big, small])]).detail).not.toMatch(/ more$/);
    expect(single([on("a", big, stuck.slice(0, 1))], [pool([big, small])]).nearest?.missing).toBe(
      "a place for one pod",
    );
    const [first] = stuck;
    const both = single([on("a", big, [running("a1"), ...(first ? [first] : [])]), starting], [pool([big])]);
    expect(both.codes).toContain("a PodsUnschedulable");
  });

  it("DT-49: a pod that can never run holds up no other node", () => {
    const hopeless = aPod({ name: "hopeless", requests: { cpu: "1000" } });
    const { command, types } = single([on("a", big, [running("a1")])], [pool([big, small])], {
      pendingPods: [hopeless],
    });
    expect([command?.nodes, types]).toEqual([["a"], ["small"]]);
  });

  it("DT-50: a pool whose types cannot be listed does not hold up another", () => {
    const pools = [pool([big, small]), pool([], { name: "broken" })];
    expect(single([on("a", big, [running("a1")])], pools).types).toEqual(["small"]);
  });

  it("DT-51: a spread over zones pins the replacement to the zone the pod leaves", () => {
    const sales = (price: number): readonly Sale[] => ["x", "y"].map((zone) => ["on-demand", zone, price]);
    const wide = machine("wide", "16", ...sales(0.8));
    const narrow = machine("narrow", "2", ...sales(0.1));
    const spec = {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: Label.Zone,
          whenUnsatisfiable: "DoNotSchedule" as const,
          labelSelector: { matchLabels: { app: "a" } },
        },
      ],
    };
    const member = (name: string) => aPod({ name, nodeName: "x", labels: { app: "a" }, requests: { cpu: "1" }, spec });
    const nodes = [on("nx", narrow, [member("p1")], { zone: "x" }), on("ny", wide, [member("p2")], { zone: "y" })];
    const { replacement, command } = single(nodes, [pool([wide, narrow])]);
    expect(command?.nodes).toEqual(["ny"]);
    expect(replacement?.requirements.get(Label.Zone).single()).toBe("y");
  });

  it.each([
    ["host", Label.Hostname],
    ["zone", Label.Zone],
  ])(
    "DT-51: pods that must keep apart by %s stay where they are, and go where nothing keeps them apart",
    (_, topologyKey) => {
      const term = { topologyKey, labelSelector: { matchLabels: { app: "a" } } };
      const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
      const member = (name: string, apart: boolean) =>
        aPod({
          name,
          nodeName: "x",
          labels: { app: "a" },
          requests: { cpu: "1" },
          ...(apart && { spec: { affinity: { podAntiAffinity } } }),
        });
      const sold = machine("sold", "16", ["on-demand", "x", 0.8], ["on-demand", "y", 0.8]);
      const nodes = (apart: boolean) => [
        on("nx", sold, [member("p1", apart)], { zone: "x" }),
        on("ny", sold, [member("p2", apart)], { zone: "y" }),
      ];
      expect(single(nodes(false), [pool([sold])]).command).toMatchObject({ decision: "delete" });
      const kept = single(nodes(true), [pool([sold])]);
      expect(kept.command).toBeUndefined();
      expect(kept.codes).toEqual(["nx NotCheaper", "ny NotCheaper"]);
    },
  );

  it("DT-52: a volume on the node's own disk does not tie the pod to the node", () => {
    const volume = aPersistentVolume({
      name: "pv",
      terms: [{ matchExpressions: [{ key: Label.Hostname, operator: "In", values: ["a"] }] }],
      spec: { local: { path: "/data" } },
    });
    const pod = aPod({ name: "a1", nodeName: "x", requests: { cpu: "1" }, spec: mounting("data") });
    const storage = aStorage({
      persistentVolumes: [volume],
      persistentVolumeClaims: [aVolumeClaim({ name: "data", volumeName: "pv" })],
    });
    const { command, types } = single([on("a", big, [pod])], [pool([big, small])], { problem: { storage } });
    expect([command?.nodes, types]).toEqual([["a"], ["small"]]);
  });

  it("DT-57: reserved capacity that is cheaper takes the place of a node, and of nothing else", () => {
    const reserved = anOffering({
      capacityType: "reserved",
      zone: "z",
      price: 0.01,
      labels: { "reservation-id": "r1" },
    });
    const type = anInstanceType({
      name: "m",
      offerings: [anOffering({ zone: "z", price: 0.5 }), { ...reserved, reservationCapacity: 1 }],
    });
    const problem = {
      reservedCapacity: "Strict" as const,
      reservationIdLabel: "reservation-id",
      wellKnownLabels: new Set([Label.Zone, Label.CapacityType, Label.InstanceType, Label.NodePool, "reservation-id"]),
    };
    const onceBought = (capacityType: string, sold: InstanceType, more: DisruptionNodeOptions = {}) =>
      single([on("a", sold, [running("a1")], { capacityType, ...more })], [pool([sold])], { problem }).replacement;
    expect(onceBought("on-demand", type)?.requirements.get(Label.CapacityType).single()).toBe(CapacityType.Reserved);
    const spot = anInstanceType({
      name: "m",
      offerings: [anOffering({ zone: "z", capacityType: "spot", price: 0.2 }), { ...reserved, reservationCapacity: 1 }],
    });
    expect(onceBought("spot", spot)?.requirements.get(Label.CapacityType).single()).toBe(CapacityType.Reserved);
    // None left to have: the node stays.
    const taken = {
      ...type,
      offerings: [anOffering({ zone: "z", price: 0.5 }), { ...reserved, reservationCapacity: 0 }],
    };
    expect(onceBought("on-demand", taken)).toBeUndefined();
  });

  it("DT-57: a dear reservation is left for a cheaper one of the same size, and not for one as dear", () => {
    const reservation = (id: string, price: number) => ({
      ...anOffering({ capacityType: "reserved", zone: "z", price, labels: { "reservation-id": id } }),
      reservationCapacity: 1,
    });
    const problem = {
      reservedCapacity: "Strict" as const,
      reservationIdLabel: "reservation-id",
      wellKnownLabels: new Set([Label.Zone, Label.CapacityType, Label.InstanceType, Label.NodePool, "reservation-id"]),
    };
    const among = (other: number) => {
      const dear = anInstanceType({ name: "dear", offerings: [reservation("r1", 0.3)] });
      const same = anInstanceType({ name: "same", offerings: [reservation("r2", other)] });
      const place = { capacityType: "reserved", zone: "z", node: { labels: { "reservation-id": "r1" } } };
      const nodes = [on("a", dear, [running("a1")], place)];
      const sold = { ...dear, offerings: dear.offerings.map((each) => ({ ...each, reservationCapacity: 0 })) };
      return single(nodes, [pool([sold, same])], { problem });
    };
    const { replacement, types } = among(0.1);
    expect(types).toEqual(["same"]);
    expect(replacement?.requirements.get(Label.CapacityType).single()).toBe(CapacityType.Reserved);
    expect(replacement?.requirements.get("reservation-id").single()).toBe("r2");
    expect(among(0.3).command).toBeUndefined();
  });

  it("DT-58: a node whose price nobody knows is never replaced", () => {
    const odd = onDemand("odd", "4", null);
    expect(single([on("a", odd, [running("a1")])], [pool([odd, small])]).codes).toEqual(["a NoPrice"]);
  });

  it("D-79: a type that somebody forgot to price is not cheaper", () => {
    const unpriced = onDemand("unpriced", "4", null);
    expect(single([on("a", big, [running("a1")])], [pool([big, unpriced])]).codes).toEqual(["a NotCheaper"]);
  });

  it("prices of another currency are not compared", () => {
    const dollars = anInstanceType({
      name: "usd",
      offerings: [anOffering({ zone: "z", price: 0.01, currency: "USD" })],
    });
    const pools = [pool([big]), pool([dollars], { name: "other", weight: 10 })];
    expect(single([on("a", big, [running("a1")])], pools).codes).toEqual(["a NotCheaper"]);
  });
});

describe("minValues", () => {
  const asks = (minValues: number): PoolInputOptions => ({
    requirements: [{ key: Label.InstanceType, operator: "Exists", minValues }],
  });
  const two = onDemand("two", "2", 0.2);

  it("DT-55: what is left after the price must still have the values", () => {
    const nodes = [on("a", big, [running("a1")])];
    expect(single(nodes, [pool([big, small, two], asks(2))]).types).toEqual(["small", "two"]);
    const { codes, detail, nearest } = single(nodes, [pool([big, small, two], asks(3))]);
    expect(codes).toEqual(["a MinValues"]);
    expect(nearest).toEqual({ cost: 0.1, missing: `1 more values of ${Label.InstanceType} among the cheaper types` });
    expect(detail).toBe(`of the cheaper types 2 values of ${Label.InstanceType} are left, and minValues asks for 3`);
  });

  it("DT-55: best effort is not lowered to consolidate", () => {
    const pools = [pool([big, small, two], asks(3))];
    const problem = { minValuesPolicy: "BestEffort" as const };
    expect(single([on("a", big, [running("a1")])], pools, { problem }).codes).toEqual(["a MinValues"]);
  });
});

describe("preferences", () => {
  const avoiding = (name: string) =>
    aPod({
      name,
      nodeName: "x",
      labels: { app: "a" },
      requests: { cpu: "1" },
      spec: {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 1,
                podAffinityTerm: { topologyKey: Label.Hostname, labelSelector: { matchLabels: { app: "a" } } },
              },
            ],
          },
        },
      },
    });
  const nodes = [on("a", small, [avoiding("a1")]), on("b", small, [avoiding("b1")])];

  it("DT-56: wishes that are respected keep pods apart, wishes that are ignored do not", () => {
    expect(single(nodes, [pool([small])]).command).toBeUndefined();
    const problem = { preferencePolicy: "Ignore" as const };
    expect(single(nodes, [pool([small])], { problem }).command).toMatchObject({ decision: "delete" });
  });

  it("DT-56: the same for a node that something cheaper could replace", () => {
    const wishing = (name: string, zone: string) => {
      const preference = { matchExpressions: [{ key: Label.Zone, operator: "In" as const, values: [zone] }] };
      const preferredDuringSchedulingIgnoredDuringExecution = [{ weight: 1, preference }];
      const spec = { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } } };
      return aPod({ name, nodeName: "x", requests: { cpu: "1" }, spec });
    };
    const dear = machine("dear", "2", ["on-demand", "y", 0.8]);
    const pools = [pool([dear, small])];
    const node = on("a", dear, [wishing("a1", "y")]);
    expect(single([node], pools).command).toBeUndefined();
    expect(single([node], pools, { problem: { preferencePolicy: "Ignore" } }).types).toEqual(["small"]);
  });
});
