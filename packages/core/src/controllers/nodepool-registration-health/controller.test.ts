import { afterEach, describe, expect, it } from "vitest";
import { getCondition, NodeClaims, NodePools, type Condition, type NodePool } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodeClaim, aNodePool, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS, TestNodeClasses } from "../../testing/controller-harness.ts";
import { nodeClaimLifecycleController } from "../nodeclaim-lifecycle/controller.ts";
import { nodePoolRegistrationHealthController } from "./controller.ts";
import { RegistrationHealth } from "./registration-health.ts";

const POOL = { name: "default" };
const FAILED = { reason: "RegistrationFailed", message: "did not register" };
let harness: ControllerHarness;
let health: RegistrationHealth;
let claims: number;
afterEach(() => harness.stop());

/** A pool, its class, and the controller that has looked at both. */
async function started(): Promise<void> {
  harness = new ControllerHarness();
  claims = 0;
  await harness.put(NodePools, aNodePool({ status: {} }));
  const { group, kind, name } = TEST_CLASS;
  await harness.put(TestNodeClasses, { apiVersion: `${group}/v1`, kind, metadata: { name }, spec: {} });
  await start();
}

/** Also what a restart does: nothing is remembered. */
async function start(): Promise<void> {
  health = new RegistrationHealth();
  await harness.start(
    nodePoolRegistrationHealthController(harness.deps, health, [TEST_NODE_CLASS]),
    nodeClaimLifecycleController(harness.deps, health),
  );
  await harness.pass(1000);
}

async function pool(): Promise<NodePool> {
  const stored = await harness.stored(NodePools, POOL);
  if (!stored) throw new Error("the pool is gone");
  return stored;
}

async function condition(): Promise<Condition | undefined> {
  return getCondition(await pool(), "NodeRegistrationHealthy");
}

async function fare(...outcomes: readonly ("success" | "failure")[]): Promise<void> {
  for (const outcome of outcomes) {
    const claim = aNodeClaim({ name: `c-${++claims}` });
    health.record(await pool(), claim, outcome === "success" ? undefined : FAILED);
    await harness.pass(1000);
  }
}

/** A claim of the pool, as the provisioner makes it. */
async function ordered(uid: string | undefined): Promise<void> {
  const { status: _, ...claim } = aNodeClaim({ name: "c1" });
  const owner = { apiVersion: "karpenter.sh/v1", kind: "NodePool", name: "default", uid: uid ?? "" };
  await harness.put(NodeClaims, { ...claim, metadata: { ...claim.metadata, ownerReferences: [owner] } });
  await harness.pass(2000);
}

describe("nodepool.registrationhealth", () => {
  it("NP-13: nothing is known of a new pool, and the class's generation is noted", async () => {
    await started();
    expect(await condition()).toMatchObject({ status: "Unknown", reason: "AwaitingReconciliation" });
    expect((await pool()).status?.nodeClassObservedGeneration).toBe(1);
  });

  it("NP-9: the first success makes it healthy", async () => {
    await started();
    await fare("success");
    expect(await condition()).toMatchObject({ status: "True", reason: "NodeRegistrationHealthy" });
  });

  it("NP-11: one failure in an empty record says nothing", async () => {
    await started();
    await fare("failure");
    expect((await condition())?.status).toBe("Unknown");
    await fare("success");
    expect((await condition())?.status).toBe("True");
  });

  it("TC-47, NP-10, NP-11: two failures of the last four condemn, the third success heals", async () => {
    await started();
    await fare("failure", "failure");
    expect(await condition()).toMatchObject({ status: "False", ...FAILED });
    await fare("success");
    expect((await condition())?.status).toBe("False");
    await fare("success");
    expect((await condition())?.status).toBe("False");
    await fare("success");
    expect((await condition())?.status).toBe("True");
  });

  it("NP-13: another template starts a new record", async () => {
    await started();
    await fare("failure", "failure");
    await harness.kube.patch(NodePools, POOL, { type: "merge", body: { spec: { weight: 7 } } });
    await harness.pass(1000);
    expect((await condition())?.status).toBe("Unknown");
    await fare("failure");
    expect((await condition())?.status).toBe("Unknown");
  });

  it("NP-13: another class does too, and its generation is noted", async () => {
    await started();
    await fare("failure", "failure");
    await harness.kube.patch(TestNodeClasses, POOL, { type: "merge", body: { spec: { image: "other" } } });
    await harness.pass(1000);
    expect((await condition())?.status).toBe("Unknown");
    expect((await pool()).status?.nodeClassObservedGeneration).toBe(2);
    expect(health.outcomes((await pool()).metadata.uid ?? "")).toEqual([]);
  });

  it.each([
    ["False", ["failure", "failure"], [false, false]],
    ["True", ["success", "success", "success"], [true]],
  ] as const)("TC-47, NP-13: a restart takes up from a condition that is %s", async (status, outcomes, seeded) => {
    await started();
    await fare(...outcomes);
    harness.stop();
    const stored = await pool();
    harness = new ControllerHarness();
    await harness.put(TestNodeClasses, { apiVersion: "karpenter.test.sh/v1", kind: "TestNodeClass", metadata: POOL });
    await harness.put(NodePools, aNodePool({ ...(stored.status && { status: stored.status }) }));
    await start();
    expect((await condition())?.status).toBe(status);
    expect(health.outcomes((await pool()).metadata.uid ?? "")).toEqual(seeded);
  });

  it("without a class nothing is written", async () => {
    await started();
    await harness.kube.delete(TestNodeClasses, POOL);
    await harness.pass(1000);
    await fare("success");
    expect((await condition())?.status).toBe("Unknown");
  });

  it("a verdict that could not be stored is stored later", async () => {
    await started();
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus" && failures++ < 3) throw new KubeError(409, "Conflict", "no");
    };
    await fare("success");
    expect(failures).toBe(4);
    expect((await condition())?.status).toBe("True");
  });

  it("NP-12: a pool that was created anew under its name starts with nothing", async () => {
    await started();
    await fare("failure", "failure");
    const { uid = "" } = (await pool()).metadata;
    await harness.kube.delete(NodePools, POOL);
    await harness.put(NodePools, aNodePool({ status: {} }));
    await harness.pass(1000);
    expect((await condition())?.status).toBe("Unknown");
    expect(health.outcomes(uid)).toEqual([]);
  });
});

describe("what the lifecycle tells of registration", () => {
  it("NP-9, LC-27: a machine that registers", async () => {
    await started();
    await ordered((await pool()).metadata.uid);
    await harness.putNode({ name: "node-1", nodePool: "", providerID: "fake:///1" });
    await harness.pass(2000);
    expect((await condition())?.status).toBe("True");
  });

  it("a machine whose registration could not be stored at once counts once", async () => {
    await started();
    await ordered((await pool()).metadata.uid);
    let failures = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patchStatus" || resource.kind !== "NodeClaim") return;
      if (failures++ < 2) throw new KubeError(409, "Conflict", "no");
    };
    await harness.putNode({ name: "node-1", nodePool: "", providerID: "fake:///1" });
    await harness.pass(20_000);
    expect(failures).toBeGreaterThan(2);
    expect(health.outcomes((await pool()).metadata.uid ?? "")).toEqual([true]);
  });

  it("NP-10, LC-33: machines that launch and never register", async () => {
    await started();
    const { uid } = (await pool()).metadata;
    for (const _ of [1, 2]) {
      await ordered(uid);
      await harness.pass(17 * 60_000);
    }
    expect((await harness.kube.list(NodeClaims)).items).toEqual([]);
    expect(await condition()).toMatchObject({ status: "False", reason: "RegistrationFailed" });
  });

  it("NP-10: a machine that never launched hands on why", async () => {
    await started();
    harness.provider.create = async () => {
      throw new Error("the image is gone");
    };
    const { uid } = (await pool()).metadata;
    for (const _ of [1, 2]) {
      await ordered(uid);
      await harness.pass(7 * 60_000);
    }
    expect(await condition()).toMatchObject({ status: "False", reason: "LaunchFailed", message: "the image is gone" });
  });

  it("NP-12: a claim of a former pool of the same name says nothing", async () => {
    await started();
    await ordered("another-uid");
    await harness.putNode({ name: "node-1", nodePool: "", providerID: "fake:///1" });
    await harness.pass(2000);
    expect((await harness.stored(NodeClaims, { name: "c1" }))?.status?.nodeName).toBe("node-1");
    expect((await condition())?.status).toBe("Unknown");
  });
});
