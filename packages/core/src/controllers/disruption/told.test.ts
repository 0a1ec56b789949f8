// What disruption tells people: events, log lines, verdicts and their gauge (E-1 to E-9, E-20 to E-22, D-128, DX-1).

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, Label, NodePools, Nodes, OPENING_TAINT, PodDisruptionBudgets, Pods } from "../../api/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aPdb, aPod, type PodOptions } from "../../testing/builders/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";

const DRIFTED = "2025-12-31T00:00:00Z";
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function withPods(...pods: readonly PodOptions[]): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool();
  await cluster.machine("n1", { pod: null });
  for (const [index, options] of pods.entries()) {
    await cluster.harness.putPod(aPod({ name: `web-${index}`, nodeName: "n1", requests: { cpu: "6" }, ...options }));
  }
  await cluster.start();
}

const texts = (reason: string): readonly string[] =>
  cluster.harness.events.texts().filter((text) => text.split(" ")[1] === reason);

describe("events", () => {
  it("DT-1, E-1: a protected pod is named on the Node and on its NodeClaim", async () => {
    await withPods({ annotations: { [Annotation.DoNotDisrupt]: "true" } });
    await cluster.harness.pass(1000);
    const why = `annotation ${Annotation.DoNotDisrupt} on pod default/web-0 protects it`;
    expect(texts("DisruptionBlocked")).toEqual(
      expect.arrayContaining([
        `Normal DisruptionBlocked Node/n1: ${why}`,
        `Normal DisruptionBlocked NodeClaim/n1: ${why}`,
      ]),
    );
  });

  it.each([
    ["that is not ready is told of as starting", [], 1],
    ["that opens in a moment is nobody's news", [OPENING_TAINT], 0],
  ] as const)("E-1, LC-26: a node %s", async (_, taints, events) => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    await cluster.harness.putMachine("n1", {
      claim: { conditions: ["Launched", "Registered"] },
      node: { labels: { [Label.Initialized]: "no" }, taints },
    });
    await cluster.start();
    await cluster.harness.pass(1500);
    const told = texts("DisruptionBlocked").filter((text) => text.includes("Node/n1"));
    expect(new Set(told).size).toBe(events);
  });

  it("DT-12: a deletion cost that is no number counts for nothing, and is an error in the log, once", async () => {
    await withPods({ annotations: { [Annotation.PodDeletionCost]: "x" } });
    await cluster.harness.pass(60_000);
    const { lines } = cluster.harness.logger;
    const told = lines.filter(({ message }) => message === "an annotation is no number, it is ignored");
    expect(told.map(({ level, fields }) => [level, fields["Pod"], fields["value"]])).toEqual([
      ["error", "default/web-0", "x"],
    ]);
  });

  it.each(["abc", "0s", "-5m", "false", "10"])(
    "DT-5, E-20: the value %j is ignored, and the pod says so",
    async (text) => {
      await withPods({ annotations: { [Annotation.DoNotDisrupt]: text } });
      await cluster.harness.pass(500);
      expect(new Set(texts("InvalidDoNotDisruptAnnotation"))).toEqual(
        new Set([
          `Warning InvalidDoNotDisruptAnnotation Pod/web-0: annotation ${Annotation.DoNotDisrupt} is ignored: ${JSON.stringify(text)} is neither "true" nor a positive duration such as "10m"`,
        ]),
      );
      const keys = cluster.harness.events.withReason("InvalidDoNotDisruptAnnotation").map(({ dedupeKey }) => dedupeKey);
      expect(new Set(keys).size).toBe(1);
      expect(texts("DisruptionBlocked")).toEqual([]);
    },
  );

  it("E-21, E-22: until when a protection lasts, and that it is over", async () => {
    const status = { phase: "Running", startTime: "2026-01-01T00:00:00Z" } as const;
    await withPods({ annotations: { [Annotation.DoNotDisrupt]: "10m" }, status });
    await cluster.harness.pass(500);
    expect(texts("DoNotDisruptUntil")[0]).toBe(
      "Normal DoNotDisruptUntil Pod/web-0: not disrupted until 2026-01-01T00:10:00Z",
    );
    await cluster.harness.pass(601_000);
    expect(texts("DoNotDisruptGracePeriodElapsed").length).toBeGreaterThan(0);
  });

  it("DT-11, E-3: a node without a zone is told once why it cannot be replaced", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    await cluster.machine("n1");
    const body = { metadata: { labels: { "topology.kubernetes.io/zone": null } } };
    await cluster.harness.kube.patch(Nodes, { name: "n1" }, { type: "merge", body });
    await cluster.start();
    await cluster.harness.pass(1000);
    expect(new Set(texts("Unconsolidatable"))).toEqual(
      new Set([
        "Normal Unconsolidatable Node/n1: it has no label topology.kubernetes.io/zone",
        "Normal Unconsolidatable NodeClaim/n1: it has no label topology.kubernetes.io/zone",
      ]),
    );
  });

  it("E-6: a move of several nodes that scores well enough is told on their NodePool", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ consolidationPolicy: "Balanced" });
    for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: { requests: { cpu: "500m" } } });
    await cluster.start();
    await cluster.harness.pass(1000);
    expect(texts("ConsolidationApproved")).toEqual([
      expect.stringMatching(
        /^Normal ConsolidationApproved NodePool\/default: the move scores 0\.88, 0\.50 is needed \(k: 2\): it saves 87\.5 % of what the NodePool costs and disturbs 100\.0 % of its pods$/,
      ),
    ]);
    expect(cluster.harness.events.withReason("ConsolidationApproved")[0]?.resource).toBe(NodePools);
  });
});

describe("the log", () => {
  it("D-184: a command that came to its end, and a score with all that it is made of, at debug", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ consolidationPolicy: "Balanced" });
    for (const name of ["n1", "n2"]) await cluster.machine(name, { type: "m.2", pod: { requests: { cpu: "500m" } } });
    await cluster.start();
    await cluster.harness.pass(30_000);
    expect(cluster.harness.logger.find("consolidation score")?.fields).toMatchObject({
      NodePool: "default",
      approved: true,
    });
    expect(cluster.harness.logger.messages("debug")).toContain("command succeeded");
  });

  it("D-128: names the method, the nodes with their types, and what takes their place", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    await cluster.machine("n1");
    await cluster.start();
    await cluster.harness.pass(16_000);
    const fields = cluster.harness.logger.find("disrupting node(s)")?.fields;
    expect(fields).toMatchObject({
      method: "single-node consolidation",
      decision: "replace",
      "disrupted-node-count": 1,
      "replacement-node-count": 1,
      "pod-count": 1,
      "disrupted-nodes": [{ Node: "n1", NodeClaim: "n1", "instance-type": "m.8", "capacity-type": "on-demand" }],
      "replacement-nodes": [{ "capacity-type": "on-demand", "instance-types": "m.2" }],
    });
    expect(String(fields?.["command"])).toMatch(
      /^Underutilized\/[-0-9a-f]+: replace: nodepools=\[default\]: \[n1\] -> \[1 replacement\(s\)\] \(savings: 0\.30 per hour\)$/,
    );
  });
});

describe("verdicts", () => {
  it("DX-1: each node has one, the gauge counts them, and a node that is gone has none", async () => {
    const metrics = new PromMetrics();
    cluster = new DisruptableCluster({ metrics });
    await cluster.pool({ budgets: [{ nodes: "0" }] });
    await cluster.machine("n1", { pod: null });
    await cluster.machine("n2", { drifted: DRIFTED });
    await cluster.machine("n3", { pod: { annotations: { [Annotation.DoNotDisrupt]: "true" } } });
    await cluster.harness.putNode({ name: "own", nodePool: "", providerID: "" });
    await cluster.start();
    await cluster.harness.pass(1000);
    const said = () => cluster.harness.deps.decisions.judgements().map(({ node, verdict }) => `${node} ${verdict}`);
    expect(said()).toEqual(["n1 Budget", "n2 Budget", "n3 PodProtected", "own Unmanaged"]);
    const lines = async () =>
      (await metrics.render()).split("\n").filter((line) => line.startsWith("kmc_node_verdicts{"));
    expect((await lines()).toSorted()).toEqual([
      'kmc_node_verdicts{nodepool="",verdict="Unmanaged"} 1',
      'kmc_node_verdicts{nodepool="default",verdict="Budget"} 2',
      'kmc_node_verdicts{nodepool="default",verdict="PodProtected"} 1',
    ]);
    await cluster.harness.kube.delete(Nodes, { name: "own" });
    await cluster.harness.pass(15_000);
    expect(said()).toEqual(["n1 Budget", "n2 Budget", "n3 PodProtected"]);
    expect(await lines()).toHaveLength(2);
  });

  it("DX-1: since when it is so stays as long as it is so", async () => {
    await withPods({ annotations: { [Annotation.DoNotDisrupt]: "true" } });
    await cluster.harness.pass(1000);
    const [first] = cluster.harness.deps.decisions.judgements();
    await cluster.harness.pass(60_000);
    const [later] = cluster.harness.deps.decisions.judgements();
    expect(later?.since).toBe(first?.since);
    // DX-1: which look it was, and when.
    expect([first?.round, (later?.round ?? 0) > 1]).toEqual([1, true]);
    expect(later?.time).toBeGreaterThan(first?.time ?? Infinity);
  });

  it("DX-1: each tells how near it came, and how many pods keep it from being empty", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    await cluster.machine("n1", { type: "m.2", pod: { requests: { cpu: "1500m" } } });
    await cluster.start();
    await cluster.harness.pass(1000);
    expect(cluster.harness.deps.decisions.judgements()).toMatchObject([
      {
        verdict: "NotCheaper",
        emptinessPods: 1,
        nearest: { cost: 0.1, missing: "it has to cost less than 0.1000 EUR/h" },
      },
    ]);
  });

  it("DX-1: each tells what the machine costs and all that holds it", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ budgets: [{ nodes: "0" }] });
    await cluster.machine("n1", { pod: null });
    await cluster.machine("n2", { type: "m.2", pod: { annotations: { [Annotation.DoNotDisrupt]: "true" } } });
    await cluster.harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await cluster.start();
    await cluster.harness.pass(1000);
    const [first, second] = cluster.harness.deps.decisions.judgements();
    expect(first).toMatchObject({ verdict: "Budget", pricePerHour: 0.4, currency: "EUR", rescheduleCost: 1 });
    expect(first?.blockers?.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["budget n1"]);
    expect(second).toMatchObject({ verdict: "PodProtected", pricePerHour: 0.1, rescheduleCost: 2 });
    expect(second?.blockers?.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["pod default/web-n2"]);
  });
});

describe("records of commands", () => {
  const records = () => cluster.harness.deps.decisions.commands();

  async function oneDearNode(): Promise<void> {
    cluster = new DisruptableCluster();
    await cluster.pool();
    await cluster.machine("n1");
    await cluster.start();
  }

  it("DX-1: tells what was to be done, each phase, and that it is done", async () => {
    await oneDearNode();
    await cluster.harness.pass(1000);
    expect(records()).toMatchObject([
      {
        method: "single",
        reason: "Underutilized",
        decision: "replace",
        nodes: ["n1"],
        replacements: [{ types: ["m.2"], pricePerHour: 0.1 }],
        moves: [{ pod: "default/web-n1", from: "n1", to: "new#1" }],
        moveCost: 2,
      },
    ]);
    expect(records()[0]?.savingsPerHour).toBeCloseTo(0.3, 9);
    expect(records()[0]?.outcome).toBeUndefined();
    await cluster.harness.pass(20_000);
    await cluster.replacementsWork();
    await cluster.harness.pass(5000);
    const phases = records()[0]?.phases ?? [];
    expect(phases.map(({ name, result }) => `${name} ${result}`)).toEqual([
      "waiting passed",
      "tainted passed",
      "starting Done",
    ]);
    expect(phases.slice(0, 2).map(({ end }) => end)).toEqual(phases.slice(1).map(({ start }) => start));
    expect(records()[0]).toMatchObject({ outcome: "Done" });
    expect(records()[0]?.horizonSavings).toBeCloseTo(0.3 * 24, 6);
  });

  it("DX-1: tells where the successors of the moved pods are", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", uid: "web" };
    await cluster.machine("n1", { pod: { owner } });
    await cluster.start();
    await cluster.harness.pass(21_000);
    await cluster.replacementsWork();
    await cluster.harness.pass(5000);
    expect(records()[0]).toMatchObject({
      outcome: "Done",
      actualPlacement: { asPlanned: 0, elsewhere: 0, pending: 1 },
    });
    const [replacement] = await cluster.replacements();
    const name = replacement?.metadata.name ?? "";
    await cluster.harness.putPod(aPod({ name: "web-again", nodeName: name, owner, requests: { cpu: "1" } }));
    await cluster.harness.pass(11_000);
    expect(records()[0]).toMatchObject({ actualPlacement: { asPlanned: 1, elsewhere: 0, pending: 0 } });
  });

  it("DX-1: tells what was looked at before, and why it was not chosen", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    // The first in line needs all of its machine; the other one's pod is small.
    await cluster.machine("n1", { pod: { requests: { cpu: "7500m" } } });
    await cluster.machine("n2", {
      pod: { requests: { cpu: "1" }, annotations: { [Annotation.PodDeletionCost]: "1000000" } },
    });
    await cluster.start();
    await cluster.harness.pass(1000);
    expect(records()[0]).toMatchObject({ method: "single", nodes: ["n2"] });
    expect(records()[0]?.alternatives?.map(({ nodes, why }) => [nodes, why.split(":")[0]])).toEqual([
      [["n1"], "NotCheaper"],
    ]);
  });

  it("DT-72, DX-1: a pod that is protected within the wait: each candidate is told, and the record says why", async () => {
    await oneDearNode();
    await cluster.harness.pass(1000);
    const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: "true" } } };
    await cluster.harness.kube.patch(Pods, { namespace: "default", name: "web-n1" }, { type: "merge", body });
    await cluster.harness.pass(16_000);
    const [first] = records();
    expect(first).toMatchObject({ outcome: "GivenUp" });
    expect(first?.why).toMatch(/^ValidationChurn: .*default\/web-n1/);
    const rejected = cluster.harness.events.withReason("ConsolidationRejected");
    expect(rejected.map(({ resource }) => resource.kind).toSorted()).toEqual(["Node", "NodeClaim"]);
  });
});
