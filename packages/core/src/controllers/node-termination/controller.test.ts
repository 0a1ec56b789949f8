// Scenarios of docs/reference/upstream-parity.md: E-33, E-43.

import { afterEach, describe, expect, it } from "vitest";
import { DISRUPTED_TAINT, getCondition, hasTaint, Label, NodeClaims, Nodes, Pods } from "../../api/index.ts";
import { MachineNotFound, Transient } from "../../provider/index.ts";
import { silentMetrics, type Metrics } from "../../telemetry/index.ts";
import { aNodeClaim, aPod } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { EvictionQueue } from "./eviction-queue.ts";
import { nodeTerminationController } from "./controller.ts";
import {
  CLASS,
  FINALIZER,
  NODE,
  WEB,
  isReleased,
  openMachine,
  startAndDelete,
} from "../../testing/terminating-machine.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function machine(...given: Parameters<typeof openMachine>): Promise<void> {
  harness = await openMachine(...given);
}

const deleteNode = (): Promise<void> => startAndDelete(harness);
const released = (): Promise<boolean> => isReleased(harness);

async function condition(type: string) {
  const claim = await harness.stored(NodeClaims, NODE);
  return claim && getCondition(claim, type);
}

describe("node.termination", () => {
  it("DT-112, DT-114, D-163, LC-41: deletes the claim, taints, waits five seconds for late pods, then gives the machine back", async () => {
    await machine();
    await deleteNode();
    expect((await harness.stored(NodeClaims, NODE))?.metadata.deletionTimestamp).toBeDefined();
    expect(hasTaint((await harness.stored(Nodes, NODE))?.spec?.taints, DISRUPTED_TAINT)).toBe(true);
    expect((await harness.stored(Nodes, NODE))?.metadata.labels?.[Label.ExcludeFromLoadBalancers]).toBe("karpenter");
    expect(await condition("Drained")).toMatchObject({ status: "Unknown", reason: "Draining" });
    await harness.pass(3000);
    expect((await condition("Drained"))?.status).toBe("Unknown");
    await harness.pass(1000);
    expect(harness.provider.calls).toEqual([]);
    await harness.pass(2500);
    expect((await condition("Drained"))?.status).toBe("True");
    expect((await condition("VolumesDetached"))?.status).toBe("True");
    expect(harness.provider.calls).toEqual(["delete test:///n1"]);
    expect((await condition("InstanceTerminating"))?.status).toBe("True");
    expect(await released()).toBe(false);
    await harness.pass(5500);
    expect(await released()).toBe(true);
    expect((await harness.stored(Nodes, NODE))?.metadata.finalizers).toEqual(["example.com/other"]);
  });

  it("D-164: the taint replaces one of its key, and the node leaves the load balancers", async () => {
    await machine({
      node: {
        taints: [
          { key: DISRUPTED_TAINT.key, value: "x", effect: "NoExecute" },
          { key: "a", effect: "NoSchedule" },
        ],
      },
    });
    await deleteNode();
    const node = await harness.stored(Nodes, NODE);
    expect(node?.spec?.taints).toEqual([{ key: "a", effect: "NoSchedule" }, DISRUPTED_TAINT]);
    expect(node?.metadata.labels?.[Label.ExcludeFromLoadBalancers]).toBe("karpenter");
  });

  it("DT-129, D-179: the Node outlives its machine until the cloud says that it is gone", async () => {
    await machine();
    harness.provider.slowDeletes = 3;
    await deleteNode();
    await harness.pass(15_000);
    expect(await released()).toBe(false);
    await harness.pass(15_000);
    expect(await released()).toBe(true);
    expect(harness.provider.machines.size).toBe(0);
  });

  it("DT-130, M-9 to M-12: a node that is gone counts once, with its age and how long it took", async () => {
    await machine();
    const seen: string[] = [];
    const metrics: Metrics = {
      ...silentMetrics,
      count: (name, labels = {}) => seen.push(`${name} ${labels["nodepool"]}`),
      observe: (name, labels, value) => seen.push(`${name} ${labels["nodepool"]} ${value} s`),
    };
    await harness.pass(30 * 60_000);
    const queue = new EvictionQueue(harness.deps);
    await harness.start(nodeTerminationController({ ...harness.deps, metrics }, queue));
    await harness.kube.delete(Nodes, NODE);
    await harness.pass(60_000);
    expect(seen).toEqual([
      "karpenter_nodes_drained_total default",
      "karpenter_nodes_terminated_total default",
      "karpenter_nodes_termination_duration_seconds default 10 s",
      "karpenter_nodes_lifetime_duration_seconds default 1810 s",
    ]);
  });

  it("DT-129, D-179: an error of the cloud is tried again, and the Node stays", async () => {
    await machine();
    harness.provider.failures.delete.push(new Transient("503"), new Transient("503"));
    await deleteNode();
    await harness.pass(6500);
    expect(await released()).toBe(false);
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("DT-122, D-163: the machine of a Node that is not Ready is gone: released at once, without a drain", async () => {
    await machine({ node: { ready: false } });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    harness.provider.machines.clear();
    await deleteNode();
    expect(await released()).toBe(true);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("D-163: an error of that question is no answer", async () => {
    await machine({ node: { ready: false } });
    harness.provider.machines.clear();
    let failures = 0;
    harness.provider.get = async () => {
      if (failures++ < 3) throw new Transient("503");
      throw new MachineNotFound("gone");
    };
    await deleteNode();
    expect(await released()).toBe(false);
    await harness.pass(5000);
    expect(await released()).toBe(true);
  });

  it("DT-122, D-182: a Ready node is drained although the cloud calls its machine gone", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    harness.provider.machines.clear();
    await deleteNode();
    await harness.pass(1000);
    expect(await released()).toBe(false);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
    await harness.podEnds(WEB);
    await harness.pass(10_000);
    expect(await released()).toBe(true);
  });

  it("DT-113, LC-42: a Node without claim is drained and let go without a call to the cloud", async () => {
    harness = new ControllerHarness();
    await harness.putNode({ name: "n1", labels: CLASS });
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await deleteNode();
    await harness.pass(1000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
    expect(await released()).toBe(false);
    await harness.podEnds(WEB);
    await harness.pass(2000);
    expect(await released()).toBe(true);
    expect(harness.provider.calls).toEqual([]);
  });

  it("DT-113, LC-42: with two claims of one machine neither is deleted, and neither machine", async () => {
    await machine();
    await harness.put(NodeClaims, aNodeClaim({ name: "twin", providerID: "test:///n1" }));
    await deleteNode();
    await harness.pass(10_000);
    expect(await released()).toBe(true);
    expect(harness.provider.calls).toEqual([]);
    expect((await harness.stored(NodeClaims, NODE))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("DT-113, NP-1: a Node without a class of ours, or without our finalizer, is left alone", async () => {
    harness = new ControllerHarness();
    await harness.putNode({ name: "n1", nodePool: "" });
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    await deleteNode();
    await harness.pass(10_000);
    expect(hasTaint((await harness.stored(Nodes, NODE))?.spec?.taints, DISRUPTED_TAINT)).toBe(false);
    expect(await released()).toBe(false);
  });
});
