import { afterEach, describe, expect, it } from "vitest";
import { getCondition, NodeClaims, NodePools, type Disruption, type NodeClaim } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aNodeClaim, aNodePool, TEST_CLASS, type NodeClaimOptions } from "../../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS } from "../../testing/controller-harness.ts";
import { nodeClaimDisruptionController } from "./controller.ts";

const CONSOLIDATABLE = ["Launched", "Registered", "Initialized", "Consolidatable"];
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function started(disruption: Disruption, claim: NodeClaimOptions = {}): Promise<void> {
  harness = new ControllerHarness();
  await harness.put(NodePools, aNodePool({ disruption }));
  await harness.put(NodeClaims, aNodeClaim(claim));
  await harness.start(nodeClaimDisruptionController(harness.deps, [TEST_NODE_CLASS]));
}

async function status(): Promise<string | undefined> {
  const claim: NodeClaim | undefined = await harness.stored(NodeClaims, { name: "n1" });
  return claim && getCondition(claim, "Consolidatable")?.status;
}

describe("nodeclaim.disruption", () => {
  it("D-134: with 0s a claim is consolidatable as soon as it is initialized", async () => {
    await started({ consolidateAfter: "0s" });
    await harness.pass(100);
    expect(await status()).toBe("True");
  });

  it("D-133, D-134: it becomes so exactly when consolidateAfter has passed, without any event", async () => {
    // Other than the five minutes after which drift is looked for anyway.
    await started({ consolidateAfter: "2m" });
    await harness.pass(119_900);
    expect(await status()).toBeUndefined();
    await harness.pass(100);
    expect(await status()).toBe("True");
  });

  it("DT-96: 59 s after the last pod event it is taken away, 60 s after it it is there again", async () => {
    harness = new ControllerHarness();
    await harness.pass(59_000);
    await harness.put(NodePools, aNodePool({ disruption: { consolidateAfter: "1m" } }));
    const lastPodEventTime = "2026-01-01T00:00:00Z";
    await harness.put(NodeClaims, aNodeClaim({ conditions: CONSOLIDATABLE, lastPodEventTime }));
    await harness.start(nodeClaimDisruptionController(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(900);
    expect(await status()).toBeUndefined();
    await harness.pass(100);
    expect(await status()).toBe("True");
  });

  it("D-134: the last pod event counts, and a new one takes the condition away", async () => {
    await started({ consolidateAfter: "5m" });
    await harness.pass(301_000);
    expect(await status()).toBe("True");
    const lastPodEventTime = "2026-01-01T00:05:00Z";
    await harness.kube.patchStatus(
      NodeClaims,
      { name: "n1" },
      { type: "merge", body: { status: { lastPodEventTime } } },
    );
    await harness.pass(1000);
    expect(await status()).toBeUndefined();
    await harness.pass(300_000);
    expect(await status()).toBe("True");
  });

  it("D-133: Never removes it", async () => {
    await started({ consolidateAfter: "Never" }, { conditions: CONSOLIDATABLE });
    await harness.pass(100);
    expect(await status()).toBeUndefined();
  });

  it("D-133: not before initialization", async () => {
    await started({ consolidateAfter: "0s" }, { conditions: ["Launched", "Registered", "Consolidatable"] });
    await harness.pass(100);
    expect(await status()).toBeUndefined();
  });

  it("D-130: a change of the pool is seen on all its claims", async () => {
    await started({ consolidateAfter: "5m" });
    await harness.pass(100);
    const body = { spec: { disruption: { consolidateAfter: "0s" } } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.pass(100);
    expect(await status()).toBe("True");
  });

  it("D-130, ST-4: claims of a static pool are not marked", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool({ replicas: 1 }));
    await harness.put(NodeClaims, aNodeClaim());
    await harness.start(nodeClaimDisruptionController(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(100);
    expect(await status()).toBeUndefined();
  });

  it("D-130: a claim whose pool is gone, that has none, or that is being deleted is left as it is", async () => {
    harness = new ControllerHarness();
    await harness.put(NodeClaims, aNodeClaim({ conditions: CONSOLIDATABLE }));
    const { labels: _, ...metadata } = aNodeClaim({ name: "alone" }).metadata;
    await harness.put(NodeClaims, { ...aNodeClaim({ name: "alone" }), metadata });
    await harness.start(nodeClaimDisruptionController(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(100);
    expect(await status()).toBe("True");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("NP-1: neither a foreign claim nor a claim under a foreign pool is written", async () => {
    harness = new ControllerHarness();
    const foreign = { ...TEST_CLASS, kind: "Foreign" };
    const pool = aNodePool({ name: "foreign" });
    const template = { ...pool.spec.template, spec: { ...pool.spec.template.spec, nodeClassRef: foreign } };
    await harness.put(NodePools, { ...pool, spec: { ...pool.spec, template } });
    await harness.put(NodePools, aNodePool());
    await harness.put(NodeClaims, aNodeClaim({ name: "n1", nodePool: "foreign" }));
    await harness.put(NodeClaims, aNodeClaim({ name: "n2", spec: { nodeClassRef: foreign } }));
    await harness.start(nodeClaimDisruptionController(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(100);
    for (const claim of (await harness.kube.list(NodeClaims)).items) {
      expect(getCondition(claim, "Consolidatable")).toBeUndefined();
    }
  });

  it("RT-21: a conflict is tried again without an error", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    await harness.put(NodeClaims, aNodeClaim());
    let conflicts = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus" && conflicts++ < 3)
        throw new KubeError(409, "Conflict", "later");
    };
    await harness.start(nodeClaimDisruptionController(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(1000);
    expect(await status()).toBe("True");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a claim that is deleted while it is written is no error", async () => {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    await harness.put(NodeClaims, aNodeClaim());
    harness.kube.faults = async ({ phase, verb }) => {
      if (phase !== "before" || verb !== "patchStatus") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(NodeClaims, { name: "n1" });
    };
    await harness.start(nodeClaimDisruptionController(harness.deps, [TEST_NODE_CLASS]));
    await harness.pass(1000);
    expect(await status()).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
