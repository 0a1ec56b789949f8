// DX-31, DX-35: of a replacement that never came it is said why, where anybody knows: that is why the node is still there.

import { afterEach, expect, it } from "vitest";
import { NodeClaims } from "../../api/index.ts";
import { QuotaExceeded } from "../../provider/index.ts";
import { DisruptableCluster } from "../../testing/disruptable-cluster.ts";
import { nodeClaimLifecycleController } from "../nodeclaim-lifecycle/controller.ts";

let cluster: DisruptableCluster;
afterEach(() => cluster.harness.stop());

async function drifting(): Promise<void> {
  cluster = new DisruptableCluster();
  await cluster.pool({ consolidateAfter: "Never" });
  await cluster.machine("n1", { drifted: "2025-12-31T00:00:00Z", pod: { requests: { cpu: "6" } } });
}

function why(): string | undefined {
  return cluster.harness.deps.decisions.commands()[0]?.why;
}

it("DX-31: the cloud had none", async () => {
  await drifting();
  cluster.harness.provider.failures.create.push(new QuotaExceeded("20 of 20 instances used"));
  await cluster.start(nodeClaimLifecycleController(cluster.harness.deps));
  await cluster.harness.pass(8000);
  expect(why()).toMatch(/^Backoff: kept: replacement default-\w+ is gone: 20 of 20 instances used$/);
  await cluster.harness.pass(15_000);
  const [verdict] = cluster.harness.deps.decisions.judgements();
  expect(verdict).toMatchObject({ node: "n1", verdict: "Backoff" });
  expect(verdict?.detail).toContain("20 of 20 instances used");
});

it("DX-35: it was given up before it had joined", async () => {
  await drifting();
  await cluster.start();
  await cluster.harness.pass(3000);
  const [replacement] = await cluster.replacements();
  const { name = "" } = replacement?.metadata ?? {};
  const waiting = {
    type: "Registered",
    status: "Unknown",
    reason: "NodeNotFound",
    message: "Node not registered with cluster",
    lastTransitionTime: new Date(cluster.harness.clock.now()).toISOString(),
  };
  const body = { metadata: { finalizers: ["karpenter.sh/termination"] } };
  await cluster.harness.kube.patch(NodeClaims, { name }, { type: "merge", body });
  await cluster.harness.kube.patchStatus(
    NodeClaims,
    { name },
    { type: "merge", body: { status: { conditions: [waiting] } } },
  );
  await cluster.harness.kube.delete(NodeClaims, { name });
  await cluster.harness.pass(2000);
  expect(why()).toBe(`Backoff: kept: replacement ${name} is gone: NodeNotFound: Node not registered with cluster`);
});

it("DX-35: nobody knows why it is gone", async () => {
  await drifting();
  await cluster.start();
  await cluster.harness.pass(3000);
  const [replacement] = await cluster.replacements();
  const { name = "" } = replacement?.metadata ?? {};
  await cluster.harness.kube.delete(NodeClaims, { name });
  await cluster.harness.pass(2000);
  expect(why()).toBe(`Backoff: kept: replacement ${name} is gone`);
});
