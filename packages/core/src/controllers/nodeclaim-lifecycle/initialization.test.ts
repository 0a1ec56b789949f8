// What a registered node still lacks before it can take what it was bought for.

import { afterEach, describe, expect, it } from "vitest";
import { Label, Nodes, UNREGISTERED_TAINT, type NodeClaim } from "../../api/index.ts";
import { freshClaim, LifecycleHarness, SETTLING } from "../../testing/lifecycle-harness.ts";

let harness: LifecycleHarness;
afterEach(() => harness.stop());

/** A claim that is launched as fake:///1; its Node has not joined. */
async function launched(over: { spec?: Partial<NodeClaim["spec"]> } = {}): Promise<void> {
  harness = await LifecycleHarness.with(freshClaim(over.spec), { settings: SETTLING });
  await harness.begin();
}

const registered = async () => await harness.condition("Registered");
const initialized = async () => await harness.condition("Initialized");

describe("initialization", () => {
  it("LC-29, D-121: what is initialized stays so, whatever becomes of its Node", async () => {
    await launched();
    await harness.joins();
    await harness.pass(1000);
    expect((await initialized())?.status).toBe("True");
    const lastTransitionTime = "2026-01-01T00:00:00Z";
    const conditions = [{ type: "Ready", status: "False", reason: "Kubelet", message: "", lastTransitionTime }];
    await harness.kube.patchStatus(Nodes, { name: "node-1" }, { type: "merge", body: { status: { conditions } } });
    await harness.pass(1000);
    expect((await initialized())?.status).toBe("True");
  });

  const ephemeral = [
    { key: "readiness.k8s.io/foo", effect: "NoSchedule" },
    { key: "node.kubernetes.io/not-ready", effect: "NoExecute" },
    { key: "node.kubernetes.io/unreachable", effect: "NoSchedule" },
    { key: "node.cloudprovider.kubernetes.io/uninitialized", effect: "NoSchedule" },
  ] as const;

  it.each(ephemeral)("TC-39, K-21, LC-29: the taint $key waits, and its removal initializes", async (taint) => {
    await launched();
    await harness.joins({ taints: [UNREGISTERED_TAINT, taint] });
    expect(await initialized()).toMatchObject({
      status: "Unknown",
      reason: "KnownEphemeralTaintsExist",
      message: `KnownEphemeralTaint "${taint.key}:${taint.effect}" still exists`,
    });
    await harness.kube.patch(Nodes, { name: "node-1" }, { type: "merge", body: { spec: { taints: null } } });
    await harness.pass(100);
    expect((await initialized())?.status).toBe("True");
  });

  it("LC-29: what is missing is told in order: Ready, startup taints, ephemeral taints, resources", async () => {
    const cni = { key: "cni", effect: "NoExecute" } as const;
    await launched({ spec: { startupTaints: [cni], resources: { requests: { "example.com/gpu": "1" } } } });
    await harness.joins({ ready: false, taints: [UNREGISTERED_TAINT, cni, ephemeral[0]] });
    const seen = [(await initialized())?.reason];
    const look = async (write: Promise<unknown>): Promise<void> => {
      await write;
      await harness.pass(100);
      seen.push((await initialized())?.reason);
    };
    const name = { name: "node-1" };
    const conditions = [{ type: "Ready", status: "True" }];
    await look(harness.kube.patchStatus(Nodes, name, { type: "merge", body: { status: { conditions } } }));
    await look(harness.kube.patch(Nodes, name, { type: "merge", body: { spec: { taints: [ephemeral[0]] } } }));
    await look(harness.kube.patch(Nodes, name, { type: "merge", body: { spec: { taints: null } } }));
    const allocatable = { "example.com/gpu": "1" };
    await look(harness.kube.patchStatus(Nodes, name, { type: "merge", body: { status: { allocatable } } }));
    expect(seen).toEqual([
      "NodeNotReady",
      "StartupTaintsExist",
      "KnownEphemeralTaintsExist",
      "ResourceNotRegistered",
      "Initialized",
    ]);
  });

  it("LC-29: a second Node of the machine holds initialization up", async () => {
    await launched();
    await harness.joins({ ready: false });
    await harness.putNode({ name: "node-2", nodePool: "", providerID: "fake:///1" });
    await harness.pass(100);
    expect(await initialized()).toMatchObject({ status: "Unknown", reason: "NodeNotFound" });
    await harness.kube.delete(Nodes, { name: "node-2" });
    await harness.pass(100);
    expect((await initialized())?.reason).toBe("NodeNotReady");
  });

  it("UX-5: after 10 minutes without it a warning says once what is missing", async () => {
    await launched();
    await harness.pass(3 * 60_000);
    await harness.joins({ ready: false });
    await harness.pass(9 * 60_000 + 59_000);
    expect(harness.events.withReason("InitializationPending")).toEqual([]);
    await harness.pass(2000);
    expect(harness.events.texts()).toEqual([
      "Warning InitializationPending NodeClaim/default-1: not initialized 10 minutes after its node registered: NodeNotReady: Node status is NotReady",
    ]);
    for (let i = 0; i < 5; i++) {
      await harness.kube.patch(
        Nodes,
        { name: "node-1" },
        { type: "merge", body: { metadata: { labels: { i: `${i}` } } } },
      );
      await harness.pass(3 * 60_000);
    }
    expect(harness.events.withReason("InitializationPending")).toHaveLength(1);
  });

  it("UX-5: no warning about a Node that was initialized in time", async () => {
    await launched();
    await harness.joins();
    expect((await initialized())?.status).toBe("True");
    await harness.pass(30 * 60_000);
    expect(harness.events.withReason("InitializationPending")).toEqual([]);
  });

  it("a Node that goes while it is labelled is no error", async () => {
    await launched();
    await harness.joins({ ready: false });
    expect((await registered())?.status).toBe("True");
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node") return;
      harness.kube.faults = undefined;
      await harness.kube.patch(Nodes, { name: "node-1" }, { type: "merge", body: { metadata: { finalizers: null } } });
      await harness.kube.delete(Nodes, { name: "node-1" });
    };
    const body = { status: { conditions: [{ type: "Ready", status: "True" }] } };
    await harness.kube.patchStatus(Nodes, { name: "node-1" }, { type: "merge", body });
    await harness.pass(5000);
    expect(harness.kube.faults).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("LC-29, D-171: a namesake that joins while the Node is labelled is not called initialized", async () => {
    await launched();
    await harness.joins({ ready: false });
    const name = { name: "node-1" };
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node") return;
      harness.kube.faults = undefined;
      await harness.kube.patch(Nodes, name, { type: "merge", body: { metadata: { finalizers: null } } });
      await harness.kube.delete(Nodes, name);
      await harness.putNode({ name: "node-1", nodePool: "", providerID: "fake:///other" });
    };
    const body = { status: { conditions: [{ type: "Ready", status: "True" }] } };
    await harness.kube.patchStatus(Nodes, name, { type: "merge", body });
    await harness.pass(5000);
    expect(harness.kube.faults).toBeUndefined();
    const { metadata, spec } = (await harness.stored(Nodes, name)) ?? {};
    expect([spec?.providerID, metadata?.labels?.[Label.Initialized]]).toEqual(["fake:///other", undefined]);
    expect((await initialized())?.status).toBe("Unknown");
  });
});
