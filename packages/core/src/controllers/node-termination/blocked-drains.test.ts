// DX-27: nobody waits in silence for a drain that does not get any further.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, PodDisruptionBudgets, VolumeAttachments } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aPdb, aPod } from "../../testing/builders/index.ts";
import type { ControllerHarness } from "../../testing/controller-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { openMachine, startAndDelete, WEB } from "../../testing/terminating-machine.ts";

const MINUTE = 60_000;
let harness: ControllerHarness;
let metrics: PromMetrics;
afterEach(() => harness.stop());

async function machine(over: Parameters<typeof openMachine>[0] = {}): Promise<void> {
  metrics = new PromMetrics();
  harness = await openMachine(over, { metrics });
}

/** The causes that hold a node, each with the number of nodes. */
async function alarms(): Promise<readonly string[]> {
  return (await promSeries(metrics, "kmc_blocked_drains")).filter((series) => !series.endsWith(" 0"));
}

const told = () => harness.events.withReason("DrainBlocked").map(({ message }) => message);

describe("BlockedDrains", () => {
  it("DX-27: after half an hour behind a budget there is an alarm, until it lets the pod go", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await startAndDelete(harness);
    await harness.pass(29 * MINUTE);
    expect([await alarms(), told()]).toEqual([[], []]);
    await harness.pass(2 * MINUTE);
    expect(await alarms()).toEqual(['{cause="pdb"} 1']);
    expect(told()[0]).toMatch(/^has been leaving since .*default\/web \(PodDisruptionBudget .* allows no eviction\)$/);
    expect(harness.logger.messages("warn")).toContain("a node that is leaving is held");
    await harness.kube.delete(PodDisruptionBudgets, { namespace: "default", name: aPdb().metadata.name ?? "" });
    await harness.pass(30_000);
    await harness.podEnds(WEB);
    await harness.pass(MINUTE);
    expect(await alarms()).toEqual([]);
  });

  it("DX-27, DM-45: a cloud that refuses to take the machine back is not only told in the log", async () => {
    await machine();
    harness.provider.failures.delete = Array.from({ length: 10_000 }, () => new Error("deletion protection is on"));
    await startAndDelete(harness);
    await harness.pass(40 * MINUTE);
    expect(await alarms()).toEqual(['{cause="cloud"} 1']);
    expect(told()[0]).toMatch(/the cloud does not take its machine .* back: deletion protection is on$/);
    harness.provider.failures.delete = [];
    await harness.pass(MINUTE);
    expect(await alarms()).toEqual([]);
  });

  it("DX-27: after half an hour without an answer there is an alarm", async () => {
    await machine({ node: { ready: false } });
    harness.provider.get = () => Promise.reject(new Error("the cloud is out of order"));
    await startAndDelete(harness);
    await harness.pass(29 * MINUTE);
    expect(await alarms()).toEqual([]);
    await harness.pass(2 * MINUTE);
    expect(await alarms()).toEqual(['{cause="cloud"} 1']);
    expect(told()[0]).toMatch(/the cloud does not tell whether it has its machine: the cloud is out of order$/);
  });

  it("DX-27: a cloud that takes its time after a long drain is no reason for an alarm", async () => {
    await machine();
    harness.provider.slowDeletes = 100;
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } }));
    await startAndDelete(harness);
    await harness.pass(60 * MINUTE);
    expect(await alarms()).toEqual(['{cause="protected"} 1']);
    await harness.podEnds(WEB);
    await harness.pass(MINUTE);
    expect(harness.provider.calls.length).toBeGreaterThan(2);
    expect([await alarms(), told().filter((text) => text.includes("the cloud"))]).toEqual([[], []]);
    harness.provider.slowDeletes = 10_000;
    await harness.pass(31 * MINUTE);
    expect(await alarms()).toEqual(['{cause="cloud"} 1']);
  });

  it("DX-27, DM-45: evictions that a webhook denies are a cause of their own", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "evict") throw new KubeError(403, "Forbidden", "denied the request: not now");
    };
    await startAndDelete(harness);
    await harness.pass(31 * MINUTE);
    expect(await alarms()).toEqual(['{cause="refused"} 1']);
    expect(told()[0]).toMatch(/default\/web \(its eviction is refused: denied the request: not now\)$/);
  });

  it("DX-27: a protected pod is another cause, and is never forced", async () => {
    await machine();
    const protects = { [Annotation.DoNotDisrupt]: "true" };
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations: protects }));
    await startAndDelete(harness);
    await harness.pass(6 * 60 * MINUTE);
    expect(await alarms()).toEqual(['{cause="protected"} 1']);
    expect(harness.provider.machines.size).toBe(1);
  });

  it("DX-27: so are volumes; when they are gone there is no alarm left", async () => {
    await machine();
    await harness.put(VolumeAttachments, {
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      metadata: { name: "csi-1" },
      spec: { attacher: "csi.example.com", nodeName: "n1", source: { persistentVolumeName: "pv-1" } },
    });
    await startAndDelete(harness);
    await harness.pass(31 * MINUTE);
    expect(await alarms()).toEqual(['{cause="volume"} 1']);
    await harness.kube.delete(VolumeAttachments, { name: "csi-1" });
    await harness.pass(MINUTE);
    expect(await alarms()).toEqual([]);
  });
});
