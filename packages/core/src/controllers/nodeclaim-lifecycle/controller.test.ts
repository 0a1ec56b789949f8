// Scenarios of docs/reference/upstream-parity.md: E-34, E-36.

import { afterEach, describe, expect, it } from "vitest";
import {
  getCondition,
  hasTaint,
  Label,
  NodeClaims,
  Nodes,
  OPENING_TAINT,
  TERMINATION_FINALIZER,
  UNREGISTERED_TAINT,
  type NodeClaim,
} from "../../api/index.ts";
import { InsufficientCapacity, LaunchPending, NodeClassNotReady, Transient } from "../../provider/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aNode, aNodeClaim, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { milliseconds, seconds } from "../../units/index.ts";
import { nodeClaimLifecycleController } from "./controller.ts";

const MINUTE = 60_000;
const KEY = { name: "default-1" };

/** A registered node opens within one pass. */
const SETTLING = { taintSettleTime: milliseconds(50) };
let harness: ControllerHarness;
afterEach(() => harness.stop());

/** A claim as the provisioner makes it: no status yet. */
function freshClaim(spec: Partial<NodeClaim["spec"]> = {}): NodeClaim {
  const { status: _, ...claim } = aNodeClaim({ name: KEY.name, spec });
  const { creationTimestamp: __, ...metadata } = claim.metadata;
  return { ...claim, metadata };
}

async function started(spec?: Partial<NodeClaim["spec"]>): Promise<void> {
  harness = new ControllerHarness({ settings: SETTLING });
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

async function reports(allocatable: Readonly<Record<string, string>>): Promise<void> {
  await harness.kube.patchStatus(Nodes, { name: "node-1" }, { type: "merge", body: { status: { allocatable } } });
  await harness.pass(100);
}

/** [reason, count] of what the counter shows. */
async function disrupted(metrics: PromMetrics): Promise<readonly (readonly string[])[]> {
  const lines = (await metrics.render()).matchAll(
    /^karpenter_nodeclaims_disrupted_total\{reason="(\w+)",.*nodepool="default".*\} (\d+)$/gm,
  );
  return [...lines].map(([, reason = "", count = ""]) => [reason, count]);
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

  it("TC-26, LC-18: insufficient capacity deletes the claim at once, says so once and counts it", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
    const metrics = new PromMetrics();
    harness.provider.failures.create.push(new InsufficientCapacity("m.4 is out of stock in test-zone-1"));
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController({ ...harness.deps, metrics }));
    await harness.pass(60_000);
    expect(await claim()).toBeUndefined();
    expect(harness.events.texts()).toEqual([
      "Warning InsufficientCapacityError NodeClaim/default-1: m.4 is out of stock in test-zone-1",
    ]);
    expect(harness.provider.calls).toEqual(["create default-1"]);
    expect(harness.logger.messages("error")).toEqual(["giving up nodeclaim"]);
    expect(await disrupted(metrics)).toEqual([["insufficient_capacity", "1"]]);
  });

  it("TC-27, LC-19: a NodeClass that is not ready deletes the claim, says so and counts it", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
    const metrics = new PromMetrics();
    harness.provider.failures.create.push(new NodeClassNotReady("TestNodeClass default is not ready"));
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController({ ...harness.deps, metrics }));
    await harness.pass(1000);
    expect(await claim()).toBeUndefined();
    expect(harness.events.texts()).toEqual([
      "Warning NodeClassNotReady NodeClaim/default-1: TestNodeClass default is not ready",
    ]);
    expect(await disrupted(metrics)).toEqual([["nodeclass_not_ready", "1"]]);
  });

  it("LC-20: any other error leaves Launched Unknown with its text and tries again", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
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
    harness = new ControllerHarness({ settings: SETTLING });
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

  it("TC-31, LC-25, LC-27: registration puts K-1, K-2, K-3, taints, owner and finalizer on the Node in one write", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
    const metrics = new PromMetrics();
    await harness.put(
      NodeClaims,
      freshClaim({
        taints: [{ key: "dedicated", value: "gpu", effect: "NoSchedule" }],
        startupTaints: [{ key: "cni", effect: "NoExecute" }],
      }),
    );
    await harness.start(nodeClaimLifecycleController({ ...harness.deps, metrics }));
    await harness.pass(100);
    const finalizersAfterEachWrite: unknown[] = [];
    harness.kube.faults = async ({ phase, verb, resource, key }) => {
      if (phase !== "after" || verb !== "patch" || resource.kind !== "Node" || !key) return;
      const { metadata, spec } = (await harness.stored(Nodes, { name: key.name })) ?? { metadata: {} };
      // Before the node opens.
      if (!hasTaint(spec?.taints, OPENING_TAINT)) return;
      const isWhole = metadata.labels?.[Label.Registered] === "true" && spec?.taints?.length === 3;
      if (metadata.finalizers || isWhole) finalizersAfterEachWrite.push([isWhole, metadata.finalizers]);
    };
    await nodeJoins();
    expect(finalizersAfterEachWrite).toEqual([[true, [TERMINATION_FINALIZER]]]);
    const node = await harness.stored(Nodes, { name: "node-1" });
    expect(node?.metadata.labels).toMatchObject({
      [Label.NodePool]: "default",
      [Label.CapacityType]: "on-demand",
      [Label.Registered]: "true",
    });
    expect(node?.spec?.taints?.map((taint) => taint.key)).toEqual(["dedicated", "cni"]);
    expect(node?.metadata.ownerReferences?.[0]).toMatchObject({
      kind: "NodeClaim",
      name: "default-1",
      blockOwnerDeletion: true,
    });
    expect((await condition("Registered"))?.status).toBe("True");
    expect((await claim())?.status?.nodeName).toBe("node-1");
    expect(await condition("Initialized")).toMatchObject({ status: "Unknown", reason: "StartupTaintsExist" });
    expect(await metrics.render()).toContain('karpenter_nodes_created_total{nodepool="default",zone="test-zone-1"} 1');
  });

  it("TC-32, LC-24: a Node without the bootstrap taint is registered all the same, with a warning", async () => {
    await started();
    await harness.pass(100);
    await nodeJoins({ unregistered: false });
    expect((await condition("Registered"))?.status).toBe("True");
    expect(harness.events.withReason("UnregisteredTaintMissing")).toHaveLength(1);
  });

  it("LC-24: no warning on a cloud whose nodes cannot boot with it", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
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

  it("TC-38, LC-29: a requested resource that the Node does not report holds initialization up until it does", async () => {
    await started({ resources: { requests: { "nvidia.com/gpu": "1", "example.com/none": "0" } } });
    await harness.pass(100);
    await nodeJoins();
    await reports({ "nvidia.com/gpu": "0" });
    expect(await condition("Initialized")).toMatchObject({
      status: "Unknown",
      reason: "ResourceNotRegistered",
      message: 'Resource "nvidia.com/gpu" was requested but not registered',
    });
    await reports({ "nvidia.com/gpu": "1" });
    expect((await condition("Initialized"))?.status).toBe("True");
  });

  it("TC-29, LC-31: a claim that is not launched is there at 4:59 and given up at 5:00, whatever the back-off", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
    const metrics = new PromMetrics();
    for (let i = 0; i < 200; i++) harness.provider.failures.create.push(new Transient("503"));
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController({ ...harness.deps, metrics }));
    await harness.pass(4 * MINUTE + 59_000);
    expect(await claim()).toBeDefined();
    await harness.pass(1000);
    expect(await claim()).toBeUndefined();
    expect(harness.logger.find("giving up nodeclaim")?.fields["reason"]).toBe("launch_timeout");
    expect(await disrupted(metrics)).toEqual([["launch_timeout", "1"]]);
    // The deadline is an appointment of its own: it does not make the cloud be asked more often.
    expect(harness.provider.calls.length).toBeLessThan(14);
  });

  it("TC-30, LC-32, LC-34: a machine that never joins is there at 14:59, given up and given back at 15:00", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
    const metrics = new PromMetrics();
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController({ ...harness.deps, metrics }));
    const nodeDeletes: string[] = [];
    harness.kube.faults = ({ phase, verb, resource, key }) => {
      if (phase === "before" && verb === "delete" && resource.kind === "Node") nodeDeletes.push(key?.name ?? "");
    };
    await harness.putNode({ name: "another", nodePool: "", providerID: "fake:///another" });
    await harness.pass(14 * MINUTE + 59_000);
    expect(await claim()).toBeDefined();
    expect(harness.provider.calls).toEqual(["create default-1"]);
    await harness.pass(1000);
    expect(harness.provider.calls).toContain("delete fake:///1");
    await harness.pass(10_000);
    expect(await claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
    expect(nodeDeletes).toEqual([]);
    expect(await disrupted(metrics)).toEqual([["registration_timeout", "1"]]);
  });

  it("a provider's own times win over the flags", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
    harness.provider.limits = { registration: seconds(30) };
    await harness.put(NodeClaims, freshClaim());
    await harness.start(nodeClaimLifecycleController(harness.deps));
    await harness.pass(40_000);
    expect(await claim()).toBeUndefined();
  });

  it("TC-41, LC-36, LC-37: deleting a registered claim waits for its Node, then for the cloud to say that the machine is gone", async () => {
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

  it("TC-44, LC-35: the deadline is announced once and never moved", async () => {
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

  it("TC-25, LC-16: a status write that is lost does not launch a second machine", async () => {
    harness = new ControllerHarness({ settings: SETTLING });
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
