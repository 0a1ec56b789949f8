// Launching a claim when something goes wrong in the middle.

import { afterEach, describe, expect, it } from "vitest";
import { getCondition, NodeClaims, TERMINATION_FINALIZER, type NodeClaim } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { NodeClassNotReady, QuotaExceeded, Transient } from "../../provider/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { nodeClaimLifecycleController } from "./controller.ts";

const MINUTE = 60_000;
const KEY = { name: "default-1" };
const FINALIZERS = [TERMINATION_FINALIZER];
let harness: ControllerHarness;
afterEach(() => harness.stop());

function fresh(spec: Partial<NodeClaim["spec"]> = {}): NodeClaim {
  const { status: _, ...claim } = aNodeClaim({ name: KEY.name, spec });
  return claim;
}

async function world(claim: NodeClaim = fresh(), options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.put(NodeClaims, claim);
}

async function start(ms = 100): Promise<void> {
  await harness.start(nodeClaimLifecycleController(harness.deps));
  await harness.pass(ms);
}

async function claim(): Promise<NodeClaim | undefined> {
  return await harness.stored(NodeClaims, KEY);
}

async function condition(type: string) {
  const stored = await claim();
  return stored && getCondition(stored, type);
}

describe("launching", () => {
  it("LC-13: while the finalizer cannot be stored, the cloud is not called", async () => {
    await world();
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patch") throw new KubeError(500, "InternalError", "etcd is busy");
    };
    await start(MINUTE);
    expect(harness.provider.calls).toEqual([]);
    harness.kube.faults = undefined;
    await harness.pass(2 * MINUTE);
    expect((await condition("Launched"))?.status).toBe("True");
  });

  it("LC-13: a conflict on the finalizer is tried again without an error", async () => {
    await world();
    let conflicts = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patch" && conflicts++ === 0) throw new KubeError(409, "Conflict", "later");
    };
    await start(5000);
    expect(harness.provider.calls).toEqual(["create default-1"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("LC-18: a quota that is used up is handled like missing capacity", async () => {
    await world();
    harness.provider.failures.create.push(new QuotaExceeded("20 of 20 instances used"));
    await start(1000);
    expect(await claim()).toBeUndefined();
    expect(harness.events.texts()).toEqual([
      "Warning InsufficientCapacityError NodeClaim/default-1: 20 of 20 instances used",
    ]);
  });

  it("LC-19: a NodeClass that is not ready deletes the claim without an event", async () => {
    await world();
    harness.provider.failures.create.push(new NodeClassNotReady("TestNodeClass default is not ready"));
    await start(1000);
    expect(await claim()).toBeUndefined();
    expect(harness.events.notes).toEqual([]);
    expect(harness.logger.find("giving up nodeclaim")?.fields["reason"]).toBe("nodeclass_not_ready");
  });

  it("LC-20: a long text of the cloud is cut to 300 characters", async () => {
    await world();
    harness.provider.failures.create.push(new Transient("x".repeat(1000)));
    await start();
    expect((await condition("Launched"))?.message).toBe(`${"x".repeat(300)}...`);
  });

  it("RT-30: a restart between the cloud's answer and our writing it down leads to the same machine", async () => {
    await world();
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus") throw new KubeError(500, "InternalError", "etcd is busy");
    };
    await start();
    expect(harness.provider.machines.size).toBe(1);
    harness.kube.faults = undefined;
    const second = nodeClaimLifecycleController(harness.deps);
    const context = { signal: new AbortController().signal, reconcileId: "restart" };
    await second.reconcile(KEY.name, context);
    expect(harness.provider.machines.size).toBe(1);
    expect((await claim())?.status?.providerID).toBe("fake:///1");
  });

  it("LC-38, ours: a machine whose launch could not be written down is given back when the claim is deleted", async () => {
    await world();
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus") throw new KubeError(500, "InternalError", "etcd is busy");
    };
    await start();
    expect(harness.provider.machines.size).toBe(1);
    expect((await claim())?.status?.providerID).toBeUndefined();
    await harness.kube.delete(NodeClaims, KEY);
    await harness.pass(5000);
    harness.kube.faults = undefined;
    await harness.pass(2 * MINUTE);
    expect(harness.provider.machines.size).toBe(0);
    expect(await claim()).toBeUndefined();
  });

  it("a claim that is deleted while the cloud works is launched to its end and then given back", async () => {
    await world();
    const create = harness.provider.create.bind(harness.provider);
    harness.provider.create = async (given) => {
      const answer = await create(given);
      await harness.kube.delete(NodeClaims, KEY);
      return answer;
    };
    await start(2 * MINUTE);
    expect(await claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
  });

  it("observe mode: a claim that is there already is not launched, and not written to", async () => {
    await world(
      { ...fresh(), metadata: { ...fresh().metadata, finalizers: FINALIZERS } },
      { settings: { mode: "observe" } },
    );
    await start(20 * MINUTE);
    expect(harness.provider.calls).toEqual([]);
    expect(await claim()).toBeDefined();
    expect((await condition("Launched"))?.reason).not.toBe("LaunchFailed");
    expect(harness.logger.messages("error")).toEqual([]);
    expect(harness.logger.find("giving up nodeclaim")).toBeUndefined();
  });

  it("observe mode: a fresh claim does not even get its finalizer", async () => {
    await world(fresh(), { settings: { mode: "observe" } });
    await start(MINUTE);
    expect((await claim())?.metadata.finalizers).toBeUndefined();
    expect(harness.provider.calls).toEqual([]);
  });
});
