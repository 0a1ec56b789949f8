// What one round makes of changes that come while it waits for others, and of writes that fail.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, nodePoolHash, NodePools, Pods, type NodeClaim } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodeClaim, aNodePool, aPod, pods, UNSCHEDULABLE } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { provisioningController } from "./controller.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function started(options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.put(NodePools, aNodePool());
  await harness.start(provisioningController(harness.deps));
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

/** Does this once, while a round waits for the catalog; then lets the round end. */
async function whileTheCatalogIsRead(change: () => Promise<unknown>): Promise<void> {
  const types = harness.provider.getInstanceTypes.bind(harness.provider);
  let done = false;
  harness.provider.getInstanceTypes = async (pool) => {
    harness.provider.getInstanceTypes = types;
    await change();
    await harness.clock.settle();
    done = true;
    return await types(pool);
  };
  await harness.pass(1000);
  for (let i = 0; i < 10; i++) await harness.pass(0);
  expect(done).toBe(true);
}

const verdicts = () => harness.deps.decisions.list().map(({ verdict, subject }) => `${verdict} ${subject}`);

describe("provisioner, while things change", () => {
  it("S-213: nothing is planned while a young claim is unlaunched; the window stays open", async () => {
    await started();
    const { status: _, ...young } = aNodeClaim({ name: "default-1", nodePool: "other" });
    await harness.put(NodeClaims, young);
    await harness.putPod(aPod({ name: "web" }));
    await harness.pass(29_000);
    expect(await claims()).toHaveLength(1);
    expect(harness.logger.find("waiting for cluster state")?.fields["missing"]).toEqual([
      "nodeclaim default-1 not launched yet",
    ]);
    await harness.pass(2000);
    expect(await claims()).toHaveLength(2);
  });

  it("S-207: a pod that binds while the catalog is read gets no machine", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    await whileTheCatalogIsRead(async () => {
      await harness.putMachine("n1");
      await harness.kube.bind({ namespace: "default", name: "web" }, "n1");
    });
    expect((await claims()).map((claim) => claim.metadata.name)).toEqual(["n1"]);
  });

  it("S-214: a pod that comes while claims are made opens the next window at once", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "create" || resource.kind !== "NodeClaim") return;
      harness.kube.faults = undefined;
      await harness.putPod(aPod({ name: "late", requests: { cpu: "64" } }));
      await harness.clock.settle();
    };
    await harness.pass(1000);
    for (let i = 0; i < 10; i++) await harness.pass(0);
    expect(await claims()).toHaveLength(1);
    const [claim] = await claims();
    const providerID = "test:///x";
    await harness.kube.patchStatus(
      NodeClaims,
      { name: claim?.metadata.name ?? "" },
      { type: "merge", body: { status: { providerID } } },
    );
    await harness.pass(1100);
    expect(verdicts()).toContain("InsufficientResources Pod default/late");
  });

  it("T-134, S-520: the claim carries the hash and the template it was planned with, even if the pool changed meanwhile", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    await whileTheCatalogIsRead(async () => {
      const body = { spec: { template: { spec: { taints: [{ key: "dedicated", effect: "NoSchedule" }] } } } };
      await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    });
    const [claim] = await claims();
    expect(claim?.spec.taints).toBeUndefined();
    expect(claim?.metadata.annotations?.[Annotation.NodePoolHash]).toBe(nodePoolHash(aNodePool().spec.template));
  });

  it("no claim is made for a pool that is deleted while its plan is made", async () => {
    await started();
    const body = { metadata: { finalizers: ["example.com/keep"] } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.putPod(aPod({ name: "web" }));
    await whileTheCatalogIsRead(() => harness.kube.delete(NodePools, { name: "default" }));
    expect(await claims()).toEqual([]);
    expect(harness.deps.decisions.list()[0]?.detail).toBe("NodePool default is being deleted");
  });

  it("no claim is made for a pool that is gone, or was replaced by its namesake", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    await whileTheCatalogIsRead(() => harness.kube.delete(NodePools, { name: "default" }));
    expect(harness.deps.decisions.list().at(-1)?.detail).toBe("NodePool default is gone");
    await harness.put(NodePools, aNodePool());
    await harness.pass(10_000);
    await whileTheCatalogIsRead(async () => {
      await harness.kube.delete(NodePools, { name: "default" });
      await harness.put(NodePools, aNodePool());
    });
    expect(harness.deps.decisions.list().at(-1)?.detail).toBe("NodePool default was replaced by its namesake");
    expect(await claims()).toEqual([]);
    await harness.pass(12_000);
    expect(await claims()).toHaveLength(1);
  });

  it("S-331: one claim that cannot be created stops neither the others nor what is said of them", async () => {
    await started();
    for (const pod of pods(2, { requests: { cpu: "3" } })) await harness.putPod(pod);
    let creates = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "create" && ++creates === 1)
        throw new KubeError(500, "InternalError", "webhook failed");
    };
    await harness.pass(1000);
    expect(await claims()).toHaveLength(1);
    expect(harness.events.withReason("Nominated")).toHaveLength(1);
    expect(harness.logger.messages("error")).toEqual(["Reconciler error"]);
    await harness.pass(60_000);
    expect(await claims()).toHaveLength(2);
  });

  it("S-331: a create that keeps failing is tried again at least every ten seconds", async () => {
    await started();
    await harness.putPod(aPod({ name: "web" }));
    let failing = true;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "create" && failing)
        throw new KubeError(500, "InternalError", "webhook failed");
    };
    await harness.pass(10 * 60_000);
    failing = false;
    await harness.pass(11_000);
    expect(await claims()).toHaveLength(1);
  });

  it("a failed pod's namesake is not blamed", async () => {
    await started();
    await harness.putPod(aPod({ name: "web", requests: { cpu: "64" } }));
    await harness.putPod(aPod({ name: "small" }));
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "create" || resource.kind !== "NodeClaim") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(Pods, { namespace: "default", name: "web" });
      await harness.putPod(aPod({ name: "web", status: UNSCHEDULABLE }));
      await harness.clock.settle();
    };
    await harness.pass(1000);
    for (let i = 0; i < 10; i++) await harness.pass(0);
    expect(verdicts().at(-1)).toBe("InsufficientResources Pod default/web");
    expect(harness.events.withReason("FailedScheduling")).toEqual([]);
  });
});
