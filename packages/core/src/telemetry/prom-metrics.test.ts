import { describe, expect, it } from "vitest";

import { conditionMetricName, conditionMetrics } from "./condition-metrics.ts";
import type { MetricDefinition } from "./metric-definition.ts";
import { METRICS } from "./metric-list.ts";
import type { MetricName } from "./metric-list.ts";
import { PromMetrics } from "./prom-metrics.ts";

async function series(metrics: PromMetrics, name: string): Promise<string[]> {
  return (await metrics.render()).split("\n").filter((line) => line.startsWith(name));
}

describe("PromMetrics", () => {
  it("counts, sets and observes", async () => {
    const metrics = new PromMetrics();
    metrics.count("karpenter_nodes_drained_total", { nodepool: "default" });
    metrics.count("karpenter_nodes_drained_total", { nodepool: "default" }, 2);
    metrics.set("karpenter_cluster_state_synced", {}, 1);
    metrics.observe("karpenter_nodeclaims_termination_duration_seconds", { nodepool: "default" }, 3);
    expect(await series(metrics, "karpenter_nodes_drained_total")).toEqual([
      'karpenter_nodes_drained_total{nodepool="default"} 3',
    ]);
    expect(await series(metrics, "karpenter_cluster_state_synced")).toEqual(["karpenter_cluster_state_synced 1"]);
    const buckets = await series(metrics, "karpenter_nodeclaims_termination_duration_seconds_bucket");
    expect(buckets.slice(0, 3).map((line) => line.split(" ")[1])).toEqual(["0", "0", "1"]);
    expect(buckets.length).toBe(13);
  });

  it("M-10: shows the termination time of nodes as quantiles", async () => {
    const metrics = new PromMetrics();
    for (const value of [1, 2, 3]) {
      metrics.observe("karpenter_nodes_termination_duration_seconds", { nodepool: "a" }, value);
    }
    const lines = await series(metrics, "karpenter_nodes_termination_duration_seconds{");
    expect(lines.map((line) => /quantile="([^"]+)"/.exec(line)?.[1])).toEqual(["0", "0.5", "0.9", "0.99", "1"]);
  });

  it("refuses unknown labels and names, so that a typing mistake is noticed", () => {
    const metrics = new PromMetrics();
    expect(() => metrics.count("karpenter_nodes_drained_total", { pool: "x" })).toThrow(
      "has no label pool; it has nodepool",
    );
    expect(() => metrics.remove("karpenter_scheduler_queue_depth", { pool: "x" })).toThrow("has no label pool");
    expect(() => metrics.hold("karpenter_nodepools_usage", "a", [{ labels: { pool: "x" }, value: 1 }])).toThrow(
      "has no label pool; it has resource_type, nodepool",
    );
    expect(() => metrics.count("karpenter_nodes_draned_total" as MetricName)).toThrow("is not declared");
  });

  it("refuses an operation that does not fit the type", () => {
    const metrics = new PromMetrics();
    expect(() => metrics.set("karpenter_nodes_drained_total", {}, 1)).toThrow("is a counter and cannot be set");
    expect(() => metrics.count("karpenter_cluster_state_synced")).toThrow("is a gauge and does not count");
    expect(() => metrics.observe("karpenter_cluster_state_synced", {}, 1)).toThrow("takes no samples");
    expect(() => metrics.hold("karpenter_cluster_state_synced", "a", [])).toThrow("is a gauge of no object");
    expect(() => metrics.set("karpenter_nodepools_usage", {}, 1)).toThrow("cannot be set");
  });

  it("takes an absent label for an empty one: one series, not two", async () => {
    const metrics = new PromMetrics();
    metrics.count("karpenter_nodeclaims_terminated_total", { nodepool: "a" });
    metrics.count("karpenter_nodeclaims_terminated_total", { nodepool: "a", zone: "", capacity_type: "" });
    expect(await series(metrics, "karpenter_nodeclaims_terminated_total")).toEqual([
      'karpenter_nodeclaims_terminated_total{nodepool="a",capacity_type="",zone=""} 2',
    ]);
  });

  it("removes the series of a gauge that carry the given labels and no others", async () => {
    const metrics = new PromMetrics();
    for (const controller of ["a", "b"]) {
      for (const scheduling_id of ["1", "2"]) {
        metrics.set("karpenter_scheduler_queue_depth", { controller, scheduling_id }, 1);
      }
    }
    metrics.remove("karpenter_scheduler_queue_depth", { controller: "a" });
    expect((await series(metrics, "karpenter_scheduler_queue_depth{")).length).toBe(2);
    metrics.set("karpenter_scheduler_queue_depth", { controller: "a", scheduling_id: "1" }, 5);
    metrics.remove("karpenter_scheduler_queue_depth", { scheduling_id: "1" });
    expect(await series(metrics, "karpenter_scheduler_queue_depth{")).toEqual([
      'karpenter_scheduler_queue_depth{controller="b",scheduling_id="2"} 1',
    ]);
  });

  it("M-16: an object's series are replaced as a whole and go with it, those of others stay", async () => {
    const metrics = new PromMetrics();
    const usage = (nodepool: string, ...resources: readonly string[]): void =>
      metrics.hold(
        "karpenter_nodepools_usage",
        nodepool,
        resources.map((resource_type) => ({ labels: { nodepool, resource_type }, value: 1.5 })),
      );
    usage("a", "cpu", "memory");
    usage("b", "cpu");
    usage("a", "pods");
    expect(await series(metrics, "karpenter_nodepools_usage{")).toEqual([
      'karpenter_nodepools_usage{resource_type="pods",nodepool="a"} 1.5',
      'karpenter_nodepools_usage{resource_type="cpu",nodepool="b"} 1.5',
    ]);
    usage("a");
    expect(await series(metrics, "karpenter_nodepools_usage{")).toHaveLength(1);
    expect(await metrics.render()).toContain("\n# TYPE karpenter_nodepools_usage gauge\n");
  });

  it("M-36: what grows by itself is read at each rendering", async () => {
    const metrics = new PromMetrics();
    let now = 5;
    metrics.hold("karpenter_pods_unbound_time_seconds", "default/a", [
      { labels: { name: 'quoted "a"', namespace: "back\\slash" }, value: () => now },
    ]);
    now = 7;
    expect(await series(metrics, "karpenter_pods_unbound_time_seconds{")).toEqual([
      'karpenter_pods_unbound_time_seconds{name="quoted \\"a\\"",namespace="back\\\\slash"} 7',
    ]);
  });

  it("M-35, M-46: a kind's metrics are declared when the provider is known, once", async () => {
    const metrics = new PromMetrics();
    const declare = (...more: readonly string[]): void => {
      for (const one of conditionMetrics("nodeclaim", more)) metrics.declare(one);
    };
    declare();
    declare("karpenter_sh_nodepool");
    declare("karpenter_sh_nodepool");
    const name = conditionMetricName("nodeclaim", "status_condition_transitions_total");
    metrics.count(name, { type: "Ready", status: "True", reason: "Ready", karpenter_sh_nodepool: "a" });
    expect(await series(metrics, `${name}{`)).toEqual([
      `${name}{type="Ready",status="True",reason="Ready",karpenter_sh_nodepool="a"} 1`,
    ]);
    expect(() => declare("karpenter_sh_nodepool", "other")).toThrow("is in use already");
  });

  it("asks for gauges that grow by themselves before each rendering", async () => {
    const metrics = new PromMetrics();
    let age = 0;
    metrics.beforeRender(() => metrics.set("karpenter_cluster_state_unsynced_time_seconds", {}, (age += 5)));
    await metrics.render();
    expect(await series(metrics, "karpenter_cluster_state_unsynced_time_seconds")).toEqual([
      "karpenter_cluster_state_unsynced_time_seconds 10",
    ]);
  });

  it("M-45: shows the process only when asked to", async () => {
    const text = await new PromMetrics({ process: true }).render();
    for (const name of [
      "process_cpu_seconds_total",
      "nodejs_eventloop_lag_p99_seconds",
      "nodejs_heap_size_used_bytes",
    ]) {
      expect(text).toContain(`\n${name}`);
    }
    expect(await new PromMetrics().render()).not.toContain("process_cpu");
  });

  it("keeps two instances apart", async () => {
    const first = new PromMetrics();
    first.count("karpenter_nodes_drained_total", { nodepool: "a" });
    expect(await series(new PromMetrics(), "karpenter_nodes_drained_total{")).toEqual([]);
  });
});

describe("metric list", () => {
  const definitions: readonly MetricDefinition[] = [...METRICS, ...conditionMetrics("node", [])];

  it("has each name once, with a help text that is a sentence", () => {
    expect(new Set(definitions.map(({ name }) => name)).size).toBe(definitions.length);
    expect(definitions.filter(({ help }) => !/^\S.*\.$/s.test(help))).toEqual([]);
  });

  it("names every metric as Prometheus allows, counters ending in _total", () => {
    expect(definitions.filter(({ name }) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
    const odd = definitions.filter(({ type, name }) => (type === "counter") !== name.endsWith("_total"));
    // Karpenter's name of a gauge.
    expect(odd.map(({ name }) => name)).toEqual(["karpenter_nodepools_cost_total"]);
  });

  it("gives growing bounds to every histogram and to nothing else", () => {
    for (const { type, buckets } of definitions) {
      expect(buckets !== undefined).toBe(type === "histogram");
      expect(buckets ?? []).toEqual([...(buckets ?? [])].sort((a, b) => a - b));
    }
  });

  it("has Karpenter's bounds", () => {
    const bounds = (name: MetricName): readonly number[] => definitions.find((one) => one.name === name)?.buckets ?? [];
    expect(bounds("karpenter_nodeclaims_termination_duration_seconds").at(-1)).toBe(2048);
    expect(bounds("karpenter_nodeclaims_instance_termination_duration_seconds").at(-1)).toBe(1024);
    expect(bounds("karpenter_scheduler_scheduling_duration_seconds").length).toBe(45);
    expect(bounds("workqueue_queue_duration_seconds").slice(0, 2)).toEqual([1e-8, 1e-7]);
    expect(bounds("karpenter_nodes_lifetime_duration_seconds").at(0)).toBe(900);
    expect(bounds("karpenter_nodes_lifetime_duration_seconds").at(-1)).toBe(30 * 86_400);
  });
});
