import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { MachineAnswer, PoolAnswer } from "./pool-fixtures.ts";
import { createPool, machines, messageOf, pool, template } from "./pool-fixtures.ts";
import type { FakeOvh } from "./server.ts";
import { startFakeOvh } from "./server.ts";
import type { TinyAnswer } from "./tiny-client.ts";
import { TinyClient } from "./tiny-client.ts";

const TOKEN = "gAAAA-keystone";

let clock: FakeClock;
let fake: FakeOvh;
let client: TinyClient;

beforeEach(async () => {
  clock = new FakeClock();
  fake = await startFakeOvh({ clock, speed: "real", openstackTokens: [TOKEN] });
  client = new TinyClient(fake);
});
afterEach(() => fake.close());

const foreign = { name: "workers", autoscale: true, template: template({}) };
const idsOf = (list: readonly MachineAnswer[]): readonly string[] => list.map(({ id }) => id);

describe("F-12, F-13: what cluster-autoscaler asks, in both of its modes", () => {
  const keystone = { headers: { Authorization: `Bearer OpenStack/${TOKEN}`, "Content-Type": "application/json" } };

  it.each([
    ["consumer", {}],
    ["openstack", keystone],
  ])(
    "%s: lists pools, machines and flavors, raises a pool and removes machines by provider id",
    async (_mode, auth) => {
      const ours = await createPool(client, { desiredNodes: 2 });
      const theirs = await createPool(client, { ...foreign, desiredNodes: 2 });
      await clock.advance(400_000);
      const ask = (method: string, path: string, body?: unknown): Promise<TinyAnswer> =>
        client.call(method, client.kube + path, body, auth);
      const pools = (await ask("GET", "/nodepool")).json as readonly PoolAnswer[];
      const [mine, ...others] = pools.filter(({ autoscale }) => autoscale);
      expect([mine?.id, others.length]).toEqual([theirs.id, 0]);
      const legacy = (mine as unknown as { autoscaling: Record<string, number> }).autoscaling;
      expect(Object.values(legacy).every((value) => typeof value === "number")).toBe(true);
      const list = (await ask("GET", `/nodepool/${theirs.id}/nodes`)).json as readonly MachineAnswer[];
      expect(
        list.every(({ instanceId, createdAt }) => instanceId !== null && !Number.isNaN(Date.parse(createdAt))),
      ).toBe(true);
      const flavors = (await ask("GET", "/flavors")).json as readonly {
        readonly ram: number;
        readonly vCPUs: number;
      }[];
      expect(flavors.every(({ ram, vCPUs }) => Number.isInteger(ram) && Number.isInteger(vCPUs))).toBe(true);
      // Its client sends the field always, and null when it has nothing to say.
      expect((await ask("PUT", `/nodepool/${theirs.id}`, { desiredNodes: 3, autoscale: null })).status).toBe(200);
      await clock.advance(400_000);
      const victim = `openstack:///${list[0]?.instanceId ?? ""}`;
      const removal = { desiredNodes: 2, autoscale: null, nodesToRemove: [victim] };
      expect((await ask("PUT", `/nodepool/${theirs.id}`, removal)).status).toBe(200);
      await clock.advance(200_000);
      expect(idsOf(await machines(client, theirs.id))).not.toContain(list[0]?.id);
      expect(await pool(client, ours.id)).toMatchObject({ desiredNodes: 2, currentNodes: 2 });
      expect(await fake.invariants()).toEqual([]);
    },
  );

  it("a machine without instance is legal, and a pool at its limit is refused with a text", async () => {
    const theirs = await createPool(client, { ...foreign, maxNodes: 2 });
    await clock.advance(4_000);
    expect((await machines(client, theirs.id)).map(({ instanceId }) => instanceId)).toEqual([null]);
    const answer = await client.call("PUT", `${client.kube}/nodepool/${theirs.id}`, { desiredNodes: 3 });
    expect([answer.status, messageOf(answer)]).toEqual([400, expect.stringMatching(/desiredNodes/)]);
  });
});

describe("F-12: what Terraform asks", () => {
  it("creates, polls until READY, updates, reads, deletes and polls until 404", async () => {
    const { id } = await createPool(client, { name: "terraform", desiredNodes: 1, template: template({}) });
    const path = `${client.kube}/nodepool/${id}`;
    const until = async (isDone: (answer: TinyAnswer) => boolean): Promise<readonly string[]> => {
      const seen: string[] = [];
      for (let poll = 0; poll < 200; poll++) {
        const answer = await client.get(path);
        seen.push(answer.status === 200 ? (answer.json as PoolAnswer).status : String(answer.status));
        if (isDone(answer)) return [...new Set(seen)];
        await clock.advance(5_000);
      }
      throw new Error(`still ${seen.at(-1) ?? ""}`);
    };
    const isReady = (answer: TinyAnswer): boolean => (answer.json as PoolAnswer | undefined)?.status === "READY";
    expect(await until(isReady)).toEqual(["INSTALLING", "UPSCALING", "READY"]);
    expect((await client.call("PUT", path, { desiredNodes: 2, minNodes: 0, maxNodes: 5 })).text).toBe("null");
    expect(await until(isReady)).toEqual(["UPSCALING", "READY"]);
    expect(await pool(client, id)).toMatchObject({ desiredNodes: 2, currentNodes: 2, availableNodes: 2 });
    expect((await client.call("DELETE", path)).status).toBe(200);
    expect(await until(({ status }) => status === 404)).toEqual(["DELETING", "404"]);
    expect((await client.call("DELETE", path)).status).toBe(404);
  });
});

describe("pages and time", () => {
  it("§2.2: lists come whole, or by pages for whoever asks for them", async () => {
    const { id } = await createPool(client, { desiredNodes: 5 });
    await clock.advance(400_000);
    const whole = idsOf(await machines(client, id));
    expect(whole).toHaveLength(5);
    const path = `${client.kube}/nodepool/${id}/nodes`;
    const read: string[] = [];
    for (let cursor: string | undefined = ""; cursor !== undefined;) {
      const headers = { "X-Pagination-Size": "2", ...(cursor === "" ? {} : { "X-Pagination-Cursor": cursor }) };
      const answer: TinyAnswer = await client.get(path, {
        headers: { ...headers, Authorization: `Bearer OpenStack/${TOKEN}` },
      });
      read.push(...idsOf(answer.json as readonly MachineAnswer[]));
      cursor = answer.headers["x-pagination-cursor-next"] as string | undefined;
    }
    expect(read).toEqual(whole);
  });

  it("F-9: a manual clock can be advanced over HTTP", async () => {
    const { id } = await createPool(client, { desiredNodes: 1 });
    const before = clock.now();
    const answer = await client.call("POST", "//_fake/advance", { ms: 400_000 });
    expect([answer.status, clock.now() - before]).toEqual([200, 400_000]);
    expect(await machines(client, id)).toMatchObject([{ status: "READY" }]);
    expect((await client.call("POST", "//_fake/advance", { ms: "soon" })).status).toBe(400);
  });
});

describe("an upgrade of the nodes", () => {
  const upgraded = async (plan: "free" | "standard"): Promise<readonly [readonly string[], readonly string[]]> => {
    await fake.close();
    clock = new FakeClock();
    fake = await startFakeOvh({ clock, speed: "real", plan });
    client = new TinyClient(fake);
    const { id } = await createPool(client, { desiredNodes: 3, template: template({}) });
    await clock.advance(400_000);
    const before = idsOf(await machines(client, id));
    fake.outside.upgradeCluster("1.35.0-1");
    expect(await pool(client, id)).toMatchObject({ upToDateNodes: 0 });
    fake.outside.rollNodes();
    await clock.advance(60_000);
    expect((await machines(client, id)).filter(({ isUpToDate }) => isUpToDate).length).toBeLessThan(3);
    await clock.advance(2_400_000);
    const after = await machines(client, id);
    expect(after.every(({ isUpToDate, status }) => isUpToDate && status === "READY")).toBe(true);
    return [before, idsOf(after)];
  };

  it("§2.4: is in place on the free plan, one machine after the other", async () => {
    const [before, after] = await upgraded("free");
    expect(after).toEqual(before);
  });

  it("§2.4: replaces every machine on the standard plan", async () => {
    const [before, after] = await upgraded("standard");
    expect(after).toHaveLength(3);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
  });
});
