import { Nodes, Secrets } from "@karpenter-multicloud/core/api";
import { afterEach, describe, expect, it } from "vitest";

import { Bench } from "../test-bench.ts";
import { EXTERNAL_POOL_ID } from "../testing/index.ts";

let bench: Bench;
afterEach(() => bench.close());

async function kosmos(): Promise<void> {
  const bootstrap = { type: "kosmos", tokenSecretRef: { name: "kosmos", namespace: "kube-system" } } as const;
  const values = { POOL_ID: EXTERNAL_POOL_ID, POOL_REGION: "fr-par", SCW_SECRET_KEY: "x" };
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString("base64")]),
  );
  bench = await Bench.start();
  await bench.kube.create(Secrets, { metadata: { name: "kosmos", namespace: "kube-system" }, data });
  await bench.putClass("agents", { bootstrap });
  await bench.pass(5_000);
}

describe("a machine of a Kosmos class", () => {
  it("W-49: takes its entry out of the managed cluster with it, and no other", async () => {
    await kosmos();
    bench.fake.outside.addClusterNode("a");
    bench.fake.outside.addClusterNode("b");
    await bench.launch("a", { nodeClass: "agents" });
    await bench.remove("a");
    const names = bench.fake.outside.clusterNodes();
    expect(names).toContain("b");
    expect(names).not.toContain("a");
  });

  it("W-49: is gone also where the key may not touch the cluster", async () => {
    await kosmos();
    bench.fake.outside.addClusterNode("a");
    await bench.launch("a", { nodeClass: "agents" });
    bench.fake.faults([{ match: { operation: "getKapsulePool" }, fault: "status", status: 403 }]);
    await bench.remove("a");
    expect(bench.fake.state().machines).toEqual([]);
    expect(bench.logger.find("the entry of a machine stays in its Kosmos cluster")).toBeDefined();
  });

  it("is found by its name when the agent gave its node no provider id", async () => {
    await kosmos();
    const claim = await bench.launch("a", { nodeClass: "agents" });
    await bench.kube.create(Nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "a" }, spec: {} });
    await bench.kube.create(Nodes, { apiVersion: "v1", kind: "Node", metadata: { name: "other" }, spec: {} });
    await bench.pass(15_000);
    expect((await bench.kube.get(Nodes, { name: "a" })).spec?.providerID).toBe(claim.status?.providerID);
    expect((await bench.kube.get(Nodes, { name: "other" })).spec?.providerID).toBeUndefined();
  });
});
