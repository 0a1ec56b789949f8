import { afterEach, describe, expect, it } from "vitest";
import {
  getCondition,
  Label,
  NodeClaims,
  Nodes,
  TERMINATION_FINALIZER,
  UNREGISTERED_TAINT,
  type NodeClaim,
} from "../../api/index.ts";
import { InsufficientCapacity, LaunchPending, NodeClassNotReady, Transient } from "../../provider/index.ts";
import { aNode, aNodeClaim, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { seconds } from "../../units/index.ts";
import { nodeClaimLifecycleController } from "./controller.ts";

const MINUTE = 60_000;
const KEY = { name: "default-1" };

let harness: ControllerHarness;
afterEach(() => harness.stop());

/** A claim as the provisioner makes it: no status yet. */
function freshClaim(spec: Partial<NodeClaim["spec"]> = {}): NodeClaim {
  const { status: _, ...claim } = aNodeClaim({ name: KEY.name, spec });
  const { creationTimestamp: __, ...metadata } = claim.metadata;
  return { ...claim, metadata };
}

async function started(spec?: Partial<NodeClaim["spec"]>): Promise<void> {
  harness = new ControllerHarness();
  await harness.put(NodeClaims, freshClaim(spec));
  await harness.start(nodeClaimLifecycleController(harness.deps));
}

async function claim(): Promise<NodeClaim | undefined> {
  return await harness.stored(NodeClaims, KEY);
}

async function condition(type: string) {
  const stored = await claim();
  return stored && getCondition(stored, type);
}

async function nodeJoins(over: { readonly ready?: boolean; readonly unregistered?: boolean } = {}): Promise<void> {
  const { ready = true, unregistered = true } = over;
  const node = aNode({
    name: "node-1",
    nodePool: "",
    providerID: "fake:///1",
    ready,
    taints: unregistered ? [UNREGISTERED_TAINT] : [],
  });
  await harness.put(Nodes, node);
  // The API server gives every new Node a not-ready taint; the node lifecycle controller takes it away.
  await harness.kube.patch(
    Nodes,
    { name: "node-1" },
    { type: "merge", body: { spec: { taints: node.spec?.taints ?? [] } } },
  );
  await harness.pass(100);
}

describe("nodeclaim.lifecycle", () => {
  it("LC-13, LC-17: stores the finalizer before it calls the cloud, then copies what the cloud answered", async () => {
    await started();
    await harness.pass(100);
    const stored = await claim();
    expect(stored?.metadata.finalizers).toEqual([TERMINATION_FINALIZER]);
    expect(harness.provider.calls).toEqual(["create default-1"]);
    expect(stored?.status?.providerID).toBe("fake:///1");
    expect(stored?.metadata.labels?.[Label.InstanceType]).toBe("m.4");
    expect((await condition("Launched"))?.status).toBe("True");
    expect(await condition("Registered")).toMatchObject({ status: "Unknown", reason: "NodeNotFound" });
  });

  it("LC-18: insufficient capacity deletes the claim at once and says so", async () => {
    harness = new ControllerHarness();
    harness.provider.failures.create.push(new InsufficientCapacity("m.4 is out of stock in test-zone-1"));
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController(harness.deps));
    await harness.pass(1000);
    expect(await claim()).toBeUndefined();
    expect(harness.events.texts()).toEqual([
      "Warning InsufficientCapacityError NodeClaim/default-1: m.4 is out of stock in test-zone-1",
    ]);
    expect(harness.provider.calls).toEqual(["create default-1"]);
  });

  it("LC-19: a NodeClass that is not ready deletes the claim", async () => {
    harness = new ControllerHarness();
    harness.provider.failures.create.push(new NodeClassNotReady("TestNodeClass default is not ready"));
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController(harness.deps));
    await harness.pass(1000);
    expect(await claim()).toBeUndefined();
  });

  it("LC-20: any other error leaves Launched Unknown with its text and tries again", async () => {
    harness = new ControllerHarness();
    harness.provider.failures.create.push(new Transient("the cloud answered 503"));
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController(harness.deps));
    await harness.pass(100);
    expect(await condition("Launched")).toMatchObject({
      status: "Unknown",
      reason: "LaunchFailed",
      message: "the cloud answered 503",
    });
    await harness.pass(5000);
    expect((await condition("Launched"))?.status).toBe("True");
    expect(harness.provider.calls).toEqual(["create default-1", "create default-1"]);
  });

  it("a machine that is only ordered is asked for again after the time the cloud named, without an error in the log", async () => {
    harness = new ControllerHarness();
    harness.provider.failures.create.push(
      new LaunchPending("no instance yet", { retryAfter: seconds(7), conditionReason: "MachinePending" }),
    );
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController(harness.deps));
    await harness.pass(6000);
    expect(await condition("Launched")).toMatchObject({ status: "Unknown", reason: "MachinePending" });
    expect(harness.provider.calls).toHaveLength(1);
    await harness.pass(2000);
    expect((await condition("Launched"))?.status).toBe("True");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("LC-25, LC-27: registration puts labels, taints, owner and finalizer on the Node and takes the bootstrap taint away", async () => {
    await started({
      taints: [{ key: "dedicated", value: "gpu", effect: "NoSchedule" }],
      startupTaints: [{ key: "cni", effect: "NoExecute" }],
    });
    await harness.pass(100);
    await nodeJoins();
    const node = await harness.stored(Nodes, { name: "node-1" });
    expect(node?.metadata.labels).toMatchObject({ [Label.NodePool]: "default", [Label.Registered]: "true" });
    expect(node?.spec?.taints?.map((taint) => taint.key)).toEqual(["dedicated", "cni"]);
    expect(node?.metadata.finalizers).toEqual([TERMINATION_FINALIZER]);
    expect(node?.metadata.ownerReferences?.[0]).toMatchObject({
      kind: "NodeClaim",
      name: "default-1",
      blockOwnerDeletion: true,
    });
    expect((await condition("Registered"))?.status).toBe("True");
    expect((await claim())?.status?.nodeName).toBe("node-1");
    expect(await condition("Initialized")).toMatchObject({ status: "Unknown", reason: "StartupTaintsExist" });
  });

  it("LC-24: a Node without the bootstrap taint is registered all the same, with a warning", async () => {
    await started();
    await harness.pass(100);
    await nodeJoins({ unregistered: false });
    expect((await condition("Registered"))?.status).toBe("True");
    expect(harness.events.withReason("UnregisteredTaintMissing")).toHaveLength(1);
  });

  it("LC-24: no warning on a cloud whose nodes cannot boot with it", async () => {
    harness = new ControllerHarness();
    harness.provider.extra = { supportsUnregisteredTaint: false };
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController(harness.deps));
    await harness.pass(100);
    await nodeJoins({ unregistered: false });
    expect(harness.events.withReason("UnregisteredTaintMissing")).toEqual([]);
  });

  it("LC-29, LC-30: the Node becomes initialized when it is Ready and free of startup taints", async () => {
    await started();
    await harness.pass(100);
    await nodeJoins({ ready: false });
    expect(await condition("Initialized")).toMatchObject({ status: "Unknown", reason: "NodeNotReady" });
    await harness.kube.patchStatus(
      Nodes,
      { name: "node-1" },
      {
        type: "merge",
        body: { status: { conditions: [{ type: "Ready", status: "True" }] } },
      },
    );
    await harness.pass(100);
    expect((await condition("Initialized"))?.status).toBe("True");
    expect((await condition("Ready"))?.status).toBe("True");
    expect((await harness.stored(Nodes, { name: "node-1" }))?.metadata.labels?.[Label.Initialized]).toBe("true");
  });

  it("LC-29: a requested resource that the Node does not report holds initialization up", async () => {
    await started({ resources: { requests: { "example.com/gpu": "1" } } });
    await harness.pass(100);
    await nodeJoins();
    expect(await condition("Initialized")).toMatchObject({ reason: "ResourceNotRegistered" });
  });

  it("LC-31: a claim that is not launched within 5 minutes of its creation is given up", async () => {
    harness = new ControllerHarness();
    for (let i = 0; i < 200; i++) harness.provider.failures.create.push(new Transient("503"));
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController(harness.deps));
    await harness.pass(4 * MINUTE + 50_000);
    expect(await claim()).toBeDefined();
    await harness.pass(2 * MINUTE);
    expect(await claim()).toBeUndefined();
    expect(harness.logger.find("giving up nodeclaim")?.fields["reason"]).toBe("launch_timeout");
  });

  it("LC-32, LC-34: a machine that never joins is given up 15 minutes after creation and given back", async () => {
    await started();
    await harness.pass(14 * MINUTE);
    expect(await claim()).toBeDefined();
    await harness.pass(2 * MINUTE);
    expect(await claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
  });

  it("a provider's own times win over the flags", async () => {
    harness = new ControllerHarness();
    harness.provider.limits = { registration: seconds(30) };
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController(harness.deps));
    await harness.pass(40_000);
    expect(await claim()).toBeUndefined();
  });

  it("LC-36, LC-37: deleting a registered claim waits for its Node, then for the cloud to say that the machine is gone", async () => {
    await started();
    await harness.pass(100);
    await nodeJoins();
    harness.provider.slowDeletes = 2;
    await harness.kube.delete(NodeClaims, KEY);
    await harness.pass(1000);
    expect((await harness.stored(Nodes, { name: "node-1" }))?.metadata.deletionTimestamp).toBeDefined();
    expect(harness.provider.calls).not.toContain("delete fake:///1");
    await harness.kube.patch(Nodes, { name: "node-1" }, { type: "merge", body: { metadata: { finalizers: null } } });
    await harness.pass(1000);
    expect((await condition("InstanceTerminating"))?.status).toBe("True");
    await harness.pass(20_000);
    expect(await claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
  });

  it("LC-35: the deadline is announced once and never moved", async () => {
    await started({ terminationGracePeriod: "5m" });
    await harness.pass(100);
    await nodeJoins();
    await harness.kube.delete(NodeClaims, KEY);
    await harness.pass(100);
    const deadline = (await claim())?.metadata.annotations?.["karpenter.sh/nodeclaim-termination-timestamp"];
    expect(Date.parse(deadline ?? "") - Date.parse((await claim())?.metadata.deletionTimestamp ?? "")).toBe(5 * MINUTE);
    await harness.pass(MINUTE);
    expect((await claim())?.metadata.annotations?.["karpenter.sh/nodeclaim-termination-timestamp"]).toBe(deadline);
  });

  it("NP-1: a claim of another autoscaler's NodeClass is left alone", async () => {
    await started({ nodeClassRef: { ...TEST_CLASS, kind: "ForeignNodeClass" } });
    await harness.pass(1000);
    expect((await claim())?.metadata.finalizers).toBeUndefined();
    expect(harness.provider.calls).toEqual([]);
  });

  it("LC-16: a status write that is lost does not launch a second machine", async () => {
    harness = new ControllerHarness();
    await harness.put(NodeClaims, freshClaim());
    await harness.kube.patch(NodeClaims, KEY, {
      type: "merge",
      body: { metadata: { finalizers: [TERMINATION_FINALIZER] } },
    });
    const controller = nodeClaimLifecycleController(harness.deps);
    const create = harness.provider.create.bind(harness.provider);
    harness.provider.create = async (given) => {
      const answer = await create(given);
      // Somebody else writes the status while the cloud works: our own write then meets a conflict.
      await harness.kube.patchStatus(NodeClaims, KEY, {
        type: "merge",
        body: { status: { lastPodEventTime: "2026-01-01T00:00:00Z" } },
      });
      return answer;
    };
    await harness.start(controller);
    await harness.pass(5000);
    expect(harness.provider.calls).toEqual(["create default-1"]);
    expect((await condition("Launched"))?.status).toBe("True");
  });
});
