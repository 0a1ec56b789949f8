import { afterEach, describe, expect, it } from "vitest";
import { Label, NodePools } from "../../api/index.ts";
import { Transient, type InstanceType } from "../../provider/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aNodePool, anInstanceType, anOffering, type OfferingOptions } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { Catalogue } from "../metrics-cloud/catalogue.ts";
import type { ControllerDeps } from "../deps.ts";
import { nodePoolMetricsController } from "./controller.ts";

const COST = "karpenter_nodepools_cost_total";
const ERRORS = "karpenter_nodepools_cost_tracker_errors_total";

let harness: ControllerHarness;
let metrics: PromMetrics;
afterEach(() => harness.stop());

function sold(...offerings: readonly OfferingOptions[]): InstanceType {
  return anInstanceType({ name: "m.4", offerings: offerings.map(anOffering) });
}

async function begin(types: readonly InstanceType[], options: HarnessOptions = {}): Promise<void> {
  metrics = new PromMetrics();
  harness = new ControllerHarness({ ...options, metrics, types });
  await harness.put(NodePools, aNodePool({ limits: { cpu: "8", memory: "1Gi" } }));
}

async function start(over: Partial<ControllerDeps> = {}): Promise<void> {
  const catalogue = new Catalogue(harness.deps);
  const provider = catalogue.seenThrough(harness.provider, "metrics.nodepool");
  await harness.start(nodePoolMetricsController({ ...harness.deps, provider, ...over }, catalogue));
}

/** A node that was bought as this. */
async function node(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  const bought = {
    [Label.InstanceType]: "m.4",
    [Label.Zone]: "test-zone-1",
    [Label.CapacityType]: "on-demand",
    ...labels,
  };
  await harness.putMachine(name, { node: { labels: bought }, claim: { labels } });
}

describe("metrics.nodepool", () => {
  it("M-16: shows what a pool uses and may use, in cores and bytes, and nothing of a pool that is gone", async () => {
    await begin([sold({})]);
    const body = { status: { resources: { cpu: "1500m", "ephemeral-storage": "2Gi" } } };
    await harness.kube.patchStatus(NodePools, { name: "default" }, { type: "merge", body });
    await start();
    expect(await promSeries(metrics, "karpenter_nodepools_usage")).toEqual([
      '{resource_type="cpu",nodepool="default"} 1.5',
      '{resource_type="ephemeral_storage",nodepool="default"} 2147483648',
    ]);
    expect(await promSeries(metrics, "karpenter_nodepools_limit")).toEqual([
      '{resource_type="cpu",nodepool="default"} 8',
      '{resource_type="memory",nodepool="default"} 1073741824',
    ]);
    await harness.kube.delete(NodePools, { name: "default" });
    await harness.pass(10_000);
    for (const name of ["karpenter_nodepools_usage", "karpenter_nodepools_limit", COST, "kmc_unpriced_nodes"]) {
      expect(await promSeries(metrics, name)).toEqual([]);
    }
  });

  it("M-47: with observability off only prices are looked after", async () => {
    await begin([sold({ price: null })], { settings: { disableClusterStateObservability: true } });
    await start();
    expect(await promSeries(metrics, "karpenter_nodepools_limit")).toEqual([]);
    expect(harness.events.withReason("PriceMissing")).toHaveLength(1);
  });

  it("M-17: adds up what the nodes of a pool cost, and follows them", async () => {
    await begin([sold({ price: 0.25 }, { zone: "z2", price: 0.5 })]);
    await start();
    expect(await promSeries(metrics, COST)).toEqual(['{nodepool="default"} 0']);
    await node("n1");
    await node("n2", { [Label.Zone]: "z2" });
    await harness.pass(10_000);
    expect(await promSeries(metrics, COST)).toEqual(['{nodepool="default"} 0.75']);
    expect(await promSeries(metrics, "kmc_unpriced_nodes")).toEqual(['{nodepool="default"} 0']);
    expect(await promSeries(metrics, ERRORS)).toEqual([]);
  });

  it("users-want 26: an offering without a price is told once, with what it is, and counted", async () => {
    await begin([sold({ price: 0.25 }, { zone: "z2", price: null }, { zone: "z3", price: 0, capacityType: "spot" })]);
    await start();
    await harness.pass(60_000);
    expect(harness.events.texts()).toEqual([
      "Warning PriceMissing NodePool/default: Prices are missing: 2 of 3 offerings have none (m.4 in z2, on-demand; m.4 in z3, spot); they are bought only when no other will do, and nodes of them are not replaced by cheaper ones",
    ]);
    expect(harness.logger.messages("warn")).toEqual(["prices are missing"]);
    expect(await promSeries(metrics, "kmc_unpriced_offerings")).toEqual(['{nodepool="default"} 2']);
  });

  it("users-want 26: a node whose labels lead to no offering is told with the label, and costs not nothing", async () => {
    await begin([sold({ price: 0.25 })]);
    await node("n1", { [Label.Zone]: "Test-Zone-1" });
    await start();
    await harness.pass(60_000);
    expect(harness.events.texts()).toEqual([
      'Warning PriceMissing NodePool/default: Nobody knows what a node costs (n1: no offering in zone "Test-Zone-1" (label topology.kubernetes.io/zone), only in test-zone-1); it counts in no cost and is not replaced by a cheaper one',
    ]);
    expect(await promSeries(metrics, COST)).toEqual([]);
    expect(await promSeries(metrics, "kmc_unpriced_nodes")).toEqual(['{nodepool="default"} 1']);
    expect(await promSeries(metrics, ERRORS)).toEqual(['{nodepool="default"} 7']);
  });

  it("users-want 26: only what is new is told again", async () => {
    await begin([sold({ price: 0.25 })]);
    await node("n1", { [Label.InstanceType]: "m.5" });
    await start();
    await node("n2", { [Label.CapacityType]: "spot" });
    await harness.pass(10_000);
    const [, second, ...more] = harness.events.texts();
    expect(second).toContain(
      '(n2: no offering of capacity type "spot" (label karpenter.sh/capacity-type), only of on-demand)',
    );
    expect(more).toEqual([]);
  });

  it("KH#54: what the claim was bought as counts more than how the Node is labelled", async () => {
    await begin([sold({ price: 0.25 })]);
    const right = { [Label.InstanceType]: "m.4", [Label.Zone]: "test-zone-1", [Label.CapacityType]: "on-demand" };
    await harness.putMachine("n1", { claim: { labels: right }, node: { labels: { ...right, [Label.Zone]: "odd" } } });
    await start();
    expect(await promSeries(metrics, COST)).toEqual(['{nodepool="default"} 0.25']);
  });

  it("M-18: a price in another currency than the pool's others has no place in its cost, and is told as missing", async () => {
    await begin([sold({ price: 0.25 }, { zone: "z2", price: 0.5, currency: "USD" })]);
    await node("n1");
    await node("n2", { [Label.Zone]: "z2" });
    await start();
    expect(await promSeries(metrics, COST)).toEqual(['{nodepool="default"} 0.25']);
    expect(await promSeries(metrics, "kmc_unpriced_nodes")).toEqual(['{nodepool="default"} 1']);
    expect(harness.events.texts()).toEqual([
      expect.stringContaining("1 of 2 offerings have none (m.4 in z2, on-demand)"),
      expect.stringContaining("Nobody knows what a node costs (n2:"),
    ]);
  });

  it("M-18: a cloud that cannot list is asked again after a minute, and the last known cost stays", async () => {
    await begin([sold({ price: 0.25 })]);
    await node("n1");
    harness.provider.failures.types.push(new Transient("503"));
    await start();
    expect(await promSeries(metrics, COST)).toEqual([]);
    await harness.pass(50_000);
    expect(await promSeries(metrics, ERRORS)).toEqual(['{nodepool="default"} 1']);
    expect(await promSeries(metrics, COST)).toEqual([]);
    await harness.pass(10_000);
    expect(await promSeries(metrics, COST)).toEqual(['{nodepool="default"} 0.25']);
  });

  it("asks the cloud for its list every five minutes, not every ten seconds", async () => {
    await begin([sold({})]);
    await start();
    await harness.pass(5 * 60_000 + 10_000);
    const calls = await promSeries(metrics, "karpenter_cloudprovider_duration_seconds");
    expect(calls.find((line) => line.includes("_count"))).toMatch(/method="GetInstanceTypes".* 2$/);
  });
});
