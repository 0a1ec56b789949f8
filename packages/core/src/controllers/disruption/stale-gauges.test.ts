// What is shown of nodes and NodePools that are not there any more, and of pauses that are over: nothing.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, NodePools, Nodes } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { promSeries } from "../../testing/prom-series.ts";

const MINUTE = 60_000;
let cluster: DisruptableCluster;
let metrics: PromMetrics;
afterEach(() => cluster.harness.stop());

function world(): void {
  metrics = new PromMetrics();
  cluster = new DisruptableCluster({ metrics });
}

describe("when the last node is gone", () => {
  it("DM-4, DM-7, DM-40: no gauge counts it, and no verdict names it", async () => {
    world();
    await cluster.pool({ budgets: [{ nodes: "1" }] });
    await cluster.machine("n1", { pod: null });
    // Its claim stays until the machine is gone.
    const body = { metadata: { finalizers: ["karpenter.sh/termination"] } };
    await cluster.harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body });
    await cluster.start();
    await cluster.harness.pass(MINUTE);
    const consuming = "karpenter_nodepools_nodes_consuming_budgets";
    expect((await promSeries(metrics, consuming)).every((line) => line.endsWith(" 1"))).toBe(true);
    expect(cluster.harness.deps.decisions.judgements()).toMatchObject([{ node: "n1", verdict: "Deleting" }]);
    const free = { metadata: { finalizers: null } };
    await cluster.harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body: free });
    await cluster.harness.kube.delete(Nodes, { name: "n1" });
    await cluster.harness.pass(MINUTE);
    expect(cluster.harness.deps.state.nodes()).toEqual([]);
    expect(cluster.harness.deps.decisions.judgements()).toEqual([]);
    expect(await promSeries(metrics, "kmc_node_verdicts")).toEqual([]);
    expect((await promSeries(metrics, consuming)).filter((line) => !line.endsWith(" 0"))).toEqual([]);
    const eligible = await promSeries(metrics, "karpenter_voluntary_disruption_eligible_nodes");
    expect(eligible.filter((line) => !line.endsWith(" 0"))).toEqual([]);
  });
});

describe("when a NodePool is gone", () => {
  it("DM-6, DM-7: its budgets are not shown any more", async () => {
    world();
    for (const name of ["default", "other"]) await cluster.pool({ budgets: [{ nodes: "0" }] }, name);
    await cluster.machine("n1");
    await cluster.machine("o1", { pool: "other" });
    await cluster.start();
    await cluster.harness.pass(MINUTE);
    const shown = async (): Promise<readonly string[]> =>
      (
        await Promise.all(
          ["allowed_disruptions", "nodes_consuming_budgets"].map((name) =>
            promSeries(metrics, `karpenter_nodepools_${name}`),
          ),
        )
      ).flat();
    expect((await shown()).some((line) => line.includes('nodepool="other"'))).toBe(true);
    await cluster.harness.kube.delete(NodePools, { name: "other" });
    await cluster.harness.pass(MINUTE);
    expect((await shown()).filter((line) => line.includes('nodepool="other"'))).toEqual([]);
    expect((await shown()).some((line) => line.includes('nodepool="default"'))).toBe(true);
  });
});

describe("the pause of a NodePool's drift", () => {
  const GAUGE = "kmc_nodepools_drift_backoff_seconds";

  async function paused(): Promise<void> {
    world();
    await cluster.pool();
    await cluster.machine("n1", { drifted: "2025-12-31T00:00:00Z", pod: { requests: { cpu: "6" } } });
    cluster.harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "create" && resource.kind === "NodeClaim")
        throw new KubeError(403, "Forbidden", "quota");
    };
    await cluster.start();
    await cluster.harness.pass(4000);
    expect(await promSeries(metrics, GAUGE)).toEqual(['{nodepool="default"} 45']);
  }

  it("DM-47: is over when its time is, also when nothing is drifted any more", async () => {
    await paused();
    const { status } = await cluster.harness.kube.get(NodeClaims, { name: "n1" });
    const conditions = (status?.conditions ?? []).filter(({ type }) => type !== "Drifted");
    const body = { status: { conditions } };
    await cluster.harness.kube.patchStatus(NodeClaims, { name: "n1" }, { type: "merge", body });
    await cluster.harness.pass(MINUTE);
    expect(await promSeries(metrics, GAUGE)).toEqual(['{nodepool="default"} 0']);
  });

  it("DM-47: goes with its NodePool", async () => {
    await paused();
    await cluster.harness.kube.delete(NodePools, { name: "default" });
    await cluster.harness.pass(MINUTE);
    expect(await promSeries(metrics, GAUGE)).toEqual([]);
  });
});
