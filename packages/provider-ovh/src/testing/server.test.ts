import { FakeClock } from "@karpenter-multicloud/core/testing";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeCluster } from "./fake-cluster.ts";
import { createPool, machines, pool, resize, template } from "./pool-fixtures.ts";
import type { FakeOvh } from "./server.ts";
import { startFakeOvh } from "./server.ts";
import { TinyClient } from "./tiny-client.ts";

const clock = new FakeClock();
let fake: FakeOvh;
let client: TinyClient;

beforeEach(async () => {
  fake = await startFakeOvh({ clock });
  client = new TinyClient(fake);
});
afterEach(async () => fake.close());

describe("fake OVHcloud API", () => {
  it("writes its CA to a file while it runs", async () => {
    expect(await readFile(fake.caFile ?? "", "utf8")).toBe(fake.caPem);
  });

  it("serves plain http when told", async () => {
    const plain = await startFakeOvh({ clock, insecure: true });
    expect(plain.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/1\.0$/);
    expect((await new TinyClient(plain).get("/me")).status).toBe(200);
    await plain.close();
  });

  it("completes machines by itself when there is no cluster, each change within 0.5 s", async () => {
    const { id } = await createPool(client);
    await clock.advance(500);
    const [machine] = await machines(client, id);
    expect(machine?.status).toBe("READY");
    await resize(client, id, { desiredNodes: 0, nodesToRemove: [machine?.id] });
    await clock.advance(500);
    expect(await machines(client, id)).toEqual([]);
  });

  it("the same seed gives the same ids", async () => {
    const twin = await startFakeOvh({ clock });
    const first = await createPool(client);
    const second = await createPool(new TinyClient(twin));
    expect(second.id).toBe(first.id);
    expect(twin.credentials).toEqual(fake.credentials);
    await twin.close();
  });

  it("F-1: unknown paths and wrong methods are JSON errors", async () => {
    expect(await client.get("/cloud/nothing")).toMatchObject({ status: 404, json: { class: "Client::NotFound" } });
    expect((await client.call("PUT", client.kube, {})).status).toBe(405);
    expect((await client.get("//nothing", { headers: {} })).status).toBe(404);
  });

  it("refuses other projects and clusters with 404", async () => {
    expect((await client.get(`/cloud/project/${"f".repeat(32)}/kube`)).status).toBe(404);
    expect((await client.get(`${client.project}/kube/nobody`)).status).toBe(404);
  });

  it("serves several clusters and projects", async () => {
    const clusters = [
      { kubeId: "a".repeat(8) },
      { kubeId: "b".repeat(8), region: "GRA11", url: "x.c2.gra.k8s.ovh.net" },
    ];
    const two = await startFakeOvh({ clock, clusters });
    const caller = new TinyClient(two);
    expect((await caller.get(`${caller.project}/kube`)).json).toEqual(["aaaaaaaa", "bbbbbbbb"]);
    const other = await caller.get(`${caller.project}/kube/bbbbbbbb`);
    expect(other.json).toMatchObject({ region: "GRA11", url: "x.c2.gra.k8s.ovh.net", plan: "standard" });
    await two.close();
  });

  it("T-79: empty answers are JSON null, or nothing when switched", async () => {
    const { id } = await createPool(client);
    expect(await resize(client, id, { maxNodes: 50 })).toMatchObject({ status: 200, text: "null" });
    fake.switches.emptyAnswer = "empty";
    expect(await resize(client, id, { maxNodes: 60 })).toMatchObject({ status: 200, text: "" });
  });

  it("§2.2: serves machines of the whole cluster and single ones", async () => {
    const { id } = await createPool(client);
    await clock.advance(500);
    const [machine] = await machines(client, id);
    expect((await client.get(`${client.kube}/node`)).json).toMatchObject([{ id: machine?.id, nodePoolId: id }]);
    expect((await client.get(`${client.kube}/node/${machine?.id}`)).json).toMatchObject({ id: machine?.id });
    expect((await client.get(`${client.kube}/node/nobody`)).status).toBe(404);
  });
});

describe("what the project offers", () => {
  it("§2.2: flavors of the cluster and of the region, and no others", async () => {
    fake.outside.setFlavorState("h100-380", "unavailable");
    const byCluster = (await client.get(`${client.kube}/flavors`)).json as readonly { readonly name: string }[];
    const byRegion = (await client.get(`${client.project}/capabilities/kube/flavors?region=GRA11`)).json;
    expect(byRegion).toEqual(byCluster);
    expect(byCluster.find(({ name }) => name === "b3-8")).toEqual({
      name: "b3-8",
      category: "b",
      state: "available",
      vCPUs: 2,
      gpus: 0,
      ram: 8,
    });
    expect(byCluster.find(({ name }) => name === "h100-380")).toMatchObject({ state: "unavailable", gpus: 1 });
    expect(byCluster.filter(({ name }) => name === "d2-2" || name.startsWith("win-"))).toEqual([]);
  });

  it("§2.2: project flavors with disk, plan codes and what the quota leaves", async () => {
    const tight = await startFakeOvh({ clock, quotas: { cores: 5 } });
    const caller = new TinyClient(tight);
    const answer = await caller.get(`${caller.project}/flavor?region=EU-WEST-PAR`);
    const flavors = answer.json as readonly { readonly name: string; readonly id: string; readonly osType: string }[];
    const b3 = flavors.find(({ name }) => name === "b3-8");
    expect(b3).toMatchObject({
      ram: 8000,
      disk: 50,
      quota: 2,
      planCodes: { hourly: "b3-8.consumption.3AZ", monthly: null },
    });
    expect(flavors.find(({ name }) => name === "win-b3-8")?.osType).toBe("windows");
    expect((await caller.get(`${caller.project}/flavor/${b3?.id}`)).json).toEqual(b3);
    await tight.close();
  });

  it("§2.2: regions with their type and zones", async () => {
    expect((await client.get(`${client.project}/region`)).json).toContain("GRA11");
    expect((await client.get(`${client.project}/region/EU-WEST-PAR`)).json).toMatchObject({
      type: "region-3-az",
      availabilityZones: ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"],
    });
    expect((await client.get(`${client.project}/region/GRA11`)).json).toMatchObject({
      type: "region",
      availabilityZones: [],
    });
    expect((await client.get(`${client.project}/region/MARS1`)).status).toBe(404);
    const available = await client.get(
      `${client.project}/capabilities/productAvailability?ovhSubsidiary=FR&product=kubernetes`,
    );
    expect(available.json).toMatchObject({ plans: [], products: [{ name: "kubernetes" }] });
    const names = (await client.get(`${client.project}/capabilities/kube/regions`)).json;
    expect(names).toContain("EU-SOUTH-MIL");
    const { serviceName } = fake.credentials;
    const reference = `//v2/publicCloud/project/${serviceName}/reference/region/GRA11`;
    expect((await client.get(reference)).json).toMatchObject({ name: "GRA11", status: "ENABLED" });
  });

  it("§2.2: the quota of the region with what is in use", async () => {
    await createPool(client, { desiredNodes: 2 });
    await clock.advance(500);
    expect((await client.get(`${client.project}/quota`)).json).toMatchObject([
      { region: "EU-WEST-PAR", instance: { usedInstances: 2, usedCores: 4, usedRAM: 16_000 } },
    ]);
  });

  it("T-62: a public catalogue with prices in 1e-8, decoys included", async () => {
    const path = "/order/catalog/public/cloud?ovhSubsidiary=FR";
    const answer = await client.get(path, { headers: {} });
    const { locale, addons } = answer.json as {
      readonly locale: object;
      readonly addons: readonly {
        readonly planCode: string;
        readonly pricings: readonly { readonly price: number }[];
      }[];
    };
    const price = (code: string): number | undefined =>
      addons.find(({ planCode }) => planCode === code)?.pricings[0]?.price;
    expect(locale).toMatchObject({ currencyCode: "EUR", subsidiary: "FR" });
    expect([price("b3-8.consumption"), price("b3-8.consumption.3AZ"), price("b2-7.monthly.postpaid")]).toEqual([
      5_120_000, 5_120_000, 2_517_000_000,
    ]);
    expect([price("win-b3-8.consumption"), price("volume.classic.consumption")]).toEqual([10_000_000, 5760]);
    const unchanged = await client.get(path, { headers: { "If-None-Match": String(answer.headers["etag"]) } });
    expect(unchanged.status).toBe(304);
    fake.outside.setPrice("b3-8.consumption", 0.06);
    expect((await client.get(path, { headers: { "If-None-Match": String(answer.headers["etag"]) } })).status).toBe(200);
  });
});

describe("the fake's own routes", () => {
  it("design §8: state, faults, invariants, requests and reset need no signature", async () => {
    const unsigned = { headers: { "Content-Type": "application/json" } };
    const { id } = await createPool(client);
    await clock.advance(500);
    await client.call("POST", "//_fake/faults", [{ match: { path: "*/me" }, fault: "status", status: 500 }], unsigned);
    expect((await client.get("/me")).status).toBe(500);
    const state = await client.get("//_fake/state", unsigned);
    expect(state.json).toMatchObject({
      pools: [{ id, kubeId: fake.credentials.kubeId }],
      machines: [{ pool: "karpenter-b3-8-eu-west-par-a", status: "READY", owned: true, zone: "eu-west-par-a" }],
      faults: [{ fault: "status", left: null }],
      cost: { currency: "EUR" },
    });
    expect((await client.get("/_fake/state", unsigned)).json).toMatchObject({ pools: [{ id }] });
    const requests = (await client.get("//_fake/requests", unsigned)).json;
    expect(requests).toMatchObject([{ operation: "createPool", auth: "signed", status: 200 }, { fault: "status" }]);
    expect((await client.call("POST", "//_fake/faults", [{ fault: "nonsense" }], unsigned)).status).toBe(400);
    expect((await client.call("POST", "//_fake/reset", undefined, unsigned)).text).toBe("null");
    expect((await client.get(`${client.kube}/nodepool`)).json).toEqual([]);
    const report = await client.get("//_fake/invariants", unsigned);
    expect(report.json).toEqual({ violations: [], leaks: [], wrongDeletions: [], doubleCreates: [] });
  });

  it("a reset calls off what was going to happen", async () => {
    await createPool(client);
    fake.reset();
    await clock.advance(1000);
    expect(fake.state()).toMatchObject({ pools: [], machines: [] });
    expect(fake.requestLog()).toEqual([]);
  });

  it("keeps secrets out of the request log", async () => {
    await client.get("/me");
    const text = JSON.stringify(fake.requestLog());
    const { applicationSecret, consumerKey } = fake.credentials;
    expect([text.includes(applicationSecret), text.includes(consumerKey), text.includes("$1$")]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("invariants", () => {
  it("F-10: autoscale, finalizers and a bootstrap taint on an owned pool are recorded, on a foreign one not", async () => {
    const taints = [{ key: "karpenter.sh/unregistered", value: "", effect: "NoExecute" }];
    const bad = (labels?: Readonly<Record<string, string>>): Record<string, unknown> => ({
      metadata: { labels: labels ?? {}, annotations: {}, finalizers: ["x/y"] },
      spec: { taints, unschedulable: false },
    });
    await createPool(client, { name: "theirs", autoscale: true, template: bad() });
    expect(await fake.invariants()).toEqual([]);
    const owned = { "karpenter.ovhcloud.sh/managed-by": "karpenter" };
    const { id } = await createPool(client, { name: "ours", autoscale: true, template: bad(owned) });
    const kinds = (await fake.invariants()).map(({ kind }) => kind).sort();
    expect(kinds).toEqual(["AutoscaleOnOwnedPool", "BootstrapTaintInTemplate", "FinalizersInTemplate"]);
    await resize(client, id, { autoscale: false });
    expect(await fake.invariants()).toHaveLength(3);
  });

  it("T-42: what others change is not held against the client", async () => {
    const { id, name } = await createPool(client, { desiredNodes: 2 });
    await clock.advance(500);
    fake.outside.editPool(name, { autoscale: true, template: template({}) as never });
    expect(await pool(client, id)).toMatchObject({ autoscale: true });
    expect(await fake.invariants()).toEqual([]);
  });

  it("F-10: more requests a second than agreed are recorded once in that second", async () => {
    fake.switches.maxRequestsPerSecond = 3;
    // At once, so that a slow machine sends them in one second or two as well.
    await Promise.all(Array.from({ length: 12 }, () => client.get("/auth/time")));
    const kinds = new Set((await fake.invariants()).map(({ kind }) => kind));
    expect(kinds).toEqual(new Set(["TooManyRequests"]));
  });

  it("a machine that runs on without its Node is a leak", async () => {
    const cluster = new FakeCluster();
    const behind = await startFakeOvh({ clock, hooks: cluster });
    await createPool(new TinyClient(behind));
    await clock.advance(500);
    expect(await behind.invariants()).toEqual([]);
    cluster.nodes.clear();
    expect((await behind.invariants()).map(({ kind }) => kind)).toEqual(["LeakedMachine"]);
    await behind.close();
  });
});
