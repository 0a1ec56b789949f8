import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, NodePools, Nodes } from "../../api/index.ts";
import { aNodeClaim, aNodePool, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { nodePoolCounterController } from "./controller.ts";

const ZEROS = { cpu: "0", memory: "0", pods: "0", "ephemeral-storage": "0", nodes: "0" };
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function pool(): Promise<void> {
  harness = new ControllerHarness();
  await harness.put(NodePools, aNodePool());
}

async function start(ms = 100): Promise<void> {
  await harness.start(nodePoolCounterController(harness.deps));
  await harness.pass(ms);
}

async function counted() {
  const stored = await harness.stored(NodePools, { name: "default" });
  return { nodes: stored?.status?.nodes, resources: stored?.status?.resources };
}

describe("nodepool.counter", () => {
  it("NP-15: an unused pool says zero of everything", async () => {
    await pool();
    await start();
    expect(await counted()).toEqual({ nodes: 0, resources: ZEROS });
  });

  it("NP-15: sums the capacity of its nodes, and counts them", async () => {
    await pool();
    await harness.putMachine("n1");
    await harness.putMachine("n2");
    await harness.putMachine("other", { claim: { nodePool: "other" }, node: { nodePool: "other" } });
    await start();
    expect(await counted()).toEqual({
      nodes: 2,
      resources: { cpu: "8", memory: "32Gi", pods: "220", "ephemeral-storage": "200Gi", nodes: "2" },
    });
  });

  it("NP-15: a machine on its way counts with its claim's estimate, an unlaunched claim not at all", async () => {
    await pool();
    await harness.put(NodeClaims, aNodeClaim({ name: "launched", conditions: ["Launched"] }));
    const { status: _, ...unlaunched } = aNodeClaim({
      name: "unlaunched",
      spec: { resources: { requests: { cpu: "1" } } },
    });
    await harness.put(NodeClaims, unlaunched);
    await start(35_000);
    expect((await counted()).resources?.["cpu"]).toBe("4");
    expect((await counted()).nodes).toBe(1);
  });

  it("NP-15: leaving machines and machines of nobody do not count", async () => {
    await pool();
    const { metadata, ...leaving } = aNodeClaim({ name: "leaving" });
    await harness.put(NodeClaims, { ...leaving, metadata: { ...metadata, finalizers: ["example.com/keep"] } });
    await harness.kube.delete(NodeClaims, { name: "leaving" });
    await harness.putNode({ name: "impostor", nodePool: "", labels: { [Label.NodePool]: "default" } });
    await start();
    expect((await counted()).nodes).toBe(0);
  });

  it("TC-52, NP-14: after a restart nothing is written before the cluster is known", async () => {
    await pool();
    await harness.kube.patchStatus(NodePools, { name: "default" }, { type: "merge", body: { status: { nodes: 7 } } });
    const { status: _, ...young } = aNodeClaim({ name: "young" });
    await harness.put(NodeClaims, young);
    await start(20_000);
    expect((await counted()).nodes).toBe(7);
    await harness.pass(15_000);
    expect((await counted()).nodes).toBe(0);
  });

  it("NP-14: counts again every five seconds", async () => {
    await pool();
    await start();
    await harness.putMachine("n1");
    await harness.pass(5000);
    expect((await counted()).nodes).toBe(1);
    await harness.kube.delete(Nodes, { name: "n1" });
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await harness.pass(5000);
    expect(await counted()).toEqual({ nodes: 0, resources: ZEROS });
  });

  it("a resource that no node has any more disappears", async () => {
    await pool();
    await harness.putMachine("n1", { node: { capacity: { "example.com/gpu": "2" } } });
    await start();
    expect((await counted()).resources?.["example.com/gpu"]).toBe("2");
    await harness.kube.delete(Nodes, { name: "n1" });
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await harness.pass(5000);
    expect((await counted()).resources).toEqual(ZEROS);
  });

  it("NP-1: a foreign pool is not written", async () => {
    harness = new ControllerHarness();
    const foreign = aNodePool();
    const spec = { ...foreign.spec.template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, {
      ...foreign,
      spec: { ...foreign.spec, template: { ...foreign.spec.template, spec } },
    });
    await start();
    expect((await counted()).resources).toBeUndefined();
  });

  it("a deleted pool ends the counting, its namesake begins it anew", async () => {
    await pool();
    await start();
    await harness.kube.delete(NodePools, { name: "default" });
    await harness.pass(6000);
    expect(harness.logger.messages("error")).toEqual([]);
    await harness.put(NodePools, aNodePool());
    await harness.pass(100);
    expect((await counted()).resources).toEqual(ZEROS);
  });
});
