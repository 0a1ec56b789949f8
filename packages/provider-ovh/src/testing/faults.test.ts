import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeCluster } from "./fake-cluster.ts";
import { createPool, machines, pool, poolBody } from "./pool-fixtures.ts";
import type { FakeOvh } from "./server.ts";
import { startFakeOvh } from "./server.ts";
import { TinyClient } from "./tiny-client.ts";
import { wallMs } from "@karpenter-multicloud/core/testing/fake-cloud";

const clock = new FakeClock();
let cluster: FakeCluster;
let fake: FakeOvh;
let client: TinyClient;

beforeEach(async () => {
  cluster = new FakeCluster();
  fake = await startFakeOvh({ clock, hooks: cluster });
  client = new TinyClient(fake);
});
afterEach(async () => fake.close());

const LIST = "/cloud/project/*/kube/*/nodepool";

async function poolCount(): Promise<number> {
  return ((await client.get(`${client.kube}/nodepool`)).json as readonly unknown[]).length;
}

describe("request faults", () => {
  it("status: answers in the API's shape, as often as told", async () => {
    fake.faults([{ match: { method: "GET", path: LIST }, fault: "status", status: 429, times: 1 }]);
    const limited = await client.get(`${client.kube}/nodepool`);
    expect(limited).toMatchObject({ status: 429, json: { class: "Client::TooManyRequests" } });
    expect(limited.headers["retry-after"]).toBe("2");
    expect((await client.get(`${client.kube}/nodepool`)).status).toBe(200);
  });

  it.each([408, 502, 503])("status %i is HTML, as the load balancer sends it", async (status) => {
    fake.faults([{ match: { operation: "getMe" }, fault: "status", status }]);
    const answer = await client.get("/me");
    expect([answer.status, answer.headers["content-type"], answer.json]).toEqual([status, "text/html", undefined]);
  });

  it("status: error code and message can be given", async () => {
    const message = "[IntegrityError] 400: Cannot update NodePool: NodePool status is UPSCALING";
    fake.faults([{ match: { operation: "getMe" }, fault: "status", status: 400, errorCode: "BUSY", message }]);
    expect((await client.get("/me")).json).toMatchObject({ message, errorCode: "BUSY", httpCode: "400 Bad Request" });
  });

  it("drop: resets the connection before anything happened", async () => {
    fake.faults([{ match: { operation: "createPool" }, fault: "drop", times: 1 }]);
    await expect(client.call("POST", `${client.kube}/nodepool`, poolBody())).rejects.toThrow(/socket|ECONNRESET/);
    expect(await poolCount()).toBe(0);
  });

  it("timeoutAfter: does the work and loses the answer", async () => {
    fake.faults([{ match: { operation: "createPool" }, fault: "timeoutAfter", times: 1, delayMs: 5 }]);
    await expect(client.call("POST", `${client.kube}/nodepool`, poolBody())).rejects.toThrow(/socket|ECONNRESET/);
    expect(await poolCount()).toBe(1);
  });

  it("timeoutBefore: stays silent until the client gives up", async () => {
    fake.faults([{ match: { operation: "createPool" }, fault: "timeoutBefore" }]);
    const attempt = client.call("POST", `${client.kube}/nodepool`, poolBody(), { timeoutMs: 50 });
    await expect(attempt).rejects.toThrow("timeout");
    fake.faults([]);
    expect(await poolCount()).toBe(0);
  });

  it("slow: answers late, in real time", async () => {
    fake.faults([{ match: { operation: "getMe" }, fault: "slow", delayMs: 60 }]);
    const before = wallMs();
    expect((await client.get("/me")).status).toBe(200);
    expect(wallMs() - before).toBeGreaterThanOrEqual(55);
  });

  it("malformed: the answer is cut, or replaced by what is given", async () => {
    fake.faults([{ match: { operation: "getMe" }, fault: "malformed", times: 1 }]);
    expect(await client.get("/me")).toMatchObject({ status: 200, json: undefined });
    fake.faults([{ match: { operation: "getMe" }, fault: "malformed", body: "" }]);
    expect(await client.get("/me")).toMatchObject({ status: 200, text: "" });
  });

  it("probability: the seed decides, the same way each time", async () => {
    const run = async (): Promise<readonly number[]> => {
      fake.reset();
      fake.faults([{ match: { operation: "getTime" }, fault: "status", status: 500, probability: 0.5 }]);
      const statuses: number[] = [];
      for (let i = 0; i < 20; i++) statuses.push((await client.get("/auth/time")).status);
      return statuses;
    };
    const first = await run();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run()).toEqual(first);
  });

  it("F-10, T-30: posting a pool again after a lost answer is recorded", async () => {
    fake.faults([{ match: { operation: "createPool" }, fault: "status", status: 504, times: 1 }]);
    await client.call("POST", `${client.kube}/nodepool`, poolBody());
    await clock.advance(5000);
    expect(await fake.invariants()).toEqual([]);
    await createPool(client);
    expect((await fake.invariants()).map(({ kind }) => kind)).toEqual(["PoolPostedTwice"]);
  });

  it("O-28: posting it again after 120 s without a pool is fine", async () => {
    fake.faults([{ match: { operation: "createPool" }, fault: "drop", times: 1 }]);
    await expect(client.call("POST", `${client.kube}/nodepool`, poolBody())).rejects.toThrow(/socket|ECONNRESET/);
    await clock.advance(120_000);
    await createPool(client);
    expect(await fake.invariants()).toEqual([]);
  });
});

describe("machine faults", () => {
  async function oneMachine(): Promise<string> {
    const { id } = await createPool(client);
    await clock.advance(1000);
    return id;
  }

  it.each([
    ["outOfStock", "FLAVOR_OUT_OF_STOCK_ERROR"],
    ["quota", "USER_QUOTA_ERROR"],
  ] as const)("%s: the machine ends %s without instance", async (fault, status) => {
    fake.faults([{ match: { flavor: "b3-8", zone: "eu-west-par-a" }, fault, times: 1 }]);
    const id = await oneMachine();
    expect(await machines(client, id)).toMatchObject([{ status, instanceId: null }]);
    expect(cluster.events).toEqual([]);
  });

  it("matches other flavors not at all, and the request that ordered the machine", async () => {
    fake.faults([
      { match: { flavor: "b3-16" }, fault: "outOfStock" },
      { match: { method: "PUT", path: `/1.0${LIST}/*` }, fault: "quota" },
    ]);
    const id = await oneMachine();
    expect((await machines(client, id))[0]?.status).toBe("READY");
    await client.call("PUT", `${client.kube}/nodepool/${id}`, { desiredNodes: 2 });
    await clock.advance(1000);
    expect((await machines(client, id))[1]?.status).toBe("USER_QUOTA_ERROR");
  });

  it("boot: the machine has an instance but never joins and is never READY", async () => {
    fake.faults([{ fault: "boot" }]);
    const id = await oneMachine();
    await clock.advance(100_000);
    const [machine] = await machines(client, id);
    expect(machine?.status).toBe("INSTALLING");
    expect(machine?.instanceId).not.toBeNull();
    expect(cluster.events).toEqual([]);
  });

  it("boot: can end in a status, or without an instance", async () => {
    fake.faults([{ fault: "boot", noInstance: true, machineStatus: "ERROR" }]);
    expect(await machines(client, await oneMachine())).toMatchObject([{ status: "ERROR", instanceId: null }]);
  });

  it("vanish: a READY machine disappears with its Node, and the service orders another", async () => {
    const id = await oneMachine();
    const [before] = await machines(client, id);
    fake.faults([{ fault: "vanish" }]);
    await clock.advance(0);
    expect(await machines(client, id)).toEqual([]);
    expect(cluster.nodes.size).toBe(0);
    expect(await pool(client, id)).toMatchObject({ desiredNodes: 1, currentNodes: 0, status: "UPSCALING" });
    await clock.advance(2000);
    const [after] = await machines(client, id);
    expect(after?.status).toBe("READY");
    expect(after?.id).not.toBe(before?.id);
    expect(await fake.invariants()).toEqual([]);
  });
});
