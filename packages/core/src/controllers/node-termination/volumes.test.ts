// Scenarios of docs/reference/upstream-parity.md: E-228, E-229.

import { afterEach, describe, expect, it } from "vitest";
import {
  Annotation,
  DISRUPTED_TAINT,
  getCondition,
  NodeClaims,
  NodePools,
  Nodes,
  PersistentVolumeClaims,
  PodDisruptionBudgets,
  Pods,
  TERMINATION_FINALIZER,
  toRfc3339,
  VolumeAttachments,
  type Pod,
} from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodePool, aPdb, aPod, type NodeClaimOptions, type NodeOptions } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { nodeTerminationController } from "./controller.ts";
import { EvictionQueue } from "./eviction-queue.ts";

const NODE = { name: "n1" };
const FINALIZER = { type: "merge", body: { metadata: { finalizers: [TERMINATION_FINALIZER] } } } as const;
/** The class label, without which a Node is nobody's. */
const CLASS = { "karpenter.test.sh/testnodeclass": "default" };
const STAYS = [{ key: DISRUPTED_TAINT.key, operator: "Exists" }] as const;
let harness: ControllerHarness;
afterEach(() => harness.stop());

/** An empty machine whose Node carries our finalizer; its claim keeps it until its Node is gone. */
async function machine(over: { claim?: NodeClaimOptions; node?: NodeOptions } = {}): Promise<void> {
  harness = new ControllerHarness();
  await harness.putMachine("n1", { ...over, node: { ...over.node, labels: CLASS } });
  await harness.kube.patch(Nodes, NODE, FINALIZER);
  await harness.kube.patch(NodeClaims, NODE, FINALIZER);
}

/** The volume is attached to this node; without a volume it is an inline one. */
async function attach(name: string, volume?: string, nodeName = "n1"): Promise<void> {
  const source = volume === undefined ? {} : { persistentVolumeName: volume };
  await harness.put(VolumeAttachments, {
    apiVersion: "storage.k8s.io/v1",
    kind: "VolumeAttachment",
    metadata: { name },
    spec: { attacher: "csi.example.com", nodeName, source },
  });
}

async function claimOfVolume(name: string, volumeName?: string): Promise<void> {
  await harness.put(PersistentVolumeClaims, {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default" },
    spec: volumeName === undefined ? {} : { volumeName },
  });
}

async function deleteNode(): Promise<void> {
  const queue = new EvictionQueue(harness.deps);
  await harness.start(queue.controller(), nodeTerminationController(harness.deps, queue));
  await harness.kube.delete(Nodes, NODE);
  await harness.pass(10_000);
}

/** Stays through the drain, with these volumes. */
function staying(volumes: NonNullable<Pod["spec"]["volumes"]>): Pod {
  return aPod({ name: "agent", nodeName: "n1", tolerations: STAYS, spec: { volumes } });
}

async function detached() {
  const claim = await harness.stored(NodeClaims, NODE);
  return claim && getCondition(claim, "VolumesDetached");
}

/** Whether the cloud was asked to delete the machine. */
function given(): boolean {
  return harness.provider.calls.includes("delete test:///n1");
}

describe("node.termination, volumes", () => {
  it("D-178: without attachments nothing is waited for", async () => {
    await machine();
    await deleteNode();
    expect(await detached()).toMatchObject({ status: "True", reason: "VolumesDetached" });
    expect(given()).toBe(true);
    expect(harness.events.withReason("AwaitingVolumeDetachment")).toEqual([]);
  });

  it("DT-127, D-178: keeps the machine until the last volume is detached, and says which are not", async () => {
    await machine();
    await attach("csi-2", "pv-2");
    await attach("csi-1", "pv-1");
    await attach("csi-other", "pv-3", "n2");
    await deleteNode();
    await harness.pass(60 * 60_000);
    expect(given()).toBe(false);
    const message = "waiting for volumes to be detached: csi-1, csi-2";
    expect(await detached()).toMatchObject({ status: "Unknown", reason: "AwaitingVolumeDetachment", message });
    expect(harness.events.texts()).toContain(`Normal AwaitingVolumeDetachment Node/n1: ${message}`);
    // D-183: by uid, so that a namesake is not silenced.
    const { uid } = (await harness.stored(Nodes, NODE))?.metadata ?? {};
    const [note] = harness.events.withReason("AwaitingVolumeDetachment");
    expect(note?.dedupeKey).toBe(`AwaitingVolumeDetachment/${uid}`);
    await harness.kube.delete(VolumeAttachments, { name: "csi-1" });
    await harness.pass(2000);
    expect((await detached())?.message).toBe("waiting for volumes to be detached: csi-2");
    expect(given()).toBe(false);
    await harness.kube.delete(VolumeAttachments, { name: "csi-2" });
    await harness.pass(2000);
    expect((await detached())?.status).toBe("True");
    expect(given()).toBe(true);
    expect((await harness.kube.list(VolumeAttachments)).items).toHaveLength(1);
  });

  it("D-178: names five of them", async () => {
    await machine();
    for (const index of [1, 2, 3, 4, 5, 6, 7]) await attach(`csi-${index}`, `pv-${index}`);
    await deleteNode();
    expect((await detached())?.message).toBe(
      "waiting for volumes to be detached: csi-1, csi-2, csi-3, csi-4, csi-5 and 2 more",
    );
  });

  it("DT-127, D-178: after the deadline the machine goes with what is attached", async () => {
    const deadline = toRfc3339(Date.UTC(2026, 0, 1) + 60_000);
    await machine({ claim: { annotations: { [Annotation.TerminationTimestamp]: deadline } } });
    await attach("csi-1", "pv-1");
    await deleteNode();
    await harness.pass(45_000);
    expect(given()).toBe(false);
    await harness.pass(10_000);
    expect(await detached()).toMatchObject({ status: "False", reason: "TerminationGracePeriodElapsed" });
    expect((await detached())?.message).toContain("csi-1");
    expect(given()).toBe(true);
    expect((await harness.kube.list(VolumeAttachments)).items).toHaveLength(1);
  });

  it("D-177: an attachment without a persistent volume is not waited for", async () => {
    await machine();
    await attach("csi-inline");
    await deleteNode();
    expect(given()).toBe(true);
  });

  it("DT-127, D-177: a volume of a pod that stays is not waited for, an ephemeral one neither", async () => {
    await machine();
    await claimOfVolume("data", "pv-1");
    await claimOfVolume("agent-scratch", "pv-2");
    await attach("csi-1", "pv-1");
    await attach("csi-2", "pv-2");
    await harness.putPod(
      staying([
        { name: "data", persistentVolumeClaim: { claimName: "data" } },
        { name: "scratch", ephemeral: { volumeClaimTemplate: {} } },
        { name: "cache", emptyDir: {} },
      ]),
    );
    await deleteNode();
    expect(given()).toBe(true);
  });

  it("DT-127, D-177: the volume of a pod that has ended is waited for", async () => {
    await machine();
    await claimOfVolume("data", "pv-1");
    await attach("csi-1", "pv-1");
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
    await harness.putPod(aPod({ name: "job", nodeName: "n1", spec: { volumes }, status: { phase: "Succeeded" } }));
    await deleteNode();
    expect(given()).toBe(false);
    expect((await detached())?.message).toContain("csi-1");
  });

  it("D-177: a claim that is missing or not bound says nothing about a volume", async () => {
    await machine();
    await claimOfVolume("unbound");
    await attach("csi-1", "pv-1");
    await harness.putPod(
      staying([
        { name: "a", persistentVolumeClaim: { claimName: "missing" } },
        { name: "b", persistentVolumeClaim: { claimName: "unbound" } },
      ]),
    );
    await deleteNode();
    expect(given()).toBe(false);
    expect((await detached())?.message).toContain("csi-1");
  });

  it("LC-42: a Node without a claim waits for its volumes too", async () => {
    harness = new ControllerHarness();
    await harness.putNode({ name: "n1", labels: CLASS });
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    await attach("csi-1", "pv-1");
    await deleteNode();
    await harness.pass(60_000);
    expect(await harness.stored(Nodes, NODE)).toBeDefined();
    await harness.kube.delete(VolumeAttachments, { name: "csi-1" });
    await harness.pass(2000);
    expect(await harness.stored(Nodes, NODE)).toBeUndefined();
  });

  it("a machine that is gone already has nothing attached any more", async () => {
    await machine({ node: { ready: false } });
    harness.provider.machines.clear();
    await attach("csi-1", "pv-1");
    await deleteNode();
    expect(await harness.stored(Nodes, NODE)).toBeUndefined();
  });

  it("a condition that somebody else changed first is written again", async () => {
    await machine();
    await attach("csi-1", "pv-1");
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb.startsWith("patchStatus") && failures++ < 3)
        throw new KubeError(409, "Conflict", "no");
    };
    await deleteNode();
    expect((await detached())?.status).toBe("Unknown");
    expect(given()).toBe(false);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it.each([
    ["10m", true],
    ["soon", false],
  ])("DX-27: a NodePool's bound of %s ends the wait for volumes: %s; nothing else does", async (text, isOver) => {
    await machine();
    const pool = aNodePool();
    const annotations = { [Annotation.MaxVolumeWait]: text };
    await harness.put(NodePools, { ...pool, metadata: { ...pool.metadata, annotations } });
    await attach("csi-1", "pv-1");
    await deleteNode();
    await harness.pass(9 * 60_000);
    expect(given()).toBe(false);
    await harness.pass(2 * 60_000);
    expect(given()).toBe(isOver);
    if (!isOver) return;
    expect(await detached()).toMatchObject({
      status: "False",
      reason: "MaxVolumeWaitElapsed",
      message: "karpenter-multicloud.sh/max-volume-wait 10m passed while waiting for volumes to be detached: csi-1",
    });
  });

  it("DX-27: pods with volumes are evicted as ever, the bound counts from the end of the drain", async () => {
    await machine();
    const pool = aNodePool();
    const annotations = { [Annotation.MaxVolumeWait]: "1s" };
    await harness.put(NodePools, { ...pool, metadata: { ...pool.metadata, annotations } });
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await attach("csi-1", "pv-1");
    await deleteNode();
    await harness.pass(60 * 60_000);
    expect(given()).toBe(false);
    expect((await harness.stored(Pods, { namespace: "default", name: "web" }))?.metadata.deletionTimestamp).toBe(
      undefined,
    );
  });
});
