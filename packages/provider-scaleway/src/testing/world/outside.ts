// What others do behind the client's back: people, Terraform, Scaleway itself. Tests call these; the API has no route for them.

import { notFound } from "../api-error.ts";
import type { Backend } from "../backend.ts";
import type { SeedType, Stock } from "../seed/server-types.ts";
import { createServer } from "./creation.ts";
import type { ServerRequest } from "./creation.ts";
import { attachBlock, newBlockVolume } from "./disks.ts";
import type { Ground } from "./ground.ts";
import type { BlockVolume, Ip, PlacementGroup, PrivateNetwork, SecurityGroup, Server, ServerState } from "./records.ts";
import { newAddress } from "./server-life.ts";

export class Outside {
  readonly #backend: () => Backend;

  constructor(backend: () => Backend) {
    this.#backend = backend;
  }

  setAvailability(type: string, zone: string, stock: Stock): void {
    this.#ground.availability.set(`${type}/${zone}`, stock);
  }

  /** How many machines of a type one zone has; undefined = no end of them. */
  setStock(type: string, zone: string, machines: number | undefined): void {
    if (machines === undefined) this.#ground.stock.delete(`${type}/${zone}`);
    else this.#ground.stock.set(`${type}/${zone}`, machines);
  }

  setQuota(type: string, servers: number | undefined): void {
    if (servers === undefined) this.#ground.quotas.delete(type);
    else this.#ground.quotas.set(type, servers);
  }

  setPrice(type: string, zone: string, hourlyPrice: number): void {
    this.#changeType(type, (old) => ({
      ...old,
      zones: old.zones.map((each) => (each.zone === zone ? { ...each, hourlyPrice } : each)),
    }));
  }

  setEndOfService(type: string, zone: string, endOfService: boolean): void {
    this.#changeType(type, (old) => ({
      ...old,
      zones: old.zones.map((each) => (each.zone === zone ? { ...each, endOfService } : each)),
    }));
  }

  addType(type: SeedType): void {
    this.#ground.types.set(type.name, type);
  }

  removeType(type: string): void {
    this.#ground.types.delete(type);
  }

  /** Scaleway publishes a new build: same label, other ids. */
  rotateImages(label: string): void {
    const { random } = this.#ground;
    this.#ground.images = this.#ground.images.map((image) =>
      image.label === label ? { ...image, id: random.uuid(), snapshotId: random.uuid() } : image,
    );
  }

  removeLabel(label: string, zone?: string): void {
    this.#ground.images = this.#ground.images.filter(
      (image) => image.label !== label || (zone !== undefined && image.zone !== zone),
    );
  }

  /** A user's own image, listed in the project. */
  addImage(name: string, zone: string, arch: "x86_64" | "arm64" = "x86_64"): string {
    const { random, clock, images } = this.#ground;
    const id = random.uuid();
    const shared = { id, label: "", name, arch, zone, compatibleTypes: [], minSize: 10e9, public: false } as const;
    images.push({ ...shared, type: "instance_sbs", snapshotId: random.uuid(), createdAt: clock.now() });
    return id;
  }

  /** A stopped server that nobody told the client of, unless its tags say so. */
  addServer(zone: string, given: Partial<ServerRequest> & { readonly name: string }): Server {
    const server = createServer(this.#ground, zone, {
      commercialType: "DEV1-M",
      image: "ubuntu_noble",
      volumes: undefined,
      dynamicIpRequired: false,
      publicIps: [],
      bootType: "local",
      projectId: this.#ground.projectId,
      tags: [],
      securityGroupId: undefined,
      placementGroupId: undefined,
      protected: false,
      mayWriteVolumes: true,
      foreign: true,
      order: { method: "", path: "", operation: "outside" },
      ...given,
    });
    return server;
  }

  powerOn(serverId: string): void {
    const server = this.#server(serverId);
    this.#backend().world.life.act(server, "poweron", server.order);
  }

  /** As when a CSI driver brings a volume to a node. */
  attachVolume(serverId: string, name = "pvc-1"): BlockVolume {
    const server = this.#server(serverId);
    const { zone, projectId } = server;
    const volume = newBlockVolume(this.#ground, { zone, projectId, name, size: 10e9, foreign: true });
    attachBlock(this.#ground, server, volume);
    return volume;
  }

  addBlockVolume(zone: string, tags: readonly string[], foreign = true): BlockVolume {
    const { projectId } = this.#ground;
    return newBlockVolume(this.#ground, { zone, projectId, name: "loose", size: 10e9, tags, foreign });
  }

  addIp(zone: string, tags: readonly string[], foreign = true): Ip {
    const { ips, random, projectId, clock } = this.#ground;
    const now = clock.now();
    const ip: Ip = {
      id: random.uuid(),
      zone,
      projectId,
      createdAt: now,
      updatedAt: now,
      tags,
      foreign,
      address: newAddress(ips.size),
      type: "routed_ipv4",
      dynamic: false,
      serverId: undefined,
      state: "detached",
      freeSince: now,
    };
    ips.set(ip.id, ip);
    return ip;
  }

  addPrivateNetwork(region: string, name: string): PrivateNetwork {
    const { privateNetworks, random, projectId, clock } = this.#ground;
    const network: PrivateNetwork = {
      id: random.uuid(),
      name,
      region,
      projectId,
      vpcId: random.uuid(),
      subnetId: random.uuid(),
      block: 4 * (privateNetworks.size + 1),
      createdAt: clock.now(),
      tags: [],
    };
    privateNetworks.set(network.id, network);
    return network;
  }

  addSecurityGroup(zone: string, name: string): SecurityGroup {
    const group: SecurityGroup = {
      ...this.#made(zone),
      name,
      isProjectDefault: false,
      description: null,
      stateful: true,
      inboundDefaultPolicy: "drop",
      outboundDefaultPolicy: "accept",
      rules: [],
    };
    this.#ground.securityGroups.set(group.id, group);
    return group;
  }

  addPlacementGroup(zone: string, name: string): PlacementGroup {
    const group: PlacementGroup = {
      ...this.#made(zone),
      name,
      policyType: "max_availability",
      policyMode: "optional",
    };
    this.#ground.placementGroups.set(group.id, group);
    return group;
  }

  setServerState(serverId: string, state: ServerState): void {
    this.#backend().world.life.setState(this.#server(serverId), state, state === "stopped" ? "" : state);
  }

  /** Somebody changes the group in the console. */
  setSecurityGroup(serverId: string, groupId: string): void {
    this.#server(serverId).securityGroupId = groupId;
  }

  planMaintenance(serverId: string, at: number): void {
    this.#server(serverId).maintenanceAt = at;
  }

  /** Its kubelet stops answering. */
  breakServer(serverId: string): void {
    this.#backend().world.side.notReady(this.#server(serverId));
  }

  vanish(serverId: string): void {
    this.#backend().world.life.vanish(this.#server(serverId));
  }

  /** The entry of a machine that the node agent has brought into the managed cluster (Kosmos). */
  addClusterNode(name: string): string {
    return this.#backend().world.kapsule.addExternal(name, "").id;
  }

  clusterNodes(): readonly string[] {
    return this.#backend()
      .world.kapsule.nodes()
      .map((node) => node.name);
  }

  revokeKey(accessKey: string): void {
    this.#backend().keyring.revoke(accessKey);
  }

  restoreKey(accessKey: string): void {
    this.#backend().keyring.restore(accessKey);
  }

  get #ground(): Ground {
    return this.#backend().world.ground;
  }

  #made(zone: string) {
    const { random, projectId, clock } = this.#ground;
    const now = clock.now();
    return { id: random.uuid(), zone, projectId, createdAt: now, updatedAt: now, tags: [], foreign: true };
  }

  #changeType(name: string, change: (type: SeedType) => SeedType): void {
    const type = this.#ground.types.get(name);
    if (type === undefined) throw new RangeError(`type ${name} is not on sale`);
    this.#ground.types.set(name, change(type));
  }

  #server(id: string): Server {
    const server = [...this.#ground.servers.values()].find((each) => each.id === id || each.name === id);
    if (server === undefined) throw notFound("instance_server", id);
    return server;
  }
}
