import { afterEach, describe, expect, it } from "vitest";
import { getCondition, NodePools, type Condition } from "../../api/index.ts";
import { aNodePool, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS, TestNodeClasses } from "../../testing/controller-harness.ts";
import { nodePoolValidationController } from "../nodepool-validation/controller.ts";
import { nodePoolReadinessController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function started(): Promise<void> {
  harness = new ControllerHarness();
  await harness.put(NodePools, aNodePool({ status: {} }));
  await harness.start(
    nodePoolReadinessController(harness.deps, [TEST_NODE_CLASS]),
    nodePoolValidationController(harness.deps),
  );
  await harness.pass(100);
}

function ready(status: Condition["status"], reason = "Ready", message = ""): Condition {
  return { type: "Ready", status, reason, message, lastTransitionTime: "2026-01-01T00:00:00Z" };
}

async function classIs(...conditions: readonly Condition[]): Promise<void> {
  const { group, kind, name } = TEST_CLASS;
  const metadata = { name, finalizers: ["example.com/keep"] };
  await harness.put(TestNodeClasses, {
    apiVersion: `${group}/v1`,
    kind,
    metadata,
    ...(conditions.length > 0 ? { status: { conditions } } : {}),
  });
  await harness.pass(100);
}

async function condition(type: string): Promise<Condition | undefined> {
  const pool = await harness.stored(NodePools, { name: "default" });
  return pool && getCondition(pool, type);
}

describe("nodepool.readiness", () => {
  it("NP-7: a class that does not exist, and what to do about it", async () => {
    await started();
    expect(await condition("NodeClassReady")).toMatchObject({
      status: "False",
      reason: "NodeClassNotFound",
      message: "TestNodeClass default does not exist: apply it, or correct nodeClassRef.name",
    });
    expect(await condition("Ready")).toMatchObject({ status: "False", reason: "UnhealthyDependents" });
  });

  it("NP-7: a class nobody has checked yet", async () => {
    await started();
    await classIs();
    expect(await condition("NodeClassReady")).toMatchObject({ status: "False", reason: "NodeClassReadinessUnknown" });
  });

  it("NP-7: a class that is Unknown", async () => {
    await started();
    await classIs(ready("Unknown", "AwaitingReconciliation"));
    expect(await condition("NodeClassReady")).toMatchObject({ status: "False", reason: "NodeClassReadinessUnknown" });
  });

  it("NP-7: a class that is not ready hands its reason on", async () => {
    await started();
    await classIs(ready("False", "CredentialsRefused", "the cloud refused the key"));
    expect(await condition("NodeClassReady")).toMatchObject({
      status: "False",
      reason: "CredentialsRefused",
      message: "the cloud refused the key",
    });
  });

  it("NP-7: of a class with a broken condition that condition is handed on, not the list of all", async () => {
    await started();
    const broken = { ...ready("False", "RegionMismatch", "the cluster is elsewhere"), type: "RegionValid" };
    await classIs(broken, ready("False", "UnhealthyDependents", "RegionValid=False"));
    expect(await condition("NodeClassReady")).toMatchObject({
      status: "False",
      reason: "RegionMismatch",
      message: "TestNodeClass default: the cluster is elsewhere",
    });
  });

  it("NP-7: of a class that could not be checked, why", async () => {
    await started();
    const unknown = { ...ready("Unknown", "NotReachable", "no answer in time"), type: "ClusterReady" };
    await classIs(unknown, ready("Unknown", "ReconcilingDependents", "ClusterReady=Unknown"));
    expect(await condition("NodeClassReady")).toMatchObject({
      reason: "NodeClassReadinessUnknown",
      message: "TestNodeClass default could not be checked: no answer in time",
    });
  });

  it("TC-51, NP-8: with a ready class and a valid template the pool is Ready; that ends with the class and comes back with it", async () => {
    await started();
    await classIs(ready("True"));
    expect((await condition("NodeClassReady"))?.status).toBe("True");
    expect((await condition("Ready"))?.status).toBe("True");
    await harness.kube.delete(TestNodeClasses, { name: TEST_CLASS.name });
    await harness.pass(100);
    expect(await condition("NodeClassReady")).toMatchObject({ status: "False", reason: "NodeClassTerminating" });
    expect((await condition("Ready"))?.status).toBe("False");
    const body = { metadata: { finalizers: null } };
    await harness.kube.patch(TestNodeClasses, { name: TEST_CLASS.name }, { type: "merge", body });
    await harness.pass(100);
    expect(await condition("NodeClassReady")).toMatchObject({ status: "False", reason: "NodeClassNotFound" });
    await classIs(ready("True"));
    expect((await condition("NodeClassReady"))?.status).toBe("True");
    expect((await condition("Ready"))?.status).toBe("True");
  });

  it("NP-8, LC-5: after a change of the pool it becomes Ready again for the new generation", async () => {
    await started();
    await classIs(ready("True"));
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: { spec: { weight: 10 } } });
    await harness.pass(100);
    expect(await condition("Ready")).toMatchObject({ status: "True", observedGeneration: 2 });
  });

  it("NP-1: a pool of a class that is not ours is not touched", async () => {
    harness = new ControllerHarness();
    const pool = aNodePool({ status: {} });
    const spec = { ...pool.spec.template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, { ...pool, spec: { ...pool.spec, template: { ...pool.spec.template, spec } } });
    await harness.start(nodePoolReadinessController(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(100);
    expect(await condition("NodeClassReady")).toBeUndefined();
  });

  it("a pool that goes while it is written is no error", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool({ status: {} }));
    harness.kube.faults = async ({ phase, verb }) => {
      if (phase !== "before" || verb !== "patchStatus") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(NodePools, { name: "default" });
    };
    await harness.start(nodePoolReadinessController(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(1000);
    expect(harness.kube.faults).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
