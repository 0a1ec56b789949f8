// D-56, D-57: a method that found nothing is not asked again until something changes, or for five minutes.

import { afterEach, describe, expect, it } from "vitest";
import { NodePools, type Disruption } from "../../api/index.ts";
import { PromMetrics, type Metrics } from "../../telemetry/index.ts";
import { aPod } from "../../testing/builders/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";

let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function open(metrics: Metrics, disruption: Disruption = {}): Promise<void> {
  cluster = new DisruptableCluster({ metrics });
  await cluster.pool(disruption);
}

/** How often each method has looked at the nodes. */
function counting(): { readonly metrics: Metrics; readonly asked: () => number } {
  let asked = 0;
  const prom = new PromMetrics();
  const metrics: Metrics = {
    count: (...args) => prom.count(...args),
    set: (...args) => prom.set(...args),
    remove: (...args) => prom.remove(...args),
    hold: (...args) => prom.hold(...args),
    declare: (definition) => prom.declare(definition),
    observe: (name, labels, value) => {
      if ((labels as Record<string, string>)["consolidation_type"] === "single") asked++;
      prom.observe(name, labels, value);
    },
  };
  return { metrics, asked: () => asked };
}

describe("what is remembered of a search", () => {
  it("DT-75: nothing found is remembered until something changes, or for 5 minutes", async () => {
    const { metrics, asked } = counting();
    await open(metrics);
    await cluster.machine("n1", { type: "m.2" });
    await cluster.start();
    await cluster.harness.pass(100_000);
    expect(asked()).toBe(1);
    await cluster.harness.putPod(aPod({ name: "more", nodeName: "n1", requests: { cpu: "100m" } }));
    await cluster.harness.pass(15_000);
    expect(asked()).toBe(2);
    const body = { spec: { weight: 7 } };
    await cluster.harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await cluster.harness.pass(15_000);
    expect(asked()).toBe(3);
    await cluster.harness.pass(4 * 60_000);
    expect(asked()).toBe(3);
    await cluster.harness.pass(60_000);
    expect(asked()).toBe(4);
  });

  it("DT-75: nothing found because of a budget of 0 is not remembered: every pass asks", async () => {
    const { metrics, asked } = counting();
    await open(metrics, { budgets: [{ nodes: "0" }] });
    await cluster.machine("n1");
    await cluster.start();
    await cluster.harness.pass(1000);
    const first = asked();
    await cluster.harness.pass(60_000);
    expect(asked() - first).toBeGreaterThanOrEqual(5);
    expect(await cluster.replacements()).toEqual([]);
  });
});
