// Every call the provider makes, by its meaning, each in the zone or region it names (§1.5 to §1.7).

import { allEntries, allItems } from "./pages.ts";
import type { Listing } from "./pages.ts";
import type { HttpMethod, ScalewayApi } from "./scaleway-api.ts";
import {
  member,
  parseBlockVolume,
  parseImage,
  parseIp,
  parseIpamAddress,
  parseLocalImage,
  parseNamed,
  parseNic,
  parseServer,
  parseType,
} from "./wire.ts";
import type {
  WireBlockVolume,
  WireImage,
  WireIp,
  WireLocalImage,
  WireNamed,
  WireNic,
  WireServer,
  WireType,
} from "./wire.ts";

type Body = Readonly<Record<string, unknown>>;

const INSTANCE = "/instance/v1/zones/{zone}";
const K8S = "/k8s/v1/regions/{region}";
const BLOCK = "/block/v1/zones/{zone}/volumes";

export class ScalewayClient {
  readonly #api: ScalewayApi;

  constructor(api: ScalewayApi) {
    this.#api = api;
  }

  async serverTypes(zone: string, signal: AbortSignal): Promise<readonly WireType[]> {
    const entries = await allEntries(this.#api, inZone(zone, "/products/servers", "servers"), signal);
    return [...entries].map(([name, data]) => parseType(name, data));
  }

  /** Name to available, scarce or shortage. */
  async availability(zone: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const entries = await allEntries(this.#api, inZone(zone, "/products/servers/availability", "servers"), signal);
    return new Map([...entries].map(([name, data]) => [name, String(member(data, "availability"))]));
  }

  /** All that carry every one of the tags, whatever their state (W-50). */
  async servers(zone: string, tags: readonly string[], signal: AbortSignal): Promise<readonly WireServer[]> {
    const listing = inZone(zone, "/servers", "servers", { tags: tags.join(",") });
    return (await allItems(this.#api, listing, signal)).map(parseServer);
  }

  async server(zone: string, id: string, signal: AbortSignal): Promise<WireServer> {
    return parseServer(member(await this.#instance("GET", zone, `/servers/${id}`, signal), "server"));
  }

  async createServer(zone: string, body: Body, signal: AbortSignal): Promise<WireServer> {
    const note = `server ${String(body["name"])} of type ${String(body["commercial_type"])}`;
    return parseServer(member(await this.#instance("POST", zone, "/servers", signal, body, note), "server"));
  }

  async unprotect(zone: string, id: string, signal: AbortSignal): Promise<void> {
    await this.#instance("PATCH", zone, `/servers/${id}`, signal, { protected: false }, `server ${id}: unprotect`);
  }

  /** For a server that is stopped; another one is terminated. */
  async deleteServer(zone: string, id: string, signal: AbortSignal): Promise<void> {
    await this.#instance("DELETE", zone, `/servers/${id}`, signal, undefined, `server ${id}`);
  }

  async act(zone: string, id: string, action: "poweron" | "terminate", signal: AbortSignal): Promise<void> {
    await this.#instance("POST", zone, `/servers/${id}/action`, signal, { action }, `server ${id}: ${action}`);
  }

  async setUserData(zone: string, id: string, text: string, signal: AbortSignal): Promise<void> {
    await this.#instance("PATCH", zone, `/servers/${id}/user_data/cloud-init`, signal, text, `server ${id}`);
  }

  async deleteUserData(zone: string, id: string, signal: AbortSignal): Promise<void> {
    const path = `/servers/${id}/user_data/cloud-init`;
    await this.#instance("DELETE", zone, path, signal, undefined, `server ${id}`);
  }

  async createNic(zone: string, serverId: string, body: Body, signal: AbortSignal): Promise<WireNic> {
    const path = `/servers/${serverId}/private_nics`;
    return parseNic(
      member(await this.#instance("POST", zone, path, signal, body, `server ${serverId}`), "private_nic"),
    );
  }

  async createIp(zone: string, body: Body, signal: AbortSignal): Promise<WireIp> {
    return parseIp(member(await this.#instance("POST", zone, "/ips", signal, body, String(body["type"])), "ip"));
  }

  async ips(zone: string, tags: readonly string[], signal: AbortSignal): Promise<readonly WireIp[]> {
    return (await allItems(this.#api, inZone(zone, "/ips", "ips", { tags: tags.join(",") }), signal)).map(parseIp);
  }

  async deleteIp(zone: string, id: string, signal: AbortSignal): Promise<void> {
    await this.#instance("DELETE", zone, `/ips/${id}`, signal, undefined, `ip ${id}`);
  }

  /** l_ssd and scratch. */
  async createLocalVolume(zone: string, body: Body, signal: AbortSignal): Promise<string> {
    const data = await this.#instance("POST", zone, "/volumes", signal, body, String(body["name"]));
    return parseNamed(member(data, "volume")).id;
  }

  async deleteLocalVolume(zone: string, id: string, signal: AbortSignal): Promise<void> {
    await this.#instance("DELETE", zone, `/volumes/${id}`, signal, undefined, `volume ${id}`);
  }

  async localVolumes(zone: string, tags: readonly string[], signal: AbortSignal): Promise<readonly WireNamed[]> {
    const listing = inZone(zone, "/volumes", "volumes", { tags: tags.join(",") });
    return (await allItems(this.#api, listing, signal)).map(parseNamed);
  }

  async blockVolume(zone: string, id: string, signal: AbortSignal): Promise<WireBlockVolume> {
    return parseBlockVolume(await this.#send("GET", BLOCK, { zone }, `/${id}`, signal));
  }

  async blockVolumes(zone: string, tags: readonly string[], signal: AbortSignal): Promise<readonly WireBlockVolume[]> {
    const listing: Listing = {
      path: BLOCK.replace("{zone}", zone),
      route: BLOCK,
      key: "volumes",
      sizeName: "page_size",
      query: { tags: tags.join(",") },
    };
    return (await allItems(this.#api, listing, signal)).map(parseBlockVolume);
  }

  async updateBlockVolume(zone: string, id: string, body: Body, signal: AbortSignal): Promise<void> {
    await this.#send("PATCH", BLOCK, { zone }, `/${id}`, signal, body, `volume ${id}`);
  }

  async deleteBlockVolume(zone: string, id: string, signal: AbortSignal): Promise<void> {
    await this.#send("DELETE", BLOCK, { zone }, `/${id}`, signal, undefined, `volume ${id}`);
  }

  /** Of the marketplace, by label. */
  async localImages(
    zone: string,
    label: string,
    type: "instance_sbs" | "instance_local",
    signal: AbortSignal,
  ): Promise<readonly WireLocalImage[]> {
    const path = "/marketplace/v2/local-images";
    const query = { image_label: label, zone, type, order_by: "type_asc" };
    const listing: Listing = { path, route: path, key: "local_images", sizeName: "page_size", query };
    return (await allItems(this.#api, listing, signal)).map(parseLocalImage);
  }

  async image(zone: string, id: string, signal: AbortSignal): Promise<WireImage> {
    return parseImage(member(await this.#instance("GET", zone, `/images/${id}`, signal), "image"));
  }

  /** The project's own, by part of the name. */
  async images(zone: string, name: string, project: string, signal: AbortSignal): Promise<readonly WireImage[]> {
    const listing = inZone(zone, "/images", "images", { name, project });
    return (await allItems(this.#api, listing, signal)).map(parseImage);
  }

  async securityGroups(
    zone: string,
    name: string,
    project: string,
    signal: AbortSignal,
  ): Promise<readonly WireNamed[]> {
    const listing = inZone(zone, "/security_groups", "security_groups", { name, project });
    return (await allItems(this.#api, listing, signal)).map(parseNamed);
  }

  async securityGroup(zone: string, id: string, signal: AbortSignal): Promise<WireNamed> {
    const data = await this.#instance("GET", zone, `/security_groups/${id}`, signal);
    return parseNamed(member(data, "security_group"));
  }

  async placementGroups(zone: string, name: string, signal: AbortSignal): Promise<readonly WireNamed[]> {
    const listing = inZone(zone, "/placement_groups", "placement_groups", { name });
    return (await allItems(this.#api, listing, signal)).map(parseNamed);
  }

  async placementGroup(zone: string, id: string, signal: AbortSignal): Promise<WireNamed> {
    const data = await this.#instance("GET", zone, `/placement_groups/${id}`, signal);
    return parseNamed(member(data, "placement_group"));
  }

  async createPlacementGroup(zone: string, body: Body, signal: AbortSignal): Promise<WireNamed> {
    const note = `placement group ${String(body["name"])}`;
    const data = await this.#instance("POST", zone, "/placement_groups", signal, body, note);
    return parseNamed(member(data, "placement_group"));
  }

  async deletePlacementGroup(zone: string, id: string, signal: AbortSignal): Promise<void> {
    await this.#instance("DELETE", zone, `/placement_groups/${id}`, signal, undefined, `placement group ${id}`);
  }

  async privateNetworks(
    region: string,
    name: string,
    project: string,
    signal: AbortSignal,
  ): Promise<readonly WireNamed[]> {
    const route = "/vpc/v2/regions/{region}/private-networks";
    const path = route.replace("{region}", region);
    const query = { name, project_id: project };
    const listing: Listing = { path, route, key: "private_networks", sizeName: "page_size", query };
    return (await allItems(this.#api, listing, signal)).map(parseNamed);
  }

  async privateNetwork(region: string, id: string, signal: AbortSignal): Promise<WireNamed> {
    const route = "/vpc/v2/regions/{region}/private-networks";
    return parseNamed(await this.#send("GET", route, { region }, `/${id}`, signal));
  }

  /** Addresses of one private card, with their masks. */
  async nicAddresses(region: string, nicId: string, signal: AbortSignal): Promise<readonly string[]> {
    const route = "/ipam/v1/regions/{region}/ips";
    const query = { resource_id: nicId, resource_type: "instance_private_nic" };
    const listing: Listing = {
      path: route.replace("{region}", region),
      route,
      key: "ips",
      sizeName: "page_size",
      query,
    };
    return (await allItems(this.#api, listing, signal)).map(parseIpamAddress);
  }

  /** Id of the managed cluster that a pool belongs to. */
  async clusterOfPool(region: string, poolId: string, signal: AbortSignal): Promise<string> {
    const pool = await this.#send("GET", `${K8S}/pools`, { region }, `/${poolId}`, signal);
    return String(member(pool, "cluster_id"));
  }

  /** Entries of machines in one pool of a managed cluster, by the name of their Node. */
  async clusterNodes(
    region: string,
    clusterId: string,
    { poolId, name }: { readonly poolId: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<readonly WireNamed[]> {
    const route = `${K8S}/clusters/{id}/nodes`;
    const path = route.replace("{region}", region).replace("{id}", clusterId);
    const query = { pool_id: poolId, name };
    const listing: Listing = { path, route, key: "nodes", sizeName: "page_size", query };
    return (await allItems(this.#api, listing, signal)).map(parseNamed);
  }

  /** The entry only: without `replace` nobody makes another machine for it. */
  async deleteClusterNode(region: string, id: string, signal: AbortSignal): Promise<void> {
    const below = `/${id}?replace=false&skip_drain=true`;
    await this.#send("DELETE", `${K8S}/nodes`, { region }, below, signal, undefined, `cluster node ${id}`);
  }

  #instance(
    method: HttpMethod,
    zone: string,
    below: string,
    signal: AbortSignal,
    body?: string | Body,
    note?: string,
  ): Promise<unknown> {
    return this.#send(method, INSTANCE, { zone }, below, signal, body, note);
  }

  async #send(
    method: HttpMethod,
    base: string,
    place: Readonly<Record<string, string>>,
    below: string,
    signal: AbortSignal,
    body?: string | Body,
    note?: string,
  ): Promise<unknown> {
    const prefix = Object.entries(place).reduce((path, [name, value]) => path.replace(`{${name}}`, value), base);
    const route = base + below.replace(/\?.*$/, "").replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "{id}");
    const { data } = await this.#api.call(method, {
      path: prefix + below,
      route,
      signal,
      ...(body === undefined ? {} : { body }),
      ...(note === undefined ? {} : { note }),
    });
    return data;
  }
}

function inZone(zone: string, below: string, key: string, query: Readonly<Record<string, string>> = {}): Listing {
  const route = INSTANCE + below;
  return { path: route.replace("{zone}", zone), route, key, sizeName: "per_page", query };
}
