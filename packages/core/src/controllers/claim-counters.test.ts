// What a NodeClaim leaves behind in the counters, whatever becomes of it (M-2 to M-9, M-34).

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeClassLabel, NodeClaims, NodePools, Nodes, UNREGISTERED_TAINT } from "../api/index.ts";
import { InsufficientCapacity, NodeClassNotReady, Transient } from "../provider/index.ts";
import { PromMetrics } from "../telemetry/index.ts";
import { aNodePool, aPod, TEST_CLASS } from "../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS } from "../testing/controller-harness.ts";
import { promSeries } from "../testing/prom-series.ts";
import { allControllers } from "./all.ts";

const WEB = { namespace: "default", name: "web" };
const NODE = "node-1";

let harness: ControllerHarness;
let metrics: PromMetrics;
afterEach(() => harness.stop());

beforeEach(async () => {
  metrics = new PromMetrics();
  harness = new ControllerHarness({ metrics });
  await harness.putReadyClass();
  await harness.put(NodePools, aNodePool({ status: {} }));
  await harness.start(...allControllers(harness.deps, [TEST_NODE_CLASS]));
});

async function pending(): Promise<void> {
  await harness.putPod(aPod({ name: "web", requests: { cpu: "1" } }));
}

/** A pod that got a machine of its own, which has joined. */
async function joined(): Promise<void> {
  await pending();
  await harness.pass(5000);
  const [claim] = (await harness.kube.list(NodeClaims)).items;
  await harness.putNode({
    name: NODE,
    nodePool: "",
    providerID: claim?.status?.providerID ?? "",
    labels: { [nodeClassLabel(TEST_CLASS)]: "default" },
    taints: [UNREGISTERED_TAINT],
  });
  await harness.kube.bind(WEB, NODE);
  await harness.pass(30_000);
}

async function disrupted(): Promise<readonly string[]> {
  const lines = await promSeries(metrics, "karpenter_nodeclaims_disrupted_total");
  return lines.map((line) => `${/reason="(\w+)"/.exec(line)?.[1]} ${line.split("} ")[1]}`);
}

async function countOf(histogram: string): Promise<string | undefined> {
  return (await promSeries(metrics, histogram)).find((line) => line.includes("_count"));
}

describe("counters about NodeClaims", () => {
  it("M-2, M-3, M-6, M-7, M-9: a machine that comes and goes is counted and timed once", async () => {
    await joined();
    expect(await promSeries(metrics, "karpenter_nodeclaims_created_total")).toEqual([
      '{reason="provisioned",nodepool="default",min_values_relaxed="false"} 1',
    ]);
    expect(await promSeries(metrics, "karpenter_nodes_created_total")).toEqual([
      '{nodepool="default",zone="test-zone-1"} 1',
    ]);
    expect(await promSeries(metrics, "karpenter_nodeclaims_terminated_total")).toEqual([]);
    await harness.podEnds(WEB);
    await harness.pass(3 * 60_000);
    expect(await promSeries(metrics, "karpenter_nodeclaims_terminated_total")).toEqual([
      '{nodepool="default",capacity_type="on-demand",zone="test-zone-1"} 1',
    ]);
    expect(await disrupted()).toEqual(["empty 1"]);
    for (const name of [
      "karpenter_nodeclaims_termination_duration_seconds",
      "karpenter_nodeclaims_instance_termination_duration_seconds",
      "karpenter_nodes_termination_duration_seconds",
    ]) {
      expect(await countOf(name)).toBe(`${name}_count{nodepool="default"} 1`);
    }
  });

  it("TC-26, M-4: a claim that the cloud has nothing for goes, with one warning and one error line", async () => {
    harness.provider.failures.create.push(new InsufficientCapacity("sold out"));
    await pending();
    await harness.pass(5000);
    expect(await disrupted()).toEqual(["insufficient_capacity 1"]);
    const warnings = harness.events.notes.filter(({ type, resource }) => type === "Warning" && resource === NodeClaims);
    expect(warnings).toHaveLength(1);
    expect(harness.logger.messages("error")).toEqual(["giving up nodeclaim"]);
    const [refused] = warnings.map(({ object }) => object.metadata.name);
    expect((await harness.kube.list(NodeClaims)).items.map(({ metadata }) => metadata.name)).not.toContain(refused);
  });

  it("TC-27, M-4: a claim whose NodeClass cannot be used", async () => {
    harness.provider.failures.create.push(new NodeClassNotReady("no"));
    await pending();
    await harness.pass(5000);
    expect(await disrupted()).toEqual(["nodeclass_not_ready 1"]);
  });

  it("M-4: a claim that could not be launched in time", async () => {
    harness.provider.failures.create.push(...Array.from({ length: 1000 }, () => new Transient("503")));
    await pending();
    await harness.pass(5.5 * 60_000);
    expect(await disrupted()).toEqual(["launch_timeout 1"]);
  });

  it("M-4: a machine that has not joined in time", async () => {
    await pending();
    await harness.pass(15.5 * 60_000);
    expect(await disrupted()).toEqual(["registration_timeout 1"]);
  });

  it("M-4: a claim whose machine is gone", async () => {
    await joined();
    harness.provider.machines.clear();
    const conditions = [{ type: "Ready", status: "False", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    await harness.kube.patchStatus(Nodes, { name: NODE }, { type: "merge", body: { status: { conditions } } });
    await harness.pass(5 * 60_000);
    expect(await disrupted()).toContain("garbage_collected 1");
  });

  it("M-34: an eviction is counted by its answer, and the pod by why it had to go", async () => {
    await joined();
    await harness.kube.delete(Nodes, { name: NODE });
    await harness.pass(5000);
    expect(await promSeries(metrics, "karpenter_pods_eviction_requests_total")).toEqual(['{code="200"} 1']);
    const drained = await promSeries(metrics, "karpenter_pods_drained_total");
    expect(drained).toEqual([expect.stringMatching(/^\{reason="[^"]+"\} 1$/)]);
  });

  it("M-30: the calls to the cloud are counted for the controllers that made them", async () => {
    await joined();
    const counts = await promSeries(metrics, "karpenter_cloudprovider_duration_seconds");
    const calls = counts.flatMap(
      (line) => /_count\{controller="([^"]*)",method="(\w+)"/.exec(line)?.slice(1).join(" ") ?? [],
    );
    expect(calls).toContain("provisioner GetInstanceTypes");
    expect(calls).toContain("nodeclaim.lifecycle Create");
    expect(calls.filter((call) => call.startsWith(" "))).toEqual([]);
  });
});
