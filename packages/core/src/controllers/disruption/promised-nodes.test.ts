// D-119: while pods are on their way to a node, no other command takes that node.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, Nodes } from "../../api/index.ts";
import { aPod } from "../../testing/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";

const MINUTE = 60_000;
let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

/** Of n1's two pods one fits on n2, which is empty; the other needs a new machine. */
async function started(): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool();
  await cluster.machine("n1", { drifted: "2025-12-31T00:00:00Z", pod: { requests: { cpu: "6" } } });
  await cluster.harness.putPod(aPod({ name: "small", nodeName: "n1", requests: { cpu: "1" } }));
  await cluster.machine("n2", { type: "m.2", pod: null });
  // Not Consolidatable yet.
  await cluster.works("n2");
  await cluster.start();
  await cluster.harness.pass(3000);
  expect(await cluster.isTainted("n1")).toBe(true);
  expect(await cluster.replacements()).toHaveLength(1);
}

async function consolidatable(name: string): Promise<void> {
  const { status } = await cluster.harness.kube.get(NodeClaims, { name });
  const lastTransitionTime = "2026-01-01T00:00:00Z";
  const more = { type: "Consolidatable", status: "True", reason: "Consolidatable", message: "", lastTransitionTime };
  const conditions = [...(status?.conditions ?? []), more];
  await cluster.harness.kube.patchStatus(NodeClaims, { name }, { type: "merge", body: { status: { conditions } } });
}

describe("the nodes that a command's pods go to", () => {
  it("D-119: are not taken as empty, however long the replacement boots", async () => {
    await started();
    await consolidatable("n2");
    await cluster.harness.pass(5 * MINUTE);
    expect([await cluster.isTainted("n2"), await cluster.has("n2")]).toEqual([false, true]);
    await cluster.replacementsWork();
    await cluster.harness.pass(2000);
    expect([await cluster.has("n1"), await cluster.has("n2")]).toEqual([false, true]);
  });

  it("DX-23: keep the node when somebody else takes them away meanwhile", async () => {
    await started();
    const finalizers = { metadata: { finalizers: ["karpenter.sh/termination"] } };
    await cluster.harness.kube.patch(Nodes, { name: "n2" }, { type: "merge", body: finalizers });
    await cluster.harness.kube.delete(Nodes, { name: "n2" });
    await cluster.replacementsWork();
    await cluster.harness.pass(3000);
    expect([await cluster.has("n1"), await cluster.isTainted("n1")]).toEqual([true, false]);
    const verdicts = cluster.harness.deps.decisions.list().filter(({ subject }) => subject === "Node n1");
    expect(verdicts.map(({ detail }) => detail)).toContain(
      "kept: node n2, where its pods were to go, is leaving itself",
    );
  });

  it("D-119: and a replacement that works is not taken before the pods have come", async () => {
    await started();
    await cluster.replacementsWork();
    const [replacement] = await cluster.replacements();
    await consolidatable(replacement?.metadata.name ?? "");
    await cluster.harness.pass(15_000);
    expect(await cluster.has("n1")).toBe(false);
    expect(await cluster.has(replacement?.metadata.name ?? "")).toBe(true);
  });
});
