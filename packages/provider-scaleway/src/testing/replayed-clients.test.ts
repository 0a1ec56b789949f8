// What clients send that are not run here, request by request and in their order (W-77): the fake answers what they wait for.

import { FakeClock } from "@karpenter-multicloud/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeScaleway } from "./server.ts";
import type { FakeScaleway } from "./server.ts";
import { TinyClient } from "./tiny-client.ts";
import type { TinyAnswer } from "./tiny-client.ts";
import { KAPSULE_CLUSTER_ID } from "./world/kapsule.ts";

type Json = Readonly<Record<string, unknown>>;
const json = (value: unknown): Json => value as Json;
const list = (value: unknown): readonly Json[] => value as readonly Json[];

const ZONE = "/instance/v1/zones/fr-par-1";
const BLOCK = "/block/v1alpha1/zones/fr-par-1/volumes";
const ROUNDS = 40;

let clock: FakeClock;
let fake: FakeScaleway;
let client: TinyClient;
beforeEach(async () => {
  clock = new FakeClock(Date.UTC(2026, 7, 1));
  fake = await startFakeScaleway({ clock, speed: "real" });
  client = new TinyClient(fake);
});
afterEach(() => fake.close());

const get = (path: string): Promise<TinyAnswer> => client.call("GET", path);

async function until(path: string, holds: (answer: TinyAnswer) => boolean): Promise<TinyAnswer> {
  for (let round = 0; round < ROUNDS; round++) {
    const answer = await get(path);
    if (holds(answer)) return answer;
    await clock.advance(2_000);
  }
  throw new Error(`${path} never became what the client waits for`);
}

/** By name, over all pages, as scaleway-sdk-go does it. */
async function serverType(name: string): Promise<Json | undefined> {
  const types: Record<string, unknown> = {};
  for (let page = 1, total = 1; Object.keys(types).length < total; page++) {
    const answer = await get(`${ZONE}/products/servers?page=${page}`);
    Object.assign(types, answer.body["servers"]);
    total = Number(answer.headers.get("x-total-count"));
  }
  return types[name] as Json | undefined;
}

describe("T-72: Terraform's scaleway_instance_server with type and image alone", () => {
  async function apply(): Promise<Json> {
    expect(json((await serverType("PRO2-XXS"))?.["volumes_constraint"])["max_size"]).toBe(0);
    const query = "image_label=ubuntu_noble&order_by=type_asc&type=instance_sbs&zone=fr-par-1";
    const images = list((await get(`/marketplace/v2/local-images?${query}`)).body["local_images"]);
    const image = images.find((each) =>
      (each["compatible_commercial_types"] as readonly string[]).includes("PRO2-XXS"),
    );
    const made = await client.call("POST", `${ZONE}/servers`, {
      name: "tf-srv-brave-curie",
      dynamic_ip_required: false,
      commercial_type: "PRO2-XXS",
      image: image?.["id"],
      volumes: { "0": { volume_type: "sbs_volume" } },
      boot_type: "local",
      protected: false,
    });
    expect(made.status).toBe(201);
    const server = json(made.body["server"]);
    await until(`${ZONE}/servers/${String(server["id"])}`, ({ body }) => json(body["server"])["state"] === "stopped");
    await start(server);
    await read(server, String(image?.["id"]));
    return server;
  }

  /** It waits for the volumes before power, and for the server after it. */
  async function start(server: Json): Promise<void> {
    const path = `${ZONE}/servers/${String(server["id"])}`;
    const volume = await get(`${BLOCK}/${rootOf(server)}`);
    expect(list(volume.body["references"])).toMatchObject([{ status: "attached" }]);
    expect((await client.call("POST", `${path}/action`, { action: "poweron" })).status).toBe(202);
    await until(path, ({ body }) => json(body["server"])["state"] === "running");
  }

  async function read(server: Json, imageId: string): Promise<void> {
    const id = String(server["id"]);
    expect((await get(`/marketplace/v2/local-images/${imageId}`)).body).toMatchObject({ label: "ubuntu_noble" });
    // It does not know whose volume it is: first one API, then the other.
    const unknown = await get(`${ZONE}/volumes/${rootOf(server)}`);
    expect(unknown).toMatchObject({ status: 404, body: { type: "not_found", resource: "instance_volume" } });
    expect((await get(`${BLOCK}/${rootOf(server)}`)).body).toMatchObject({ status: "in_use", specs: { class: "sbs" } });
    expect((await get(`${ZONE}/servers/${id}/user_data`)).body).toEqual({ user_data: [] });
    const nics = await get(`/instance/v2alpha1/zones/fr-par-1/private-network-interfaces?server_id=${id}`);
    expect(nics.body).toEqual({ private_network_interfaces: [], total_count: 0 });
    expect((await get(`${ZONE}/servers/${id}/private_nics`)).body).toEqual({ private_nics: [] });
  }

  const rootOf = (server: Json): string => String(json(json(server["volumes"])["0"])["id"]);

  it("applies, changes nothing when it reads again, and destroys, with the volume's deletion at the end", async () => {
    const server = await apply();
    const path = `${ZONE}/servers/${String(server["id"])}`;
    await read(server, String(json(server["image"])["id"]));
    expect(json((await get(path)).body["server"])["state"]).toBe("running");
    expect((await client.call("POST", `${path}/action`, { action: "terminate" })).status).toBe(202);
    const gone = await until(path, ({ status }) => status === 404);
    expect(gone.body).toMatchObject({ type: "not_found", resource: "instance_server" });
    await until(`${BLOCK}/${rootOf(server)}`, ({ body }) => body["status"] === "available");
    expect((await client.call("DELETE", `${BLOCK}/${rootOf(server)}`)).status).toBe(204);
    expect(fake.requestLog().at(-1)).toMatchObject({ method: "DELETE", path: `${BLOCK}/${rootOf(server)}` });
    expect((await get(`${BLOCK}/${rootOf(server)}`)).status).toBe(404);
    expect(fake.state()).toMatchObject({ machines: [], blockVolumes: [], ips: [] });
  });
});

describe("T-73: scw instance server terminate with-block=true with-ip=true", () => {
  it("reads the server, terminates it, then deletes its flexible address; the volume is left to its user", async () => {
    const ip = json((await client.call("POST", `${ZONE}/ips`, { type: "routed_ipv4" })).body["ip"]);
    const made = await client.call("POST", `${ZONE}/servers`, {
      name: "scw",
      commercial_type: "PRO2-XXS",
      image: "ubuntu_noble",
      public_ips: [ip["id"]],
    });
    const path = `${ZONE}/servers/${String(json(made.body["server"])["id"])}`;
    await client.call("POST", `${path}/action`, { action: "poweron" });
    const running = await until(path, ({ body }) => json(body["server"])["state"] === "running");
    expect(json(running.body["server"])["public_ips"]).toMatchObject([{ id: ip["id"], dynamic: false }]);
    await client.call("POST", `${path}/action`, { action: "terminate" });
    expect((await client.call("DELETE", `${ZONE}/ips/${String(ip["id"])}`)).status).toBe(204);
    await until(path, ({ status }) => status === 404);
    expect(fake.state()).toMatchObject({ machines: [], ips: [] });
    expect(fake.state().blockVolumes).toHaveLength(1);
  });
});

describe("T-74: cluster-autoscaler's own client of Kapsule", () => {
  const AUTOSCALER = "/k8s/v1/regions/fr-par/autoscaler";
  const pages = "page=1&page_size=100";

  /** It reads nothing of an answer whose Content-Type is longer, and asks again when max-age has passed. */
  const isRead = ({ status, headers }: TinyAnswer): void => {
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("cache-control")).toBe("max-age=10");
  };

  it("ListPools, UpdatePool, ListNodes and DeleteNode are answered in the fields that it decodes", async () => {
    const pools = await get(`${AUTOSCALER}/clusters/${KAPSULE_CLUSTER_ID}/pools?${pages}`);
    isRead(pools);
    const [pool = {}, ...others] = list(pools.body["pools"]);
    expect([others.length, pools.body["total_count"]]).toEqual([0, 1]);
    for (const key of ["size", "min_size", "max_size", "node_price_per_hour"]) expect(pool[key]).toBeTypeOf("number");
    for (const key of ["id", "cluster_id", "name", "status", "version", "node_type", "zone"])
      expect(pool[key]).toBeTypeOf("string");
    // Maps of whole numbers and of texts: its decoder knows no others.
    expect(Object.values(json(pool["capacity"])).every((amount) => Number.isInteger(amount))).toBe(true);
    expect(Object.values(json(pool["allocatable"])).every((amount) => Number.isInteger(amount))).toBe(true);
    expect(Object.values(json(pool["labels"])).every((text) => typeof text === "string")).toBe(true);
    expect([pool["autoscaling"], pool["taints"]]).toEqual([true, {}]);
    expect(Number.isNaN(Date.parse(String(pool["created_at"])))).toBe(false);

    const resized = await client.call("PATCH", `${AUTOSCALER}/pools/${String(pool["id"])}`, { size: 3 });
    isRead(resized);
    expect(resized.body).toMatchObject({ id: pool["id"], size: 3 });

    const nodes = await get(`${AUTOSCALER}/clusters/${KAPSULE_CLUSTER_ID}/nodes?${pages}`);
    isRead(nodes);
    const found = list(nodes.body["nodes"]);
    expect(found).toHaveLength(3);
    expect(found.every((node) => node["pool_id"] === pool["id"] && node["status"] === "ready")).toBe(true);
    expect(found.map((node) => String(node["provider_id"])).every((id) => id.startsWith("scaleway://instance/"))).toBe(
      true,
    );

    const removed = await client.call("DELETE", `${AUTOSCALER}/nodes/${String(found[0]?.["id"])}`);
    isRead(removed);
    expect(removed.body).toMatchObject({ id: found[0]?.["id"], status: "deleting" });
    const after = await get(`${AUTOSCALER}/clusters/${KAPSULE_CLUSTER_ID}/pools?${pages}`);
    expect(list(after.body["pools"])).toMatchObject([{ size: 2 }]);
  });

  it("an unknown pool is an error in the Content-Type that it reads", async () => {
    const answer = await client.call("PATCH", `${AUTOSCALER}/pools/nowhere`, { size: 1 });
    expect(answer).toMatchObject({ status: 404, body: { type: "not_found" } });
    expect(answer.headers.get("content-type")).toBe("application/json");
  });
});
