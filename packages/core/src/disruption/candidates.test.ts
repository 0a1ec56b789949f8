// Scenarios of docs/reference/upstream-parity.md: E-60.

import { describe, expect, it } from "vitest";
import { Annotation, Label } from "../api/index.ts";
import type { Pod, PodDisruptionBudget } from "../api/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  anInstanceType,
  anOffering,
  aPdb,
  aPod,
  aSnapshot,
  pods,
  SNAPSHOT_NOW,
} from "../testing/builders/index.ts";
import type { DisruptionNodeOptions, SnapshotOptions } from "../testing/builders/index.ts";
import { minutes } from "../units/index.ts";
import type { DisruptionClass } from "./candidate.ts";
import { byRatio, priceOf } from "./candidate-order.ts";
import { candidatesOf } from "./candidates.ts";
import { consolidationFilter } from "./consolidation-filter.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { decide } from "./decide.ts";
import { METHODS } from "./method.ts";

const type = anInstanceType({ name: "m" });
const pools = [aConsolidatedPool({ instanceTypes: [type] })];

function candidates(nodes: readonly DisruptionNode[], options: SnapshotOptions = {}, of: DisruptionClass = "graceful") {
  const snapshot = aSnapshot({ nodes, pools, ...options });
  return candidatesOf(snapshot, { disruptionClass: of, looksAt: () => true });
}

function namesFor(of: DisruptionClass, pod: Pod, deadline?: string, pdbs: readonly PodDisruptionBudget[] = []) {
  const claim = { spec: { ...(deadline && { terminationGracePeriod: deadline }) } };
  const { accepted } = candidates([aDisruptionNode({ type, pods: [pod], claim })], { pdbs }, of);
  return accepted.map(({ name }) => name);
}

const protectedPod = aPod({ nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } });

describe("D-20, D-21: who is a candidate", () => {
  it("DT-1: a protected pod keeps its node from both classes while nothing ends the drain", () => {
    expect(namesFor("graceful", protectedPod)).toEqual([]);
    expect(namesFor("eventual", protectedPod)).toEqual([]);
  });

  it("DT-2: with a deadline for the drain it keeps the node from the graceful class only", () => {
    expect(namesFor("graceful", protectedPod, "5m")).toEqual([]);
    expect(namesFor("eventual", protectedPod, "5m")).toEqual(["n1"]);
  });

  it("DT-2: the same goes for a budget that allows no eviction", () => {
    const pdbs = [aPdb({ disruptionsAllowed: 0 })];
    const pod = aPod({ nodeName: "n1" });
    expect(namesFor("eventual", pod, undefined, pdbs)).toEqual([]);
    expect(namesFor("graceful", pod, "5m", pdbs)).toEqual([]);
    expect(namesFor("eventual", pod, "5m", pdbs)).toEqual(["n1"]);
  });

  const DAEMON = { owner: { apiVersion: "apps/v1", kind: "DaemonSet" } };
  const MIRROR = { owner: { apiVersion: "v1", kind: "Node" } };
  const ENDED = { status: { phase: "Succeeded" as const } };
  const ENDING = { deletionTimestamp: "2026-01-01T00:00:00Z" };
  const KEEPS: readonly string[] = [];
  const GOES = ["n1"];

  it.each([
    ["a DaemonSet pod", DAEMON, KEEPS],
    ["a mirror pod", MIRROR, KEEPS],
    ["a terminating pod", ENDING, GOES],
    ["a pod that has succeeded", ENDED, GOES],
  ])("DT-3: the annotation on %s: %j", (_, options, expected) => {
    const pod = aPod({ nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" }, ...options });
    expect(namesFor("graceful", pod)).toEqual(expected);
    expect(namesFor("eventual", pod)).toEqual(expected);
  });

  it("DT-4: of two protections in time the longer one counts, to the second", () => {
    const since = SNAPSHOT_NOW - minutes(9) - 59_000;
    const lasting = (name: string, text: string, start: number): Pod => {
      const status = { phase: "Running" as const, startTime: new Date(start).toISOString() };
      return aPod({ name, nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: text }, status });
    };
    const both = (start: number) => [
      lasting("short", "5m", start),
      lasting("long", "10m", start),
      lasting("as-long", "10m", start),
      lasting("shorter", "4m", start),
    ];
    const early = candidates([aDisruptionNode({ type, pods: both(SNAPSHOT_NOW - minutes(1)) })]);
    expect(early.refused).toMatchObject([{ code: "PodProtected", until: SNAPSHOT_NOW + minutes(9) }]);
    const [held, free] = [since, since - 1000].map((start) =>
      candidates([aDisruptionNode({ type, pods: both(start) })]),
    );
    expect(held?.refused).toMatchObject([{ node: "n1", code: "PodProtected", until: SNAPSHOT_NOW + 1000 }]);
    expect(held?.refused[0]?.detail).toContain("default/long");
    expect(free?.accepted.map(({ name }) => name)).toEqual(["n1"]);
  });

  it("DT-7: two budgets that both allow an eviction block, and the verdict names them", () => {
    const pdbs = [aPdb({ name: "one", disruptionsAllowed: 1 }), aPdb({ name: "two", disruptionsAllowed: 1 })];
    const { accepted, refused } = candidates([aDisruptionNode({ type, pods: [aPod({ nodeName: "n1" })] })], { pdbs });
    expect(accepted).toEqual([]);
    expect(refused).toMatchObject([{ node: "n1", code: "PdbMultiple" }]);
    expect(refused[0]?.detail).toBe(
      "several PodDisruptionBudgets (one, two) select pod default/web-0, so it can never be evicted",
    );
    const [only] = pdbs;
    expect(namesFor("graceful", aPod({ nodeName: "n1" }), undefined, only ? [only] : [])).toEqual(GOES);
  });

  it.each([
    ["an ordinary pod", {}, KEEPS],
    ["a DaemonSet pod", DAEMON, KEEPS],
    ["a mirror pod", MIRROR, GOES],
    ["a terminal pod", ENDED, GOES],
    ["a terminating pod", ENDING, GOES],
    ["a pod that tolerates the disrupted taint", { tolerations: [{ operator: "Exists" as const }] }, GOES],
  ])("DT-8: a budget that allows nothing, on %s: %j", (_, options, expected) => {
    const pdbs = [aPdb({ disruptionsAllowed: 0 })];
    expect(namesFor("graceful", aPod({ nodeName: "n1", ...options }), undefined, pdbs)).toEqual(expected);
  });

  it.each([
    ["of another namespace", { namespace: "other" }, "True", GOES],
    ["of this one", {}, "False", KEEPS],
    ["AlwaysAllow and Ready=False", { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" as const } }, "False", GOES],
    ["AlwaysAllow and Ready=True", { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" as const } }, "True", KEEPS],
    ["AlwaysAllow and no condition", { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" as const } }, "", KEEPS],
  ] as const)("DT-9: a budget that allows nothing, %s: %#", (_, options, ready, expected) => {
    const conditions = ready === "" ? [] : [{ type: "Ready", status: ready }];
    const pod = aPod({ nodeName: "n1", status: { phase: "Running", conditions } });
    expect(namesFor("graceful", pod, undefined, [aPdb({ disruptionsAllowed: 0, ...options })])).toEqual(expected);
  });

  it("DT-6: the annotation on a node keeps all five methods off", () => {
    const drifted = ["Launched", "Registered", "Initialized", "Consolidatable", "Drifted"];
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    const spec = { terminationGracePeriod: "5m" };
    const nodes = ["default", "fixed"].flatMap((nodePool) => [
      aDisruptionNode({
        name: `${nodePool}-1`,
        nodePool,
        type,
        claim: { conditions: drifted, spec },
        node: { annotations },
      }),
      aDisruptionNode({
        name: `${nodePool}-2`,
        nodePool,
        type,
        pods: [aPod({ name: nodePool })],
        claim: { conditions: drifted, spec },
        node: { annotations },
      }),
    ]);
    const fixed = aConsolidatedPool({ name: "fixed", instanceTypes: [type], replicas: 2 });
    const snapshot = aSnapshot({ nodes, pools: [...pools, fixed] });
    for (const method of METHODS) {
      const { commands, verdicts } = decide(method, snapshot);
      expect(commands).toEqual([]);
      expect(new Set(verdicts.map(({ code }) => code))).toEqual(new Set(["NodeProtected"]));
    }
  });

  it("D-21: what is refused is told with its pool and the budget that holds the pod", () => {
    const pdbs = [aPdb({ name: "one", disruptionsAllowed: 0 })];
    const nodes = [aDisruptionNode({ type, pods: [aPod({ nodeName: "n1" })] })];
    const detail = "PodDisruptionBudget one allows no eviction of pod default/web-0 now";
    expect(candidates(nodes, { pdbs }).refused).toEqual([
      { node: "n1", nodePool: "default", code: "PdbBlocked", detail },
    ]);
    const foreign = aDisruptionNode({ name: "foreign", nodePool: "" });
    expect(candidates([foreign]).refused[0]).not.toHaveProperty("nodePool");
  });

  it("D-20, DX-1: a node without pool, and one of a pool that is gone, are told apart", () => {
    const { nodePool: _, ...poolless } = aDisruptionNode({ type });
    const details = candidates([poolless, aDisruptionNode({ nodePool: "gone" })], {}, "eventual").refused;
    expect(details.map(({ detail }) => detail)).toEqual(["it has no NodePool label", "NodePool gone does not exist"]);
  });

  it.each(["graceful", "eventual"] as const)("DX-35: a node is left alone until its pause is over: %s", (of) => {
    const paused = (until: number) => new Map([["n1", { why: "its last replacement failed", until }]]);
    const { accepted, refused } = candidates([aDisruptionNode({ type })], { paused: paused(SNAPSHOT_NOW + 1000) }, of);
    expect(accepted).toEqual([]);
    expect(refused).toMatchObject([{ code: "Backoff", until: SNAPSHOT_NOW + 1000 }]);
    expect(refused[0]?.detail).toBe("its last replacement failed; it is looked at again at 2026-01-02T00:00:01Z");
    expect(candidates([aDisruptionNode({ type })], { paused: paused(SNAPSHOT_NOW) }, of).accepted).toHaveLength(1);
    const other = aDisruptionNode({ name: "other", type });
    expect(candidates([other], { paused: paused(Infinity) }, of).accepted).toHaveLength(1);
  });

  it("D-20: a node that its provider cannot remove is told with the provider's words", () => {
    const kept = new Map([["n1", "its machine is locked"]]);
    expect(candidates([aDisruptionNode({ type })], { kept }, "eventual").refused).toMatchObject([
      { code: "NodeProtected", detail: "its machine is locked" },
    ]);
  });

  it("D-10, D-20: a promise to pods ends, and the verdict says when", () => {
    const promised = (nominatedUntil: number) => candidates([aDisruptionNode({ type, changes: { nominatedUntil } })]);
    expect(promised(SNAPSHOT_NOW + 5000).refused).toMatchObject([{ code: "Nominated", until: SNAPSHOT_NOW + 5000 }]);
    expect(promised(SNAPSHOT_NOW).accepted).toHaveLength(1);
  });

  it.each(METHODS)("D-21: a deadline for the drain opens protected nodes to drift only: %s", (method) => {
    const conditions = ["Launched", "Registered", "Initialized", "Consolidatable"];
    const claim = { conditions, spec: { terminationGracePeriod: "5m" } };
    const agent = aPod({
      name: "agent",
      owner: { apiVersion: "apps/v1", kind: "DaemonSet" },
      annotations: { [Annotation.DoNotDisrupt]: "true" },
    });
    const roomy = aDisruptionNode({ name: "roomy", nodePool: "", node: { capacity: { cpu: "64" } } });
    const nodes = [
      aDisruptionNode({ name: "empty", type, pods: [agent], claim }),
      aDisruptionNode({ name: "a", type, pods: [agent, aPod({ name: "a" })], claim }),
      aDisruptionNode({ name: "b", type, pods: [agent, aPod({ name: "b" })], claim }),
      roomy,
    ];
    expect(decide(method, aSnapshot({ nodes, pools })).commands).toEqual([]);
    const freed = nodes.map((node) => ({
      ...node,
      pods: node.pods.filter(({ metadata }) => metadata.name !== "agent"),
    }));
    const found = decide(method, aSnapshot({ nodes: freed, pools })).commands.length;
    expect(found).toBe(method === "drift" || method === "staticDrift" ? 0 : 1);
  });

  it("D-19, DT-10: nodes of a pool whose types or overlays are not known are refused for every class", () => {
    for (const pool of [
      aConsolidatedPool({ instanceTypes: [] }),
      aConsolidatedPool({ instanceTypes: [type], skipped: { reason: "OverlayPending", detail: "not yet" } }),
      aConsolidatedPool({ instanceTypes: [type], skipped: { reason: "InstanceTypesUnavailable", detail: "no" } }),
    ]) {
      const { accepted, refused } = candidates([aDisruptionNode({ type })], { pools: [pool] }, "eventual");
      expect([accepted, refused.map(({ code }) => code)]).toEqual([[], ["StaleState"]]);
    }
  });

  it("DT-11, D-22: a node whose type, zone or capacity type is not known is a candidate, but not for consolidation", () => {
    const without = (key: string) => {
      const node = aDisruptionNode({ type, pods: [aPod()] });
      return { ...node, labels: Object.fromEntries(Object.entries(node.labels).filter(([each]) => each !== key)) };
    };
    const unknown = aDisruptionNode({ pods: [aPod()], node: { labels: { [Label.InstanceType]: "gone" } } });
    const cases = [
      [without(Label.Zone), "NoZone", `it has no label ${Label.Zone}`],
      [without(Label.CapacityType), "NoCapacityType", `it has no label ${Label.CapacityType}`],
      [without(Label.InstanceType), "TypesUnavailable", `it has no label ${Label.InstanceType}`],
      [unknown, "TypesUnavailable", "NodePool default does not sell its instance type gone"],
    ] as const;
    for (const [node, code, detail] of cases) {
      expect(candidates([node]).accepted.map(({ name }) => name)).toEqual(["n1"]);
      const snapshot = aSnapshot({ nodes: [node], pools });
      const { accepted, refused } = candidatesOf(snapshot, consolidationFilter(snapshot));
      expect([accepted, refused]).toEqual([[], [{ node: "n1", nodePool: "default", code, detail }]]);
    }
  });
});

describe("D-23…D-28: what a candidate costs", () => {
  const priced = (name: string, price: number | null) =>
    anInstanceType({ name, offerings: [anOffering({ price, zone: "z" })] });
  const types = [priced("a", 16), priced("b", 8), priced("c", 1.2), priced("free", null), priced("odd", Number.NaN)];
  const at = (name: string, count: number, options: DisruptionNodeOptions = {}) => {
    const own = types.find((each) => each.name === name) ?? type;
    const running = pods(count, { name });
    return aDisruptionNode({ name, type: own, pods: running, ...options });
  };
  const ordered = (nodes: readonly DisruptionNode[]) =>
    byRatio(candidates(nodes, { pools: [aConsolidatedPool({ instanceTypes: types })] }).accepted);

  it("DT-14: what saves most per disturbance comes first", () => {
    const order = ordered([at("c", 8), at("a", 10), at("b", 1)]);
    expect(order.map(({ name, rescheduleCost }) => [name, rescheduleCost])).toEqual([
      ["b", 2],
      ["a", 11],
      ["c", 9],
    ]);
  });

  it("DT-15: a price that is missing or no number counts as 0 and sorts last", () => {
    const order = ordered([at("odd", 1), at("free", 1), at("c", 8)]);
    expect(order.map((candidate) => [candidate.name, priceOf(candidate)])).toEqual([
      ["c", 1.2],
      ["free", 0],
      ["odd", 0],
    ]);
  });

  it("DX-12: of equals the one that moves fewer pods, then the older one, then by name", () => {
    const same = (name: string, count: number, creationTimestamp: string) =>
      at("free", count, { name, pods: pods(count, { name }), claim: { creationTimestamp } });
    const order = ordered([
      same("a-young", 1, "2026-01-01T02:00:00Z"),
      same("old-b", 1, "2026-01-01T01:00:00Z"),
      same("old-a", 1, "2026-01-01T01:00:00Z"),
      same("busy", 2, "2026-01-01T00:00:00Z"),
    ]);
    expect(order.map(({ name }) => name)).toEqual(["old-a", "old-b", "a-young", "busy"]);
  });

  it("DX-12: an hour that is nearly over is given up rather than one that has just begun", () => {
    const billing = { period: minutes(60), minimum: minutes(0) };
    const hourly = anInstanceType({ name: "hourly", offerings: [{ ...anOffering({ zone: "z", price: 1 }), billing }] });
    const made = (name: string, creationTimestamp: string) =>
      aDisruptionNode({ name, type: hourly, claim: { creationTimestamp } });
    const nodes = [made("a", "2026-01-01T22:59:00Z"), made("b", "2026-01-01T23:01:00Z")];
    const { accepted } = candidates(nodes, { pools: [aConsolidatedPool({ instanceTypes: [hourly] })] });
    expect(byRatio(accepted).map(({ name }) => name)).toEqual(["b", "a"]);
  });

  it("D-24: the price is that of the offering it runs on, even when that cannot be had now", () => {
    const offerings = [
      anOffering({ zone: "y", price: 1 }),
      anOffering({ zone: "z", price: 3, available: "sold out" }),
      anOffering({ zone: "z", capacityType: "spot", price: 2 }),
    ];
    const sold = anInstanceType({ name: "sold", offerings });
    const node = aDisruptionNode({ type: sold, zone: "z", capacityType: "on-demand" });
    const { accepted } = candidates([node], { pools: [aConsolidatedPool({ instanceTypes: [sold] })] });
    expect(accepted.map(priceOf)).toEqual([3]);
  });
});
