// Scenarios of docs/reference/upstream-parity.md: E-160, E-161.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, NodePools, Pods } from "../../api/index.ts";
import { consolidatableAt } from "../../disruption/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aDaemonSetPod, aNodeClaim, aNodePool, aPod } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { nodeClaimPodEventsController } from "./controller.ts";

const KEY = { namespace: "default", name: "web" };
const JOB = { apiVersion: "batch/v1", kind: "Job", name: "nightly", controller: true };
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function machine(): Promise<void> {
  harness = new ControllerHarness();
  await harness.putMachine("n1");
}

async function start(): Promise<void> {
  await harness.start(nodeClaimPodEventsController(harness.deps));
  await harness.pass(60_000);
}

/** As `machine`, and its NodePool says this about its pods. */
async function machineOfPool(annotations: Readonly<Record<string, string>>): Promise<void> {
  await machine();
  const pool = aNodePool();
  await harness.put(NodePools, { ...pool, metadata: { ...pool.metadata, annotations } });
}

/** Seconds since the test began, or undefined. */
async function lastEvent(): Promise<number | undefined> {
  const time = (await harness.stored(NodeClaims, { name: "n1" }))?.status?.lastPodEventTime;
  return time === undefined ? undefined : (Date.parse(time) - Date.UTC(2026, 0, 1)) / 1000;
}

describe("nodeclaim.podevents", () => {
  it("DX-25, D-142: the first list is no event, so a restart does not reset consolidateAfter", async () => {
    await machine();
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await start();
    expect(await lastEvent()).toBeUndefined();
  });

  it("LC-46: a pod that is created bound, and one that binds later, are events", async () => {
    await machine();
    await start();
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.pass(100);
    expect(await lastEvent()).toBe(60);
    await harness.putPod(aPod({ name: "later" }));
    await harness.pass(20_000);
    expect(await lastEvent()).toBe(60);
    await harness.kube.bind({ namespace: "default", name: "later" }, "n1");
    await harness.pass(100);
    expect(await lastEvent()).toBe(80);
  });

  it("LC-46: the end of a pod is an event, terminal or terminating, once", async () => {
    await machine();
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.putPod(aPod({ name: "job", nodeName: "n1" }));
    await start();
    await harness.kube.delete(Pods, KEY);
    await harness.pass(30_000);
    expect(await lastEvent()).toBe(60);
    await harness.podEnds(KEY);
    await harness.pass(30_000);
    expect(await lastEvent()).toBe(60);
    const phase = { type: "merge", body: { status: { phase: "Succeeded" } } } as const;
    await harness.kube.patchStatus(Pods, { namespace: "default", name: "job" }, phase);
    await harness.pass(100);
    expect(await lastEvent()).toBe(120);
  });

  it("D-141: a pod that was on its way out counts once more when it has ended", async () => {
    await machine();
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await start();
    await harness.kube.delete(Pods, KEY);
    await harness.pass(25_000);
    const begun = await lastEvent();
    await harness.kube.patchStatus(Pods, KEY, { type: "merge", body: { status: { phase: "Succeeded" } } });
    await harness.pass(100);
    expect(await lastEvent()).toBe((begun ?? 0) + 25);
  });

  it("a pod that only changes is no event", async () => {
    await machine();
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await start();
    await harness.kube.patch(Pods, KEY, { type: "merge", body: { metadata: { labels: { a: "b" } } } });
    await harness.pass(100);
    expect(await lastEvent()).toBeUndefined();
  });

  it("DT-97, D-141: pods of DaemonSets are no events", async () => {
    await machine();
    await start();
    await harness.putPod(aDaemonSetPod({ nodeName: "n1" }));
    await harness.pass(100);
    expect(await lastEvent()).toBeUndefined();
  });

  it("DT-97, LC-46: written at most every ten seconds", async () => {
    await machine();
    await start();
    await harness.putPod(aPod({ name: "a", nodeName: "n1" }));
    await harness.pass(9000);
    await harness.putPod(aPod({ name: "b", nodeName: "n1" }));
    await harness.pass(100);
    expect(await lastEvent()).toBe(60);
    await harness.pass(1000);
    await harness.putPod(aPod({ name: "c", nodeName: "n1" }));
    await harness.pass(100);
    expect(await lastEvent()).toBe(70);
  });

  it("D-141: two claims of one machine, a node without claim and an unknown node are left alone", async () => {
    await machine();
    await harness.put(NodeClaims, aNodeClaim({ name: "twin", providerID: "test:///n1" }));
    await harness.putNode({ name: "foreign", nodePool: "", providerID: "" });
    await start();
    for (const nodeName of ["n1", "foreign", "nowhere"]) await harness.putPod(aPod({ name: nodeName, nodeName }));
    await harness.pass(100);
    expect(await lastEvent()).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("DX-25: an event that cannot be written does not shorten the window", async () => {
    await machine();
    await start();
    await harness.putPod(aPod({ name: "web" }));
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus") throw new KubeError(500, "InternalError", "no quorum");
    };
    await harness.kube.bind(KEY, "n1");
    const seen = harness.clock.now();
    await harness.pass(100);
    expect(await lastEvent()).toBeUndefined();
    const node = harness.deps.state.nodeByName("n1");
    const pool = aNodePool({ disruption: { consolidateAfter: "1m" } });
    expect(node?.nodeClaim && consolidatableAt(node.nodeClaim, pool, node.lastPodEvent)).toBeGreaterThanOrEqual(
      seen + 60_000,
    );
  });

  it("DX-25: a quiet pod comes, ends and goes without an event; another one counts", async () => {
    await machineOfPool({ [Annotation.QuietPods]: "app=ci,team in (a,b)" });
    await start();
    await harness.putPod(aPod({ name: "bound", nodeName: "n1", labels: { app: "ci", team: "a" } }));
    await harness.putPod(aPod({ name: "later", labels: { app: "ci", team: "b" } }));
    await harness.kube.bind({ namespace: "default", name: "later" }, "n1");
    await harness.pass(20_000);
    const phase = { type: "merge", body: { status: { phase: "Succeeded" } } } as const;
    await harness.kube.patchStatus(Pods, { namespace: "default", name: "bound" }, phase);
    await harness.kube.delete(Pods, { namespace: "default", name: "later" });
    await harness.pass(20_000);
    expect(await lastEvent()).toBeUndefined();
    expect(harness.deps.state.nodeByName("n1")?.lastPodEvent).toBeUndefined();
    await harness.putPod(aPod({ name: "web", nodeName: "n1", labels: { app: "ci", team: "c" } }));
    await harness.pass(100);
    expect(await lastEvent()).toBe(100);
  });

  it("DX-25: pods of Jobs are quiet where the NodePool says so, also while others come with them", async () => {
    await machineOfPool({ [Annotation.QuietJobs]: "true" });
    await start();
    await harness.putPod(aPod({ name: "job", nodeName: "n1", owner: JOB }));
    await harness.pass(20_000);
    expect(await lastEvent()).toBeUndefined();
    await harness.putPod(aPod({ name: "job-2", nodeName: "n1", owner: JOB }));
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.pass(100);
    expect(await lastEvent()).toBe(80);
  });

  it.each([{}, { [Annotation.QuietPods]: "app in (ci" }, { [Annotation.QuietJobs]: "yes" }])(
    "DX-25: with %j every pod is an event, those of Jobs too",
    async (annotations) => {
      await machineOfPool(annotations);
      await start();
      await harness.putPod(aPod({ name: "job", nodeName: "n1", labels: { app: "ci" }, owner: JOB }));
      await harness.pass(100);
      expect(await lastEvent()).toBe(60);
    },
  );

  it("DX-25: what the NodePool says holds from when it says it", async () => {
    await machineOfPool({});
    await start();
    await harness.putPod(aPod({ name: "a", nodeName: "n1", owner: JOB }));
    await harness.pass(20_000);
    const body = { metadata: { annotations: { [Annotation.QuietJobs]: "true" } } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.pass(0);
    await harness.putPod(aPod({ name: "b", nodeName: "n1", owner: JOB }));
    await harness.pass(100);
    expect(await lastEvent()).toBe(60);
  });

  it("a claim that goes while it is written is no error", async () => {
    await machine();
    await start();
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patchStatus" || resource.kind !== "NodeClaim") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(NodeClaims, { name: "n1" });
    };
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.pass(1000);
    expect(harness.kube.faults).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("LC-46, RT-15: a claim that is made anew under the same name while it is written gets no event of the old one", async () => {
    await machine();
    await start();
    const name = { name: "n1" };
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patchStatus" || resource.kind !== "NodeClaim") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(NodeClaims, name);
      await harness.put(NodeClaims, aNodeClaim({ name: "n1", providerID: "test:///other" }));
    };
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.pass(5000);
    expect(harness.kube.faults).toBeUndefined();
    expect((await harness.stored(NodeClaims, name))?.status?.providerID).toBe("test:///other");
    expect(await lastEvent()).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
