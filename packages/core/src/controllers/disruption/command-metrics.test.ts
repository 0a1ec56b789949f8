// What is counted and timed of commands besides Karpenter's own metrics (DM-28, DM-42 to DM-45).

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, Nodes, Pods, TERMINATION_FINALIZER } from "../../api/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aPod } from "../../testing/builders/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { CLASS } from "../../testing/terminating-machine.ts";
import { EvictionQueue } from "../node-termination/eviction-queue.ts";
import { nodeTerminationController } from "../node-termination/controller.ts";

let metrics: PromMetrics;
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function open(disruption = {}): Promise<void> {
  metrics = new PromMetrics();
  cluster = new DisruptableCluster({ metrics });
  await cluster.pool(disruption);
}

const series = async (name: string): Promise<readonly string[]> =>
  (await promSeries(metrics, name)).filter((each) => !each.endsWith(" 0"));

/** A large machine with a small pod: a small one takes its place. */
async function replaced(): Promise<void> {
  await open();
  await cluster.machine("n1");
  await cluster.start();
  await cluster.harness.pass(20_000);
}

describe("metrics of commands", () => {
  it("DM-28: each simulation is timed as the provisioner's solves are", async () => {
    await replaced();
    const [count = ""] = await series("karpenter_scheduler_scheduling_duration_seconds_count");
    expect(count).toMatch(/^\{controller="disruption"\} [1-9]/);
  });

  it("DM-42: what is to be saved counts when a command begins, what is saved when its nodes are given up", async () => {
    await replaced();
    const labels = '{nodepool="default",reason="underutilized",currency="EUR"}';
    const [estimated = ""] = await series("kmc_disruption_estimated_savings_total");
    expect(estimated.startsWith(labels)).toBe(true);
    expect(Number(estimated.split(" ").at(-1))).toBeCloseTo(0.3);
    expect(await series("kmc_disruption_realised_savings_total")).toEqual([]);
    for (const { metadata } of await cluster.replacements()) {
      const bought = { "node.kubernetes.io/instance-type": "m.2", "topology.kubernetes.io/zone": "test-zone-1" };
      const body = { metadata: { labels: { ...bought, "karpenter.sh/capacity-type": "on-demand" } } };
      await cluster.harness.kube.patch(NodeClaims, { name: metadata.name ?? "" }, { type: "merge", body });
    }
    await cluster.replacementsWork();
    await cluster.harness.pass(5000);
    expect(await cluster.has("n1")).toBe(false);
    const [realised = ""] = await series("kmc_disruption_realised_savings_total");
    expect(Number(realised.split(" ").at(-1))).toBeCloseTo(0.3);
  });

  it("DM-42: an empty node saves its whole price at once", async () => {
    await open();
    await cluster.machine("n1", { pod: null });
    await cluster.start();
    await cluster.harness.pass(20_000);
    for (const name of ["kmc_disruption_estimated_savings_total", "kmc_disruption_realised_savings_total"]) {
      expect(await series(name)).toEqual(['{nodepool="default",reason="empty",currency="EUR"} 0.4']);
    }
  });

  it("DM-42: drift is not done for money", async () => {
    await open({ consolidateAfter: "Never" });
    await cluster.machine("n1", { drifted: "2025-12-31T00:00:00Z" });
    await cluster.start();
    await cluster.harness.pass(20_000);
    expect(await cluster.replacements()).toHaveLength(1);
    expect(await series("kmc_disruption_estimated_savings_total")).toEqual([]);
  });

  it("DM-43: pods that are moved count, and once more as moved again when another command took a pod of theirs within the hour", async () => {
    await open();
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web", uid: "u-web", controller: true };
    const ownerReferences = [owner];
    await cluster.machine("n1", { type: "m.2", pod: null });
    await cluster.machine("n2", { type: "m.2", pod: { requests: { cpu: "1" } } });
    const status = { phase: "Running" } as const;
    const put = async (name: string, nodeName: string) => {
      const pod = aPod({ name, nodeName, requests: { cpu: "500m" }, status });
      await cluster.harness.putPod({ ...pod, metadata: { ...pod.metadata, ownerReferences } });
    };
    await put("web-1", "n1");
    await cluster.start();
    await cluster.harness.pass(25_000);
    expect(await cluster.has("n1")).toBe(false);
    const moves = () => series("kmc_disruption_pod_moves_total");
    expect(await moves()).toEqual(['{nodepool="default",reason="underutilized"} 1']);
    expect(await series("kmc_disruption_repeat_moves_total")).toEqual([]);
    await cluster.harness.kube.delete(Nodes, { name: "n1" });
    await cluster.harness.podEnds({ namespace: "default", name: "web-1" });
    await cluster.machine("n3", { type: "m.2", pod: null });
    await put("web-2", "n3");
    await cluster.harness.pass(120_000);
    expect(await moves()).toEqual(['{nodepool="default",reason="underutilized"} 2']);
    expect(await series("kmc_disruption_repeat_moves_total")).toEqual([
      '{nodepool="default",reason="underutilized"} 1',
    ]);
    expect((await cluster.harness.kube.list(Pods)).items.length).toBeGreaterThan(0);
  });

  it("DM-45: commands that run are shown by their reason", async () => {
    await replaced();
    expect(await series("kmc_disruption_commands_inflight")).toEqual(['{reason="underutilized"} 1']);
    await cluster.replacementsWork();
    await cluster.harness.pass(15_000);
    expect(await series("kmc_disruption_commands_inflight")).toEqual([]);
  });

  it("DM-44: each phase is timed, from the decision until the machine is gone", async () => {
    await open();
    await cluster.machine("n1");
    const body = { metadata: { finalizers: [TERMINATION_FINALIZER], labels: CLASS } };
    await cluster.harness.kube.patch(Nodes, { name: "n1" }, { type: "merge", body });
    await cluster.harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body });
    const queue = new EvictionQueue(cluster.harness.deps);
    await cluster.start(queue.controller(), nodeTerminationController(cluster.harness.deps, queue));
    await cluster.harness.pass(20_000);
    await cluster.replacementsWork();
    await cluster.harness.pass(5000);
    await cluster.harness.kube.delete(Nodes, { name: "n1" });
    await cluster.harness.pass(2000);
    await cluster.harness.podEnds({ namespace: "default", name: "web-n1" });
    await cluster.harness.pass(30_000);
    const counts = await series("kmc_disruption_command_duration_seconds_count");
    expect(counts.toSorted()).toEqual(
      ["drain", "init", "instance", "launch", "validate"].map((phase) => `{reason="underutilized",phase="${phase}"} 1`),
    );
    const sums = await series("kmc_disruption_command_duration_seconds_sum");
    expect(sums).toContain('{reason="underutilized",phase="validate"} 15');
    expect(sums).toContain('{reason="underutilized",phase="launch"} 2');
  });
});
