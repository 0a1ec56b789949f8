// The shapes the APIs send, as far as they are read, and the parsers that keep a broken answer from looking like an empty one.

export interface WireType {
  readonly name: string;
  readonly arch: string;
  readonly cpus: number;
  readonly ramBytes: number;
  readonly gpus: number;
  readonly gpuName: string;
  readonly gpuManufacturer: string;
  readonly gpuMemoryBytes: number;
  /** Undefined: the API did not say. */
  readonly hourlyPrice: number | undefined;
  readonly localDiskMin: number;
  readonly localDiskMax: number;
  readonly scratchMax: number;
  readonly scratchVolumes: number;
  readonly internetBandwidth: number;
  readonly endOfService: boolean;
}

export interface WireDisk {
  readonly id: string;
  readonly type: string;
}

export interface WireIp {
  readonly id: string;
  readonly address: string;
  readonly dynamic: boolean;
  readonly tags: readonly string[];
  /** Of a list of IPs: the server it is attached to. */
  readonly serverId: string | undefined;
}

export interface WireNic {
  readonly id: string;
  readonly privateNetworkId: string;
  readonly macAddress: string;
}

export interface WireServer {
  readonly id: string;
  readonly zone: string;
  readonly name: string;
  readonly commercialType: string;
  readonly imageId: string;
  readonly state: string;
  readonly stateDetail: string;
  readonly allowedActions: readonly string[];
  readonly tags: readonly string[];
  readonly disks: readonly WireDisk[];
  readonly publicIps: readonly WireIp[];
  readonly nics: readonly WireNic[];
  readonly securityGroupId: string;
  readonly placementGroupId: string;
  readonly protected: boolean;
  readonly createdAt: number;
  /** Starts of maintenance, epoch milliseconds, the first one first. */
  readonly maintenances: readonly number[];
}

export interface WireBlockVolume {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly tags: readonly string[];
  readonly references: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly size: number;
}

export interface WireLocalImage {
  readonly id: string;
  readonly arch: string;
  readonly zone: string;
  readonly type: string;
  readonly compatibleTypes: readonly string[];
}

export interface WireImage {
  readonly id: string;
  readonly name: string;
  readonly arch: string;
  readonly createdAt: number;
  readonly rootVolumeType: string;
}

export interface WireNamed {
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

export class WireError extends Error {
  override readonly name = "WireError";
}

export function parseType(name: string, data: unknown): WireType {
  const o = record(data, `type ${name}`);
  const gpu = optionalRecord(o["gpu_info"]);
  const local = optionalRecord(o["volumes_constraint"]);
  const price = o["hourly_price"];
  return {
    name,
    arch: text(o["arch"]),
    cpus: whole(o["ncpus"], "ncpus"),
    ramBytes: whole(o["ram"], "ram"),
    gpus: whole(o["gpu"] ?? 0, "gpu"),
    gpuName: text(gpu["gpu_name"]),
    gpuManufacturer: text(gpu["gpu_manufacturer"]),
    gpuMemoryBytes: whole(gpu["gpu_memory"] ?? 0, "gpu_memory"),
    hourlyPrice: typeof price === "number" && price > 0 ? price : undefined,
    localDiskMin: whole(local["min_size"] ?? 0, "min_size"),
    localDiskMax: whole(local["max_size"] ?? 0, "max_size"),
    scratchMax: whole(o["scratch_storage_max_size"] ?? 0, "scratch_storage_max_size"),
    scratchVolumes: whole(o["scratch_storage_max_volumes_count"] ?? 0, "scratch_storage_max_volumes_count"),
    internetBandwidth: whole(optionalRecord(o["network"])["sum_internet_bandwidth"] ?? 0, "sum_internet_bandwidth"),
    endOfService: o["end_of_service"] === true,
  };
}

export function parseServer(data: unknown): WireServer {
  const o = record(data, "server");
  const disks = Object.values(optionalRecord(o["volumes"])).map((disk) => record(disk, "volume"));
  const starts = list(o["maintenances"]).map((each) => text(optionalRecord(each)["start_date"]));
  return {
    id: id(o, "server"),
    zone: text(o["zone"]),
    name: text(o["name"]),
    commercialType: text(o["commercial_type"]),
    imageId: text(optionalRecord(o["image"])["id"]),
    state: text(o["state"]),
    stateDetail: text(o["state_detail"]),
    allowedActions: texts(o["allowed_actions"]),
    tags: texts(o["tags"]),
    disks: disks.map((disk) => ({ id: id(disk, "volume"), type: text(disk["volume_type"]) })),
    publicIps: list(o["public_ips"]).map(parseIp),
    nics: list(o["private_nics"]).map(parseNic),
    securityGroupId: text(optionalRecord(o["security_group"])["id"]),
    placementGroupId: text(optionalRecord(o["placement_group"])["id"]),
    protected: o["protected"] === true,
    createdAt: moment(o["creation_date"]),
    maintenances: starts
      .filter((start) => start !== "")
      .map(moment)
      .toSorted((a, b) => a - b),
  };
}

export function parseIp(data: unknown): WireIp {
  const o = record(data, "ip");
  const server = optionalRecord(o["server"]);
  return {
    id: id(o, "ip"),
    address: text(o["address"]) || text(o["prefix"]),
    dynamic: o["dynamic"] === true,
    tags: texts(o["tags"]),
    serverId: text(server["id"]) || undefined,
  };
}

export function parseIpamAddress(data: unknown): string {
  return text(record(data, "ip")["address"]);
}

export function parseNic(data: unknown): WireNic {
  const o = record(data, "private nic");
  return {
    id: id(o, "private nic"),
    privateNetworkId: text(o["private_network_id"]),
    macAddress: text(o["mac_address"]),
  };
}

export function parseBlockVolume(data: unknown): WireBlockVolume {
  const o = record(data, "block volume");
  return {
    id: id(o, "block volume"),
    name: text(o["name"]),
    status: text(o["status"]),
    tags: texts(o["tags"]),
    references: list(o["references"]).length,
    createdAt: moment(o["created_at"]),
    updatedAt: moment(o["last_detached_at"] ?? o["updated_at"]),
    size: whole(o["size"], "size"),
  };
}

export function parseLocalImage(data: unknown): WireLocalImage {
  const o = record(data, "local image");
  return {
    id: id(o, "local image"),
    arch: text(o["arch"]),
    zone: text(o["zone"]),
    type: text(o["type"]),
    compatibleTypes: texts(o["compatible_commercial_types"]),
  };
}

export function parseImage(data: unknown): WireImage {
  const o = record(data, "image");
  return {
    id: id(o, "image"),
    name: text(o["name"]),
    arch: text(o["arch"]),
    createdAt: moment(o["creation_date"]),
    rootVolumeType: text(optionalRecord(o["root_volume"])["volume_type"]),
  };
}

export function parseNamed(data: unknown): WireNamed {
  const o = record(data, "object");
  return { id: id(o, "object"), name: text(o["name"]), tags: texts(o["tags"]) };
}

/** The member of an answer that holds the thing. */
export function member(data: unknown, key: string): unknown {
  return record(data, "answer")[key];
}

export function listMember(data: unknown, key: string): readonly unknown[] {
  const value = member(data, key);
  if (!Array.isArray(value)) throw new WireError(`the answer has no list ${key}`);
  return value;
}

export function mapMember(data: unknown, key: string): Json {
  return record(member(data, key), key);
}

/** X-Total-Count, which the SDK puts into the body, or the body's own. */
export function totalCount(data: unknown): number {
  return whole(member(data, "total_count"), "total_count");
}

function record(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new WireError(`${what} is no object`);
}

function optionalRecord(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function id(o: Json, what: string): string {
  const value = o["id"];
  if (typeof value === "string" && value !== "") return value;
  throw new WireError(`${what} without an id`);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): readonly string[] {
  return list(value).filter((item): item is string => typeof item === "string");
}

function whole(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new WireError(`${what} is no number`);
}

function moment(value: unknown): number {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? 0 : ms;
}
