import { describe, expect, it } from "vitest";
import { Annotation, Label, WELL_KNOWN_LABELS } from "../api/index.ts";
import {
  aConsolidatedPool,
  aDisruptionNode,
  aDaemonSetPod,
  anInstanceType,
  anOffering,
  aPdb,
  aPod,
  aSnapshot,
  SNAPSHOT_NOW,
  ZONE,
} from "../testing/builders/index.ts";
import type { DisruptionNodeOptions, SnapshotOptions } from "../testing/builders/index.ts";
import type { DisruptionNode } from "./disruption-node.ts";
import { simulateSteps } from "./simulation.ts";
import type { SimulationOptions } from "./simulation.ts";
import { finished } from "./steps.ts";

const type = anInstanceType({ name: "m", cpu: "4", offerings: [anOffering({ price: 1 })] });
const running = (name: string, cpu: string) => aPod({ name, nodeName: "x", requests: { cpu } });
const on = (name: string, pods: DisruptionNodeOptions["pods"] = [], more: DisruptionNodeOptions = {}) =>
  aDisruptionNode({ name, type, pods, ...more });

function result(
  nodes: readonly DisruptionNode[],
  more: SnapshotOptions = {},
  options: Partial<SimulationOptions> = {},
) {
  const pools = [aConsolidatedPool({ instanceTypes: [type] })];
  const simulation = finished(
    simulateSteps(aSnapshot({ nodes, pools, ...more }), ["n1"], {
      respectConsolidateAfter: true,
      ...options,
    }),
  );
  return {
    simulation,
    places: Object.fromEntries(
      (simulation?.solution.existing ?? []).map(({ node, pods }) => [node, pods.map(({ metadata }) => metadata.name)]),
    ),
    bought: simulation?.solution.newClaims.map(({ pods }) => pods.map(({ metadata }) => metadata.name)),
    unplaced: simulation?.unplaced.map(({ pod, uninitialized }) => [pod.metadata.name, uninitialized]),
  };
}

describe("what becomes of the pods", () => {
  it("D-42: the nodes are gone and their pods move to those that stay", () => {
    const { places, bought, unplaced } = result([on("n1", [running("a", "1")]), on("n2")]);
    expect([places, bought, unplaced]).toEqual([{ n2: ["a"] }, [], []]);
  });

  it("D-42: a node on its way out cannot be asked about", () => {
    const node = on("n1", [], { changes: { markedForDeletion: true } });
    expect(result([node]).simulation).toBeUndefined();
    const question = { respectConsolidateAfter: true };
    expect(finished(simulateSteps(aSnapshot({ nodes: [on("n0"), node] }), ["n0", "n1"], question))).toBeUndefined();
    expect(finished(simulateSteps(aSnapshot({ nodes: [on("n0"), node] }), ["n0"], question))).toBeDefined();
  });

  it("D-43: pods of DaemonSets and mirror pods stay behind", () => {
    const mirror = aPod({ name: "m", nodeName: "x", owner: { apiVersion: "v1", kind: "Node" } });
    const leaving = on("n3", [aDaemonSetPod({ nodeName: "x" })], { changes: { markedForDeletion: true } });
    const { places, bought } = result([
      on("n1", [aDaemonSetPod({ nodeName: "x" }), mirror, running("a", "1")]),
      on("n2"),
      leaving,
    ]);
    expect([places, bought]).toEqual([{ n2: ["a"] }, []]);
  });

  it("D-42, D-43: pods of other nodes on their way out need a place too, and theirs is none", () => {
    const leaving = on("n3", [running("b", "1")], { changes: { markedForDeletion: true } });
    const { places, bought } = result([on("n1", [running("a", "2")]), on("n2", [running("c", "1500m")]), leaving]);
    expect(places).toEqual({ n2: ["a"] });
    expect(bought).toEqual([["b"]]);
  });

  it("D-43, DT-34: a pod that waits takes part, and what it needs is not free for others", () => {
    const big = aPod({ name: "big", requests: { cpu: "3" } });
    const { places, bought } = result([on("n1", [running("a", "2")]), on("n2")], { pendingPods: [big] });
    expect(places).toEqual({ n2: ["big"] });
    expect(bought).toEqual([["a"]]);
  });

  it("D-44: protected pods and those that can never be evicted get no room", () => {
    const annotations = { "karpenter.sh/do-not-disrupt": "true" };
    const pods = [
      aPod({ name: "kept", annotations }),
      aPod({ name: "blocked", namespace: "other" }),
      running("a", "1"),
    ];
    const pdbs = [aPdb({ namespace: "other", spec: { maxUnavailable: 0 } })];
    expect(result([on("n1", pods), on("n2")], { pdbs }).places).toEqual({ n2: ["a"] });
  });

  it("D-50, DT-49: a pod that waited before may wait on, one that runs must not come to wait", () => {
    const hopeless = aPod({ name: "hopeless", requests: { cpu: "100" } });
    expect(result([on("n1", [running("a", "1")]), on("n2")], { pendingPods: [hopeless] }).unplaced).toEqual([]);
    const { simulation } = result([on("n1", [running("a", "1")])], {
      pools: [
        aConsolidatedPool({
          instanceTypes: [type],
          requirements: [{ key: ZONE, operator: "In", values: ["elsewhere"] }],
        }),
      ],
    });
    expect(simulation?.unplaced.map(({ pod }) => pod.metadata.name)).toEqual(["a"]);
    expect(simulation?.unplaced[0]?.reason).toMatch(/./);
  });

  it("D-55, D-53: without a pool that grows, pods may still move to nodes that are there", () => {
    const pools = [aConsolidatedPool({ instanceTypes: [type], replicas: 2 })];
    expect(result([on("n1", [running("a", "1")]), on("n2")], { pools })).toMatchObject({
      places: { n2: ["a"] },
      unplaced: [],
    });
    expect(result([on("n1", [running("a", "1")])], { pools }).unplaced).toEqual([["a", false]]);
  });

  it("D-93: a solve that was stopped counts as pods without a place", () => {
    const many = Array.from({ length: 100 }, (_, index) => running(`p${index}`, "1m"));
    const { unplaced } = result([on("n1", many), on("n2")], {}, { shouldStop: () => true });
    expect(unplaced?.length).toBeGreaterThan(0);
    expect(unplaced?.length).toBeLessThan(100);
  });
});

describe("S-514: machines that are paid for already", () => {
  const id = "example.com/reservation-id";
  const free = (count: number) => ({
    ...anOffering({ capacityType: "reserved", price: 0.001, labels: { [id]: "r1" } }),
    reservationCapacity: count,
  });
  /** Two machines' worth of pods, one machine reserved. */
  function moved(problem: NonNullable<SnapshotOptions["problem"]>) {
    const paid = anInstanceType({ name: "m", cpu: "4", offerings: [anOffering({ price: 1 }), free(1)] });
    const wellKnownLabels = new Set([...WELL_KNOWN_LABELS, id]);
    const { simulation, unplaced } = result([on("n1", [running("a", "3"), running("b", "3")])], {
      pools: [aConsolidatedPool({ instanceTypes: [paid] })],
      problem: { wellKnownLabels, reservationIdLabel: id, ...problem },
    });
    const bought = simulation?.solution.newClaims.map(({ cheapest }) =>
      cheapest.offering.requirements.get(Label.CapacityType).single(),
    );
    return { bought, unplaced };
  }

  it("S-514: a reservation that is taken is no reason to wait, although the planner itself would", () => {
    expect(moved({ reservedCapacity: "Strict" })).toEqual({ bought: ["reserved", "on-demand"], unplaced: [] });
  });

  it("S-514: where reservations are switched off a simulation takes none either", () => {
    const { bought, unplaced } = moved({ reservedCapacity: "Off" });
    expect([bought?.includes("reserved"), unplaced]).toEqual([false, []]);
  });
});

describe("S-1017: simulations about one picture", () => {
  const nodes = [
    on("n1", [running("a", "1")]),
    on("n2", [running("b", "2")]),
    on("n3", [running("c", "1")]),
    on("n4", [running("d", "500m")], { changes: { markedForDeletion: true } }),
  ];
  const pools = [aConsolidatedPool({ instanceTypes: [type] })];
  const question = { respectConsolidateAfter: true };

  it("answer alike, whatever was asked before them", () => {
    const snapshot = aSnapshot({ nodes, pools });
    for (const gone of [["n1"], ["n2", "n1"], ["n3"], ["n1", "n2", "n3"], ["n1"]]) {
      const alone = finished(simulateSteps(aSnapshot({ nodes, pools }), gone, question));
      expect(finished(simulateSteps(snapshot, gone, question))).toEqual(alone);
    }
    const [there, back] = [
      ["n1", "n2"],
      ["n2", "n1"],
    ].map((gone) => finished(simulateSteps(aSnapshot({ nodes, pools }), gone, question)));
    expect(there).toEqual(back);
    expect(finished(simulateSteps(snapshot, ["n1"], question))?.solution.existing).toHaveLength(1);
    expect(finished(simulateSteps(snapshot, ["n1", "n2", "n3"], question))?.solution.newClaims).not.toHaveLength(0);
  });
});

describe("D-49: nodes that start", () => {
  const starting = on("n2", [], { changes: { initialized: false } });

  it("DT-48: a pod must not count on one", () => {
    const { unplaced, simulation } = result([on("n1", [running("a", "1")]), starting]);
    expect(unplaced).toEqual([["a", true]]);
    expect(simulation?.unplaced[0]?.reason).toBe("would schedule against uninitialized nodeclaim/n2, node/n2");
  });

  it("DT-48, D-47: an initialized one is tried first, whatever its name", () => {
    const { places, unplaced } = result([on("n1", [running("a", "1")]), starting, on("n9")]);
    expect([places, unplaced]).toEqual([{ n9: ["a"] }, []]);
  });

  it("DT-105: pods of nodes on their way out, and pods that wait, may", () => {
    const leaving = on("n3", [running("b", "1")], { changes: { markedForDeletion: true } });
    const { unplaced, places } = result([on("n1"), starting, leaving], { pendingPods: [aPod({ name: "w" })] });
    expect(unplaced).toEqual([]);
    expect(places["n2"]?.toSorted()).toEqual(["b", "w"]);
  });
});

describe("D-46: nodes inside their consolidateAfter", () => {
  const pools = [aConsolidatedPool({ instanceTypes: [type], disruption: { consolidateAfter: "1m" } })];
  const since = (seconds: number) => ({ since: new Date(SNAPSHOT_NOW - seconds * 1000).toISOString() });
  const moved = (seconds: number, more: SnapshotOptions = {}, options: Partial<SimulationOptions> = {}) =>
    result([on("n1", [running("a", "1")]), on("n2", [], { claim: since(seconds) })], { pools, ...more }, options);

  it("DT-53: take no pods from others until the time is over", () => {
    expect(moved(10)).toMatchObject({ places: {}, bought: [["a"]] });
    expect(moved(59)).toMatchObject({ places: {} });
    expect(moved(60)).toMatchObject({ places: { n2: ["a"] }, bought: [] });
  });

  it("DT-53: pods that came count anew", () => {
    const lastPodEventTime = new Date(SNAPSHOT_NOW - 10_000).toISOString();
    const nodes = [on("n1", [running("a", "1")]), on("n2", [], { claim: { lastPodEventTime } })];
    expect(result(nodes, { pools }).places).toEqual({});
  });

  it.each(["Never", "0s"])("DT-53: %s closes nothing", (consolidateAfter) => {
    const open = [aConsolidatedPool({ instanceTypes: [type], disruption: { consolidateAfter } })];
    expect(moved(10, { pools: open }).places).toEqual({ n2: ["a"] });
  });

  it("D-53: a node of a static pool is never consolidated, so that it waits for nothing", () => {
    const disruption = { consolidateAfter: "1m" };
    const fixed = aConsolidatedPool({ name: "fixed", instanceTypes: [type], replicas: 1, disruption });
    const nodes = [on("n1", [running("a", "1")]), on("n2", [], { nodePool: "fixed", claim: since(10) })];
    expect(result(nodes, { pools: [...pools, fixed] }).places).toEqual({ n2: ["a"] });
  });

  it("D-46: a machine that its provider holds until later takes pods of others all the same", () => {
    const until = new Date(SNAPSHOT_NOW + 3_600_000).toISOString();
    const held = { ...since(60), annotations: { [Annotation.NotConsolidatableBefore]: until } };
    const nodes = [on("n1", [running("a", "1")]), on("n2", [], { claim: held })];
    expect(result(nodes, { pools }).places).toEqual({ n2: ["a"] });
  });

  it("DT-54, D-46: so may a bound pod that has not begun to run", () => {
    const begun = aPod({ name: "a", nodeName: "x", requests: { cpu: "1" }, status: { phase: "Pending" } });
    const nodes = [on("n1", [begun, running("b", "1")]), on("n2", [], { claim: since(10) })];
    expect(result(nodes, { pools })).toMatchObject({ places: { n2: ["a"] }, bought: [["b"]] });
  });

  it("DT-54: pods that wait may go there, and so may those of nodes on their way out", () => {
    const leaving = on("n3", [running("b", "1")], { changes: { markedForDeletion: true } });
    const nodes = [on("n1"), on("n2", [], { claim: since(10) }), leaving];
    const { places } = result(nodes, { pools, pendingPods: [aPod({ name: "w" })] });
    expect(places["n2"]?.toSorted()).toEqual(["b", "w"]);
  });

  it("D-45: drift does not ask for it", () => {
    expect(moved(10, {}, { respectConsolidateAfter: false }).places).toEqual({ n2: ["a"] });
  });
});
