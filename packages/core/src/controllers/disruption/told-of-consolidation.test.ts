// What people read of consolidation, and what is counted of it (E-2 to E-4, E-17, DM-6, DM-13, D-184).

import { afterEach, describe, expect, it } from "vitest";
import { Nodes } from "../../api/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";

let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

const texts = (reason: string): readonly string[] =>
  cluster.harness.events.texts().filter((text) => text.split(" ")[1] === reason);

describe("events of consolidation", () => {
  /** Two nodes that cannot go together nor alone, for their pods would need two new nodes, or one as dear. */
  async function unmovable(): Promise<void> {
    cluster = new DisruptableCluster();
    await cluster.pool();
    for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: { requests: { cpu: "7" } } });
    await cluster.start();
    await cluster.harness.pass(15_000);
  }

  it("D-74, D-76: what a search for several nodes finds out is told of none of them, what is true of one is", async () => {
    await unmovable();
    expect(texts("Unconsolidatable").filter((text) => text.includes("together with"))).toEqual([]);
    expect(texts("Unconsolidatable")).toContainEqual(expect.stringContaining("Node/n1: nothing its pods fit on"));
  });

  it("D-61: a node that is not empty is told once that its policy keeps it, by consolidation", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ consolidationPolicy: "WhenEmpty" });
    await cluster.machine("n1");
    await cluster.start();
    await cluster.harness.pass(15_000);
    const told = texts("Unconsolidatable").filter((text) => text.includes(" Node/"));
    expect(new Set(told)).toEqual(
      new Set(["Normal Unconsolidatable Node/n1: pods run on it, and NodePool default removes empty nodes only"]),
    );
  });

  it("D-75, D-128, E-4: a replacement is announced on each node, without the names of the others; a mere deletion is not", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: { requests: { cpu: "500m" } } });
    await cluster.start();
    await cluster.harness.pass(1000);
    expect(texts("ConsolidationCandidate")).toContain(
      "Normal ConsolidationCandidate Node/n1: replace: [n1] (part of 2-node consolidation) (savings: 0.70 per hour)",
    );
    cluster.harness.stop();
    cluster = new DisruptableCluster();
    await cluster.pool();
    for (const name of ["n1", "n2"]) await cluster.machine(name, { type: "m.2", pod: { requests: { cpu: "500m" } } });
    await cluster.start();
    await cluster.harness.pass(20_000);
    expect(cluster.harness.logger.messages("info")).toContain("disrupting node(s)");
    expect(texts("ConsolidationCandidate")).toEqual([]);
  });

  it("D-119, E-17: each pod that moves is told where it is to go", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool();
    await cluster.machine("n1");
    await cluster.start();
    await cluster.harness.pass(20_000);
    const [replacement] = await cluster.replacements();
    expect(texts("Nominated")).toContain(
      `Normal Nominated Pod/web-n1: Pod should schedule on: nodeclaim/${replacement?.metadata.name}`,
    );
  });

  it("D-37, E-2: a budget of 0 is told of for the reasons that have nodes, not for the others", async () => {
    cluster = new DisruptableCluster();
    await cluster.pool({ budgets: [{ nodes: "0" }] });
    await cluster.machine("n1", { pod: null });
    await cluster.start();
    await cluster.harness.pass(15_000);
    const told = cluster.harness.events.texts().filter((text) => text.includes("NodePool/default"));
    expect(new Set(told)).toEqual(
      new Set([
        "Normal DisruptionBlocked NodePool/default: no node may be disrupted because it is Empty: the budgets allow 0",
      ]),
    );
  });
});

describe("metrics", () => {
  const series = async (metrics: PromMetrics, name: string) =>
    (await metrics.render()).split("\n").filter((line) => line.startsWith(`${name}{`));

  it("DM-6: what the budgets allow is shown also while nothing is looked for", async () => {
    const metrics = new PromMetrics();
    cluster = new DisruptableCluster({ metrics });
    await cluster.pool();
    await cluster.machine("n1", { pod: { requests: { cpu: "7" } } });
    await cluster.start();
    await cluster.harness.pass(15_000);
    const consuming = async () =>
      (await series(metrics, "karpenter_nodepools_nodes_consuming_budgets")).find((line) => line.includes("Underutil"));
    expect(await consuming()).toMatch(/ 0$/);
    const condition = {
      type: "Ready",
      status: "False",
      reason: "x",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    const body = { status: { conditions: [condition] } };
    await cluster.harness.kube.patchStatus(Nodes, { name: "n1" }, { type: "merge", body });
    await cluster.harness.pass(15_000);
    expect(await consuming()).toMatch(/ 1$/);
  });

  it("DM-13: a move of a pool under any policy counts, under the name of its policy", async () => {
    const metrics = new PromMetrics();
    cluster = new DisruptableCluster({ metrics });
    await cluster.pool();
    await cluster.machine("n1");
    await cluster.start();
    await cluster.harness.pass(1000);
    expect(await series(metrics, "karpenter_consolidation_moves_total")).toEqual([
      'karpenter_consolidation_moves_total{decision="approved",nodepool="default",policy="WhenEmptyOrUnderutilized"} 1',
    ]);
  });

  it("DM-13: a move of several nodes counts once for each of its NodePools", async () => {
    const metrics = new PromMetrics();
    cluster = new DisruptableCluster({ metrics });
    await cluster.pool({ consolidationPolicy: "Balanced" });
    for (const name of ["n1", "n2"]) await cluster.machine(name, { pod: { requests: { cpu: "500m" } } });
    await cluster.start();
    await cluster.harness.pass(1000);
    expect(await series(metrics, "karpenter_consolidation_moves_total")).toEqual([
      'karpenter_consolidation_moves_total{decision="approved",nodepool="default",policy="Balanced"} 1',
    ]);
  });
});
