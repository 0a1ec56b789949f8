import { afterEach, describe, expect, it } from "vitest";
import { Label, Nodes, Pods, toRfc3339, type PodStatus } from "../../api/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aPod, UNSCHEDULABLE, type PodOptions } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { PodTimes } from "../provisioning/pod-times.ts";
import { podMetricsController } from "./controller.ts";

const STATE = "karpenter_pods_state";
const UNBOUND = "karpenter_pods_unbound_time_seconds";
const UNSTARTED = "karpenter_pods_unstarted_time_seconds";
const UNDECIDED = "karpenter_pods_provisioning_scheduling_undecided_time_seconds";
const WEB = { namespace: "default", name: "web" };
const LABELS = '{name="web",namespace="default"}';

let harness: ControllerHarness;
let metrics: PromMetrics;
let times: PodTimes;
afterEach(() => harness.stop());

async function start(...pods: readonly PodOptions[]): Promise<void> {
  metrics = new PromMetrics();
  harness = new ControllerHarness({ metrics });
  await harness.putMachine("n1", {
    node: { labels: { [Label.Zone]: "z1", [Label.InstanceType]: "m.4", [Label.CapacityType]: "spot" } },
  });
  for (const pod of pods) await harness.putPod(aPod({ name: "web", ...pod }));
  times = new PodTimes(harness.deps);
  await harness.start(podMetricsController({ ...harness.deps, podTimes: times }));
}

async function becomes(status: PodStatus): Promise<void> {
  await harness.kube.patchStatus(Pods, WEB, { type: "merge", body: { status } });
}

function since(type: string): { readonly type: string; readonly status: "True"; readonly lastTransitionTime: string } {
  return { type, status: "True", lastTransitionTime: toRfc3339(harness.clock.now()) };
}

/** Bound and ready, after these milliseconds each. */
async function comesUp(bound: number, ready: number): Promise<void> {
  await harness.pass(bound);
  await harness.kube.bind(WEB, "n1");
  const scheduled = since("PodScheduled");
  await becomes({ phase: "Pending", conditions: [scheduled] });
  await harness.pass(ready);
  await becomes({ phase: "Running", conditions: [scheduled, since("Ready")] });
  await harness.pass(5000);
}

async function sum(name: string): Promise<string | undefined> {
  const lines = await promSeries(metrics, name);
  return lines.find((line) => line.startsWith(`${name}_sum`))?.split(" ")[1];
}

describe("metrics.pod", () => {
  it("M-19: one series per pod tells where it is and how, with the owner's path", async () => {
    const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "web-1" };
    await start({ nodeName: "n1", owner });
    expect(await promSeries(metrics, STATE)).toEqual([
      '{name="web",namespace="default",owner="/apis/apps/v1/namespaces/default/replicasets/web-1",node="n1",scheduled="true",nodepool="default",zone="z1",arch="amd64",capacity_type="spot",instance_type="m.4",phase="Running",ready="true",managed="true"} 1',
    ]);
  });

  it("M-19: a series changes with its pod and with the labels of its node, and goes with the pod", async () => {
    await start({});
    expect((await promSeries(metrics, STATE))[0]).toContain('node="",scheduled="false",nodepool="",zone="",');
    await harness.kube.bind(WEB, "n1");
    await harness.pass(5000);
    expect((await promSeries(metrics, STATE))[0]).toContain('node="n1",scheduled="true",nodepool="default",zone="z1"');
    const body = { metadata: { labels: { [Label.Zone]: "z2" } } };
    await harness.kube.patch(Nodes, { name: "n1" }, { type: "merge", body });
    await harness.pass(5000);
    expect((await promSeries(metrics, STATE))[0]).toContain('zone="z2"');
    await harness.kube.delete(Pods, WEB, { gracePeriodSeconds: 0 });
    await harness.pass(5000);
    expect(await promSeries(metrics, STATE)).toEqual([]);
  });

  it("M-20, M-21: a pod waits until it is bound, then until it is ready, and is measured once", async () => {
    await start({});
    await comesUp(10_000, 20_000);
    expect(await sum("karpenter_pods_bound_duration_seconds")).toBe("10");
    expect(await sum("karpenter_pods_startup_duration_seconds")).toBe("30");
    for (const name of [UNBOUND, UNSTARTED]) expect(await promSeries(metrics, name)).toEqual([]);
    await becomes({ phase: "Running", conditions: [since("PodScheduled"), since("Ready")] });
    await harness.pass(5000);
    expect(await sum("karpenter_pods_startup_duration_seconds")).toBe("30");
  });

  it("M-21: shows how long pods have waited, each as long as it does", async () => {
    await start({});
    await harness.pass(12_000);
    expect(await promSeries(metrics, UNBOUND)).toEqual([`${LABELS} 12`]);
    await harness.kube.bind(WEB, "n1");
    await becomes({ phase: "Pending", conditions: [since("PodScheduled")] });
    await harness.pass(8000);
    expect(await promSeries(metrics, UNBOUND)).toEqual([]);
    expect(await promSeries(metrics, UNSTARTED)).toEqual([`${LABELS} 20`]);
  });

  it("M-20: a pod that ends before it is ready is not measured, and one that is gone leaves nothing behind", async () => {
    await start({});
    await harness.pass(5000);
    await becomes({ phase: "Succeeded", conditions: [since("PodScheduled"), since("Ready")] });
    await harness.pass(5000);
    expect(await sum("karpenter_pods_startup_duration_seconds")).toBe("0");
    expect(await promSeries(metrics, UNSTARTED)).toEqual([]);
    await harness.putPod(aPod({ name: "other" }));
    await harness.pass(5000);
    await harness.kube.delete(Pods, { namespace: "default", name: "other" }, { gracePeriodSeconds: 0 });
    await harness.pass(5000);
    expect(await promSeries(metrics, UNSTARTED)).toEqual([]);
  });

  it("M-20: of a pod that was running when this process began nothing is measured", async () => {
    await start({ nodeName: "n1", status: { phase: "Running", conditions: [] } });
    await harness.pass(5000);
    await becomes({ phase: "Running", conditions: [since("PodScheduled"), since("Ready")] });
    await harness.pass(5000);
    expect(await sum("karpenter_pods_startup_duration_seconds")).toBe("0");
  });

  it("M-22: a pod is undecided until it is part of a plan, then it waits for what the plan promised", async () => {
    await start({});
    const pod = await harness.kube.get(Pods, WEB);
    times.see([pod], harness.clock.now());
    await harness.pass(5000);
    expect(await promSeries(metrics, UNDECIDED)).toEqual([`${LABELS} 5`]);
    times.decided([pod], harness.clock.now());
    times.planned([pod], harness.clock.now());
    await harness.pass(5000);
    expect(await promSeries(metrics, UNDECIDED)).toEqual([]);
    for (const name of ["unbound", "unstarted"]) {
      expect(await promSeries(metrics, `karpenter_pods_provisioning_${name}_time_seconds`)).toEqual([`${LABELS} 5`]);
    }
    await comesUp(5000, 10_000);
    expect(await sum("karpenter_pods_provisioning_bound_duration_seconds")).toBe("10");
    expect(await sum("karpenter_pods_provisioning_startup_duration_seconds")).toBe("20");
    for (const name of ["unbound", "unstarted"]) {
      expect(await promSeries(metrics, `karpenter_pods_provisioning_${name}_time_seconds`)).toEqual([]);
    }
  });

  it("M-22: of a pod that no plan was needed for nothing is measured from a plan on", async () => {
    await start({ status: UNSCHEDULABLE });
    await comesUp(5000, 5000);
    expect(await sum("karpenter_pods_provisioning_bound_duration_seconds")).toBe("0");
    expect(await sum("karpenter_pods_bound_duration_seconds")).toBe("5");
  });
});
