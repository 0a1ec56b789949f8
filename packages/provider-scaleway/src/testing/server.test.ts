import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RECORDED_FIELDS } from "./seed/recorded-fields.ts";
import { startFakeScaleway } from "./server.ts";
import type { FakeScaleway } from "./server.ts";
import { TinyClient } from "./tiny-client.ts";
import type { TinyAnswer } from "./tiny-client.ts";

const ZONE = "/instance/v1/zones/fr-par-1";
const BLOCK = "/block/v1/zones/fr-par-1/volumes";
const OUR_TAGS = ["karpenter-managed=true", "karpenter-cluster=prod", "karpenter-nodeclaim-uid=u1"];
const clock = new FakeClock(Date.UTC(2026, 7, 1));
let fake: FakeScaleway;
let client: TinyClient;

beforeEach(async () => {
  fake = await startFakeScaleway({ clock, speed: "real" });
  client = new TinyClient(fake);
});
afterEach(() => fake.close());

type Json = Readonly<Record<string, unknown>>;
const json = (value: unknown): Json => value as Json;
const fields = (value: unknown): string => Object.keys(json(value)).toSorted().join(" ");

async function createServer(body: Json = {}): Promise<TinyAnswer> {
  return client.call("POST", `${ZONE}/servers`, {
    name: "node-1",
    commercial_type: "PLAY2-NANO",
    image: "ubuntu_noble",
    dynamic_ip_required: false,
    tags: OUR_TAGS,
    ...body,
  });
}

async function running(body: Json = {}): Promise<Json> {
  const made = json((await createServer(body)).body["server"]);
  await client.call("PATCH", `${ZONE}/servers/${String(made["id"])}/user_data/cloud-init`, "#cloud-config\n");
  await client.call("POST", `${ZONE}/servers/${String(made["id"])}/action`, { action: "poweron" });
  await clock.advance(25_000);
  return made;
}

async function server(id: unknown): Promise<Json> {
  return json((await client.call("GET", `${ZONE}/servers/${String(id)}`)).body["server"]);
}

describe("transport (W-71)", () => {
  it("answers 401 without a token or with one nobody knows, and 403 for a key that may only read", async () => {
    expect(await client.call("GET", `${ZONE}/servers`, undefined, {})).toMatchObject({
      status: 401,
      body: { type: "denied_authentication" },
    });
    await fake.close();
    const readOnly = { accessKey: "SCWAAAAAAAAAAAAAAAAA", secretKey: "11111111-2222-4333-8444-555555555555" };
    fake = await startFakeScaleway({ clock, keys: [{ ...readOnly, readOnly: true }] });
    client = new TinyClient(fake);
    expect((await client.call("GET", `${ZONE}/servers`)).status).toBe(200);
    expect(await createServer()).toMatchObject({ status: 403, body: { type: "permissions_denied" } });
  });

  it("answers with exactly application/json, 404 for unknown paths and 405 for unknown methods", async () => {
    const answer = await client.call("GET", `${ZONE}/servers`);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await client.call("GET", "/instance/v1/nowhere")).toMatchObject({
      status: 404,
      body: { type: "not_found" },
    });
    expect((await client.call("PUT", `${ZONE}/servers`)).status).toBe(405);
  });

  it("pages with X-Total-Count and relative links, 50 by default and 100 at most (§1.2)", async () => {
    const first = await client.call("GET", `${ZONE}/products/servers`);
    expect(first.headers.get("x-total-count")).toBe("136");
    expect(Object.keys(json(first.body["servers"]))).toHaveLength(50);
    expect(first.headers.get("link")).toContain('</products/servers?page=2&per_page=50>; rel="next"');
    const wide = await client.call("GET", `${ZONE}/products/servers?per_page=500`);
    expect(Object.keys(json(wide.body["servers"]))).toHaveLength(100);
    expect(Object.keys(json(first.body["servers"])).at(-1)).toBe("MEMORY3-X16C-128G");
  });
});

describe("servers", () => {
  it("POST answers 201 with a Location and a stopped server whose SBS root shows no size (§1.5)", async () => {
    const answer = await createServer();
    const made = json(answer.body["server"]);
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe(`${fake.url}${ZONE}/servers/${String(made["id"])}`);
    expect(made).toMatchObject({ state: "stopped", location: null, allowed_actions: ["poweron", "backup"] });
    expect(fields(made)).toBe(RECORDED_FIELDS.server);
    expect(fields(made["image"])).toBe(RECORDED_FIELDS.serverImage);
    expect(fields(json(made["volumes"])["0"])).toBe(RECORDED_FIELDS.sbsDisk);
  });

  it("names every field that is missing, as the API does", async () => {
    const answer = await client.call("POST", `${ZONE}/servers`, { name: "x" });
    expect(answer.status).toBe(400);
    expect(answer.body["details"]).toMatchObject([
      { argument_name: "commercial_type", reason: "required" },
      { argument_name: "image" },
      { argument_name: "volumes" },
    ]);
  });

  it("W-73: an SBS machine runs five seconds after power-on, and the task is never more than a fake", async () => {
    const made = json((await createServer()).body["server"]);
    const action = await client.call("POST", `${ZONE}/servers/${String(made["id"])}/action`, { action: "poweron" });
    expect(action.status).toBe(202);
    expect(fields(action.body["task"])).toBe(RECORDED_FIELDS.task);
    expect(await server(made["id"])).toMatchObject({ state: "starting", state_detail: "allocating node" });
    await clock.advance(5_000);
    expect(await server(made["id"])).toMatchObject({ state: "running", state_detail: "booting kernel" });
  });

  it("a dynamic IP is pending at first and leaves with the server", async () => {
    const made = await running({ dynamic_ip_required: true });
    const [ip] = (await server(made["id"]))["public_ips"] as readonly Json[];
    expect(fields(ip)).toBe(RECORDED_FIELDS.publicIp);
    expect(ip).toMatchObject({ dynamic: true, state: "attached" });
    await client.call("POST", `${ZONE}/servers/${String(made["id"])}/action`, { action: "terminate" });
    await clock.advance(5_000);
    expect(fake.state().ips).toEqual([]);
  });

  it("terminate is refused on a stopped server and DELETE on a running one", async () => {
    const made = json((await createServer()).body["server"]);
    const path = `${ZONE}/servers/${String(made["id"])}`;
    expect((await client.call("POST", `${path}/action`, { action: "terminate" })).status).toBe(400);
    await client.call("PATCH", `${path}/user_data/cloud-init`, "#cloud-config\n");
    await client.call("POST", `${path}/action`, { action: "poweron" });
    await clock.advance(5_000);
    expect((await client.call("DELETE", path)).status).toBe(400);
  });

  it("filters by tags with AND, by a part of the name, and by type", async () => {
    await createServer({ name: "gpu-a", tags: ["a", "b"] });
    await createServer({ name: "cpu-b", tags: ["a"] });
    const names = async (query: string): Promise<unknown> =>
      ((await client.call("GET", `${ZONE}/servers?${query}`)).body["servers"] as readonly Json[]).map(
        (each) => each["name"],
      );
    expect(await names("tags=a")).toEqual(["cpu-b", "gpu-a"]);
    expect(await names("tags=a,b")).toEqual(["gpu-a"]);
    expect(await names("name=pu-b")).toEqual(["cpu-b"]);
  });

  it("user data is stored raw, and a missing key answers 404 without a body (§1.5)", async () => {
    const made = json((await createServer()).body["server"]);
    const path = `${ZONE}/servers/${String(made["id"])}/user_data`;
    const text = "#cloud-config\nname: é\n";
    expect(await client.call("PATCH", `${path}/cloud-init`, text)).toMatchObject({ status: 204, text: "" });
    expect(await client.call("GET", `${path}/cloud-init`)).toMatchObject({ status: 200, text });
    expect(await client.call("GET", path)).toMatchObject({ body: { user_data: ["cloud-init"] } });
    expect(await client.call("GET", `${path}/other`)).toMatchObject({ status: 404, text: "" });
  });

  it("§1.7: a local image with an SBS root is refused with the API's own advice", async () => {
    const { body } = await client.call("GET", "/marketplace/v2/local-images?image_label=ubuntu_noble&zone=fr-par-1");
    const images = body["local_images"] as readonly Json[];
    expect(fields(images[0])).toBe(RECORDED_FIELDS.localImage);
    const local = images.find((image) => image["type"] === "instance_local" && image["arch"] === "x86_64");
    const volumes = { "0": { volume_type: "sbs_volume", size: 20e9 } };
    const answer = await createServer({ image: local?.["id"], volumes });
    expect(answer.text).toContain("use `l_ssd` instead");
  });

  it("design §8: two servers for one claim, and a power-on without user data, break invariants", async () => {
    const made = json((await createServer()).body["server"]);
    await createServer({ name: "again" });
    await client.call("POST", `${ZONE}/servers/${String(made["id"])}/action`, { action: "poweron" });
    const { body } = await client.call("GET", "/_fake/invariants", undefined, {});
    expect(body["doubleCreates"]).toHaveLength(1);
    expect(body["violations"]).toMatchObject([{ kind: "ServerCreatedTwice" }, { kind: "PoweredOnWithoutUserData" }]);
  });
});

describe("what terminate leaves behind (§1.6, W-74)", () => {
  it("the SBS root detaches, stays and leaks until the Block API deletes it", async () => {
    const made = await running();
    const volumeId = String(json(json(made["volumes"])["0"])["id"]);
    const before = await client.call("GET", `${BLOCK}/${volumeId}`);
    expect(fields(before.body)).toBe(RECORDED_FIELDS.blockVolume);
    expect(before.body).toMatchObject({ status: "in_use", name: "Ubuntu 24.04 Noble Numbat_sbs_volume_0", tags: [] });
    expect((await client.call("DELETE", `${BLOCK}/${volumeId}`)).status).toBe(412);
    await client.call("POST", `${ZONE}/servers/${String(made["id"])}/action`, { action: "terminate" });
    await clock.advance(5_000);
    expect((await client.call("GET", `${ZONE}/servers/${String(made["id"])}`)).status).toBe(404);
    expect((await client.call("GET", `${BLOCK}/${volumeId}`)).body["references"]).toMatchObject([
      { status: "detaching" },
    ]);
    await clock.advance(5_000);
    expect(fake.leakedVolumes()).toEqual([volumeId]);
    expect((await client.call("DELETE", `${BLOCK}/${volumeId}`)).status).toBe(204);
    expect(fake.leakedVolumes()).toEqual([]);
  });

  it("an SBS volume is unknown to the Instance API", async () => {
    const made = json((await createServer()).body["server"]);
    const volumeId = String(json(json(made["volumes"])["0"])["id"]);
    expect(await client.call("GET", `${ZONE}/volumes/${volumeId}`)).toMatchObject({
      status: 404,
      body: { type: "not_found", resource: "instance_volume", resource_id: volumeId },
    });
  });

  it("a flexible IP survives its server", async () => {
    const ip = json((await client.call("POST", `${ZONE}/ips`, { type: "routed_ipv4", tags: OUR_TAGS })).body["ip"]);
    expect(fields(ip)).toBe(RECORDED_FIELDS.ip);
    const made = await running({ public_ips: [ip["id"]] });
    await client.call("POST", `${ZONE}/servers/${String(made["id"])}/action`, { action: "terminate" });
    await clock.advance(5_000);
    expect(fake.leakedIps()).toEqual([ip["id"]]);
  });
});

describe("stock, quota and faults (W-75, W-76)", () => {
  it("the slot is taken at power-on by default and given back at terminate", async () => {
    fake.outside.setStock("PLAY2-NANO", "fr-par-1", 1);
    const first = await running();
    const second = json((await createServer({ name: "b", tags: [] })).body["server"]);
    const start = `${ZONE}/servers/${String(second["id"])}/action`;
    expect(await client.call("POST", start, { action: "poweron" })).toMatchObject({
      status: 412,
      body: { type: "out_of_stock" },
    });
    await client.call("POST", `${ZONE}/servers/${String(first["id"])}/action`, { action: "terminate" });
    await clock.advance(5_000);
    expect((await client.call("POST", start, { action: "poweron" })).status).toBe(202);
  });

  it("a quota counts servers of a type in all zones", async () => {
    fake.outside.setQuota("PLAY2-NANO", 1);
    await createServer();
    expect(await createServer({ name: "b", tags: [] })).toMatchObject({
      status: 403,
      body: { type: "quotas_exceeded", details: [{ resource: "PLAY2-NANO", quota: 1, current: 1 }] },
    });
  });

  it("outOfStock afterwards: power-on is accepted and the server falls back to stopped", async () => {
    fake.faults([{ match: { type: "PLAY2-NANO", zone: "fr-par-1" }, fault: "outOfStock", at: "afterwards" }]);
    const made = json((await createServer({ tags: [] })).body["server"]);
    const action = await client.call("POST", `${ZONE}/servers/${String(made["id"])}/action`, { action: "poweron" });
    expect(action.status).toBe(202);
    await clock.advance(2_000);
    expect(await server(made["id"])).toMatchObject({ state: "stopped" });
  });

  it("a status fault carries the body of its type, and /_fake/faults takes a list", async () => {
    const list = [{ match: { operation: "createServer" }, fault: "status", type: "too_many_requests", times: 1 }];
    await client.call("POST", "/_fake/faults", list, {});
    const refused = await createServer();
    expect(refused).toMatchObject({ status: 429, body: { type: "too_many_requests", reset_seconds: 2 } });
    expect((await createServer()).status).toBe(201);
  });
});
