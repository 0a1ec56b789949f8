import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TinyAnswer } from "../tiny-client.ts";
import { createPool, machines, messageOf, pool, poolBody, resize, template } from "../pool-fixtures.ts";
import type { FakeOvh } from "../server.ts";
import { startFakeOvh } from "../server.ts";
import { TinyClient } from "../tiny-client.ts";

const clock = new FakeClock();
let fake: FakeOvh;
let client: TinyClient;

async function start(options: Partial<Parameters<typeof startFakeOvh>[0]> = {}): Promise<void> {
  fake = await startFakeOvh({ clock, ...options });
  client = new TinyClient(fake);
}
function post(changes: Readonly<Record<string, unknown>>): Promise<TinyAnswer> {
  return client.call("POST", `${client.kube}/nodepool`, poolBody(changes));
}
afterEach(async () => fake.close());

describe("creating pools in a three-zone region", () => {
  beforeEach(() => start());

  it.each([
    ["a name starting with a digit", { name: "3pool" }, /Invalid NodePool name/],
    ["a name of 52 characters", { name: "a".repeat(52) }, /Invalid NodePool name/],
    ["a name with capitals", { name: "Pool" }, /Invalid NodePool name/],
    ["no flavor", { flavorName: undefined }, /flavorName is mandatory/],
    ["an unknown flavor", { flavorName: "b9-8" }, /b9-8 does not exist/],
    ["a flavor that Kubernetes cannot use", { flavorName: "d2-2" }, /d2-2 does not exist/],
    ["no zone", { availabilityZones: undefined }, /^availabilityZones is mandatory$/],
    ["an empty zone list", { availabilityZones: [] }, /^availabilityZones is mandatory$/],
    ["two zones", { availabilityZones: ["eu-west-par-a", "eu-west-par-b"] }, /Only one/],
    ["an unknown zone", { availabilityZones: ["nova"] }, /nova does not exist/],
    ["a size above maxNodes", { desiredNodes: 3, maxNodes: 2 }, /desiredNodes must be between/],
    ["more than 100 machines", { maxNodes: 101 }, /maxNodes cannot exceed 100/],
    ["more than 5 machines apart from each other", { antiAffinity: true, maxNodes: 6 }, /maxNodes cannot exceed 5/],
    ["monthly billing of a third-generation flavor", { monthlyBilled: true }, /cannot be billed monthly/],
    [
      "a template without taints",
      { template: { ...template(), spec: { unschedulable: false } } },
      /spec.taints is mandatory/,
    ],
    [
      "a template without metadata",
      { template: { spec: { taints: [], unschedulable: false } } },
      /metadata is mandatory/,
    ],
    ["a label with a space", { template: template({ a: "b c" }) }, /value of a is invalid/],
    ["text where a number belongs", { desiredNodes: "3" }, /desiredNodes must be an integer/],
  ])("F-4: refuses %s", async (_name, changes, message) => {
    const answer = await post(changes);
    expect(answer.status).toBe(400);
    expect(messageOf(answer)).toMatch(message);
  });

  it("T-67: a taint needs a value, an empty one will do", async () => {
    const withTaint = (taint: object): Record<string, unknown> => ({
      template: { ...template(), spec: { taints: [taint], unschedulable: false } },
    });
    expect((await post(withTaint({ key: "a", effect: "NoSchedule" }))).status).toBe(400);
    expect((await post(withTaint({ key: "a", value: "", effect: "NoSchedule" }))).status).toBe(200);
  });

  it("F-4: a name is taken once, with 409 or 400", async () => {
    await createPool(client);
    expect((await post({})).status).toBe(409);
    fake.switches.nameConflictStatus = 400;
    const again = await post({});
    expect(again.status).toBe(400);
    expect(messageOf(again)).toMatch(/already exists/);
  });

  it("answers the pool in the API's shape", async () => {
    const answer = await post({ unheardOf: 1 });
    expect(answer.json).toMatchObject({
      projectId: fake.credentials.serviceName,
      flavor: "b3-8",
      status: "INSTALLING",
      availabilityZones: ["eu-west-par-a"],
      attachFloatingIps: null,
      autoscaling: { cpuMin: 0, scaleDownUtilizationThreshold: 0.5 },
      template: template(),
    });
  });

  it("PUT refuses immutable fields only when they differ", async () => {
    const { id } = await createPool(client, { flavorName: "b2-7", monthlyBilled: true });
    const same = { name: "karpenter-b3-8-eu-west-par-a", flavor: "b2-7", availabilityZones: ["eu-west-par-a"] };
    expect((await resize(client, id, same)).status).toBe(200);
    for (const change of [{ name: "other" }, { flavor: "b2-15" }, { antiAffinity: true }, { monthlyBilled: false }]) {
      expect((await resize(client, id, change)).status).toBe(400);
    }
  });

  it("lowering maxNodes below the size needs the lower size in the same call", async () => {
    const { id } = await createPool(client, { desiredNodes: 3 });
    await clock.advance(1000);
    const [first] = await machines(client, id);
    expect((await resize(client, id, { maxNodes: 2 })).status).toBe(400);
    expect((await resize(client, id, { maxNodes: 2, desiredNodes: 2, nodesToRemove: [first?.id] })).status).toBe(200);
  });

  it("T-65: the 101st pool is refused", async () => {
    for (let i = 0; i < 100; i++) await createPool(client, { name: `pool-${i}`, desiredNodes: 0 });
    expect(messageOf(await post({}))).toMatch(/Maximum number of NodePools/);
  });

  it("T-31: a fresh pool can be invisible for a while", async () => {
    fake.switches.poolInvisibleSeconds = 60;
    const { id } = await createPool(client);
    expect((await client.get(`${client.kube}/nodepool/${id}`)).status).toBe(404);
    expect((await client.get(`${client.kube}/nodepool`)).json).toEqual([]);
    await clock.advance(60_000);
    expect((await pool(client, id)).status).toBe("READY");
  });
});

describe("creating pools in a one-zone region", () => {
  beforeEach(() => start({ region: "GRA11" }));
  const inGra = { name: "karpenter-b3-8-gra11-a", availabilityZones: undefined };

  it("T-05: needs no zone; the answer has null", async () => {
    expect(await createPool(client, inGra)).toMatchObject({ availabilityZones: null });
    expect((await post({ ...inGra, name: "other", availabilityZones: ["gra11-a"] })).status).toBe(400);
  });

  it("O-32: can insist on the field, and then an empty list will do", async () => {
    fake.switches.oneAzZones = "required";
    expect(messageOf(await post(inGra))).toBe("availabilityZones is mandatory");
    expect((await post({ ...inGra, availabilityZones: [] })).status).toBe(200);
  });
});

describe("limits", () => {
  it("T-66: the free plan has 100 nodes in a cluster", async () => {
    await start({ plan: "free", region: "GRA11" });
    const { id } = await createPool(client, { availabilityZones: undefined, desiredNodes: 99 });
    expect((await resize(client, id, { desiredNodes: 100 })).status).toBe(200);
    const more = await post({ availabilityZones: undefined, name: "more" });
    expect(messageOf(more)).toMatch(/Maximum number of nodes/);
  });

  it("F-4: floating IPs need the standard plan", async () => {
    await start({ plan: "free" });
    expect((await post({ attachFloatingIps: { enabled: true } })).status).toBe(400);
  });

  it("T-37: beyond the quota a machine fails, or the request when switched", async () => {
    await start({ quotas: { cores: 3 } });
    const { id } = await createPool(client, { desiredNodes: 2 });
    await clock.advance(1000);
    expect((await machines(client, id)).map(({ status }) => status)).toEqual(["READY", "USER_QUOTA_ERROR"]);
    fake.switches.quotaAt = "request";
    expect(messageOf(await resize(client, id, { desiredNodes: 3 }))).toMatch(/quota/i);
  });

  it("T-36: beyond the capacity of a zone a machine is out of stock and can be removed by id", async () => {
    await start({ capacity: { "b3-8/eu-west-par-a": 1 } });
    const { id } = await createPool(client, { desiredNodes: 2 });
    await clock.advance(1000);
    const [ready, failed] = await machines(client, id);
    expect([ready?.status, failed?.status, failed?.instanceId]).toEqual(["READY", "FLAVOR_OUT_OF_STOCK_ERROR", null]);
    expect((await resize(client, id, { desiredNodes: 1, nodesToRemove: [failed?.id] })).status).toBe(200);
    await clock.advance(1000);
    expect((await machines(client, id)).map((machine) => machine.id)).toEqual([ready?.id]);
  });

  it("F-5: a pool whose machines all failed is in ERROR and can still be edited", async () => {
    await start({ capacity: { "b3-8/eu-west-par-a": 0 } });
    const { id } = await createPool(client);
    await clock.advance(1000);
    expect((await pool(client, id)).status).toBe("ERROR");
    const [failed] = await machines(client, id);
    await resize(client, id, { desiredNodes: 0, nodesToRemove: [failed?.id] });
    await clock.advance(1000);
    expect((await pool(client, id)).status).toBe("READY");
  });
});
