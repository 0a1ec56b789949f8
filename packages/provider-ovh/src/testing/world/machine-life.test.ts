import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeCluster } from "../fake-cluster.ts";
import { createPool, machines, pool, resize } from "../pool-fixtures.ts";
import type { FakeOvh } from "../server.ts";
import { startFakeOvh } from "../server.ts";
import { TinyClient } from "../tiny-client.ts";

const SECOND = 1000;

describe("machine life at real speed", () => {
  const clock = new FakeClock();
  let cluster: FakeCluster;
  let fake: FakeOvh;
  let client: TinyClient;

  beforeEach(async () => {
    cluster = new FakeCluster();
    fake = await startFakeOvh({ clock, hooks: cluster, speed: "real" });
    client = new TinyClient(fake);
  });
  afterEach(async () => fake.close());

  it("F-5: lists a machine after 3 s without instance, gives it one after 30 s and is READY after 300 s", async () => {
    const { id } = await createPool(client);
    expect(await machines(client, id)).toEqual([]);
    await clock.advance(3 * SECOND);
    expect(await machines(client, id)).toMatchObject([{ status: "INSTALLING", instanceId: null, deployedAt: null }]);
    await clock.advance(30 * SECOND);
    const [installing] = await machines(client, id);
    expect(installing?.instanceId).toMatch(/^[0-9a-f-]{36}$/);
    expect(installing?.status).toBe("INSTALLING");
    await clock.advance(269 * SECOND);
    expect((await machines(client, id))[0]?.status).toBe("INSTALLING");
    await clock.advance(SECOND);
    const [ready] = await machines(client, id);
    expect(ready).toMatchObject({ status: "READY", instanceId: installing?.instanceId });
    expect(ready?.deployedAt).not.toBeNull();
    expect(ready?.name).toMatch(/^karpenter-b3-8-eu-west-par-a-node-[0-9a-f]{6}$/);
  });

  it("F-5: shows pool status, size status and counters that follow from the machines", async () => {
    const created = await createPool(client, { desiredNodes: 2 });
    expect(created).toMatchObject({ status: "INSTALLING", sizeStatus: "UNDER_CAPACITY", currentNodes: 0 });
    await clock.advance(3 * SECOND);
    expect(await pool(client, created.id)).toMatchObject({ status: "UPSCALING", currentNodes: 2, availableNodes: 0 });
    await clock.advance(300 * SECOND);
    const ready = await pool(client, created.id);
    expect(ready).toMatchObject({ status: "READY", sizeStatus: "CAPACITY_OK", availableNodes: 2, upToDateNodes: 2 });
    expect(ready.updatedAt).not.toBe(created.updatedAt);
    await resize(client, created.id, { desiredNodes: 3 });
    expect(await pool(client, created.id)).toMatchObject({ status: "UPSCALING", sizeStatus: "UNDER_CAPACITY" });
    await clock.advance(303 * SECOND);
    await resize(client, created.id, { maxNodes: 50 });
    expect((await pool(client, created.id)).status).toBe("UPDATING");
    await clock.advance(2 * SECOND);
    expect((await pool(client, created.id)).status).toBe("READY");
  });

  it("F-7: the Node joins at 240 s, is initialised 5 s later and Ready at 270 s", async () => {
    const { id } = await createPool(client);
    await clock.advance(3 * SECOND + 239 * SECOND);
    expect(cluster.nodes.size).toBe(0);
    await clock.advance(SECOND);
    const [machine] = await machines(client, id);
    const node = cluster.nodes.get(machine?.name ?? "");
    expect(node?.spec?.providerID).toBe(`openstack:///${machine?.instanceId}`);
    expect(node?.spec?.taints?.map(({ key }) => key)).toEqual(["node.cloudprovider.kubernetes.io/uninitialized"]);
    await clock.advance(5 * SECOND);
    expect(cluster.nodes.get(machine?.name ?? "")?.spec?.taints).toEqual([]);
    expect(cluster.events).toEqual([`joins ${machine?.name}`]);
    await clock.advance(25 * SECOND);
    expect(cluster.events).toEqual([`joins ${machine?.name}`, `ready ${machine?.name}`]);
  });

  it("F-5: a machine with a GPU takes 1800 s", async () => {
    const { id } = await createPool(client, { flavorName: "t2-45", name: "gpu" });
    await clock.advance(3 * SECOND + 1799 * SECOND);
    expect((await machines(client, id))[0]?.status).toBe("INSTALLING");
    await clock.advance(SECOND);
    expect((await machines(client, id))[0]?.status).toBe("READY");
  });

  it("F-5: a removed machine reads READY for a second, DELETING for 75 s, and is history afterwards", async () => {
    const { id } = await createPool(client);
    await clock.advance(303 * SECOND);
    const [machine] = await machines(client, id);
    await resize(client, id, { desiredNodes: 0, nodesToRemove: [machine?.id] });
    expect((await machines(client, id))[0]?.status).toBe("READY");
    expect((await pool(client, id)).status).toBe("DOWNSCALING");
    await clock.advance(SECOND);
    expect((await machines(client, id))[0]?.status).toBe("DELETING");
    await clock.advance(75 * SECOND);
    expect(await machines(client, id)).toEqual([]);
    expect(await machines(client, id, "?history=true")).toMatchObject([{ id: machine?.id, status: "DELETED" }]);
    expect(await pool(client, id)).toMatchObject({ status: "READY", desiredNodes: 0, currentNodes: 0 });
    expect(cluster.nodes.size).toBe(0);
  });

  it("T-81: a machine stays DELETING while a finalizer keeps its Node object", async () => {
    const { id } = await createPool(client);
    await clock.advance(303 * SECOND);
    const [machine] = await machines(client, id);
    cluster.finalizers = true;
    await resize(client, id, { desiredNodes: 0, nodesToRemove: [machine?.id] });
    await clock.advance(600 * SECOND);
    expect((await machines(client, id))[0]?.status).toBe("DELETING");
    cluster.nodes.clear();
    await clock.advance(5 * SECOND);
    expect(await machines(client, id)).toEqual([]);
  });

  it("F-6: without waitForNodeObject the machine goes although its Node object stays", async () => {
    fake.switches.waitForNodeObject = false;
    const { id } = await createPool(client);
    await clock.advance(303 * SECOND);
    const [machine] = await machines(client, id);
    cluster.finalizers = true;
    await resize(client, id, { desiredNodes: 0, nodesToRemove: [machine?.id] });
    await clock.advance(76 * SECOND);
    expect(await machines(client, id)).toEqual([]);
    expect(cluster.nodes.size).toBe(1);
  });

  it("pushes a changed template to the Nodes that exist", async () => {
    const { id } = await createPool(client);
    await clock.advance(303 * SECOND);
    const taints = [{ key: "team", value: "a", effect: "NoSchedule" }];
    const metadata = { labels: { color: "red" }, annotations: {}, finalizers: [] };
    await resize(client, id, { template: { metadata, spec: { taints, unschedulable: false } } });
    await clock.advance(0);
    const [node] = cluster.nodes.values();
    expect(node?.metadata.labels?.["color"]).toBe("red");
    expect(node?.metadata.labels).not.toHaveProperty("karpenter.ovhcloud.sh/managed-by");
    expect(node?.spec?.taints).toEqual(taints);
  });

  it("T-46: on the standard plan a broken machine is replaced by another after 10 min", async () => {
    const { id } = await createPool(client);
    await clock.advance(303 * SECOND);
    const [broken] = await machines(client, id);
    fake.outside.breakMachine(broken?.name ?? "");
    await clock.advance(604 * SECOND);
    const now = await machines(client, id);
    expect(now.map(({ status }) => status).sort()).toEqual(["DELETING", "INSTALLING"]);
    expect(await fake.invariants()).toEqual([]);
  });

  it("a machine whose kubelet is sick stays so until it is cured: the service does not notice", async () => {
    const { id } = await createPool(client);
    await clock.advance(303 * SECOND);
    const [sick] = await machines(client, id);
    const answer = await client.call("POST", "//_fake/sicken", { machine: sick?.name });
    expect([answer.status, (await client.call("POST", "//_fake/sicken", {})).status]).toEqual([200, 400]);
    await clock.advance(1200 * SECOND);
    expect(cluster.events.at(-1)).toBe(`not ready ${sick?.name}`);
    expect((await machines(client, id)).map(({ name }) => name)).toEqual([sick?.name]);
    await client.call("POST", "//_fake/cure", { machine: sick?.name });
    await clock.advance(SECOND);
    expect(cluster.events.at(-1)).toBe(`ready ${sick?.name}`);
  });

  it("F-5: charges hourly machines by the second, by the fake's clock", async () => {
    const { id } = await createPool(client);
    await clock.advance(3 * SECOND + 30 * SECOND + 3600 * SECOND);
    expect(fake.costSoFar().total).toBeCloseTo(0.0512, 6);
    const [machine] = await machines(client, id);
    await resize(client, id, { desiredNodes: 0, nodesToRemove: [machine?.id] });
    await clock.advance(76 * SECOND);
    const final = fake.costSoFar().total;
    await clock.advance(3600 * SECOND);
    expect(fake.costSoFar()).toMatchObject({ total: final, currency: "EUR", machineSeconds: 3676 });
  });

  it("F-11: charges monthly machines by the started month", async () => {
    await createPool(client, { name: "monthly", flavorName: "b2-7", monthlyBilled: true });
    await clock.advance(600 * SECOND);
    expect(fake.costSoFar().total).toBeCloseTo(25.17, 6);
  });
});

describe("machine life on the free plan", () => {
  it("T-47: a broken machine is installed again with the same ids", async () => {
    const clock = new FakeClock();
    const cluster = new FakeCluster();
    const fake = await startFakeOvh({ clock, hooks: cluster, speed: "real", plan: "free" });
    const client = new TinyClient(fake);
    const { id } = await createPool(client);
    await clock.advance(303 * SECOND);
    const [before] = await machines(client, id);
    fake.outside.breakMachine(before?.name ?? "");
    await clock.advance(600 * SECOND);
    expect((await machines(client, id))[0]?.status).toBe("REDEPLOYING");
    await clock.advance(300 * SECOND);
    expect(await machines(client, id)).toMatchObject([
      { id: before?.id, instanceId: before?.instanceId, status: "READY" },
    ]);
    expect(cluster.events.slice(-2)).toEqual([`joins ${before?.name}`, `ready ${before?.name}`]);
    await fake.close();
  });
});
