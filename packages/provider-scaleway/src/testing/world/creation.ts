// What POST /servers checks and makes (§1.5): a stopped server with its volumes, and nothing at all when it refuses.

import type { RequestFacts } from "@karpenter-multicloud/core/testing/fake-cloud";
import { errorOfType, invalid, invalidArguments, legacyQuota, notFound } from "../api-error.ts";
import type { FakeImage } from "../seed/images.ts";
import type { SeedType } from "../seed/server-types.ts";
import { attachBlock, attachLocal, newBlockVolume, newLocalVolume } from "./disks.ts";
import type { Ground } from "./ground.ts";
import { defaultSecurityGroup, inZone } from "./ground.ts";
import { isOwned } from "./records.ts";
import type { Server } from "./records.ts";

export interface VolumeTemplate {
  readonly volume_type?: string;
  readonly size?: number;
  readonly id?: string;
  readonly name?: string;
  readonly base_snapshot?: string;
}

export interface ServerRequest {
  readonly name: string;
  readonly commercialType: string | undefined;
  /** An id or a label. */
  readonly image: string | undefined;
  readonly volumes: Readonly<Record<string, VolumeTemplate>> | undefined;
  readonly dynamicIpRequired: boolean;
  readonly publicIps: readonly string[];
  readonly bootType: string;
  readonly projectId: string;
  readonly tags: readonly string[];
  readonly securityGroupId: string | undefined;
  readonly placementGroupId: string | undefined;
  readonly protected: boolean;
  readonly mayWriteVolumes: boolean;
  readonly foreign: boolean;
  readonly order: RequestFacts;
}

const MAX_IN_PLACEMENT_GROUP = 20;
const OUR_TAG = /^[A-Za-z0-9][A-Za-z0-9_.=-]*$/;

export function createServer(ground: Ground, zone: string, request: ServerRequest): Server {
  const type = checkedType(ground, zone, request);
  const image = checkedImage(ground, zone, request, type);
  const templates = request.volumes ?? {};
  checkDisks(request, type, image, templates);
  const securityGroupId = request.securityGroupId ?? defaultSecurityGroup(ground, zone).id;
  inZone(ground.securityGroups, zone, securityGroupId, "instance_security_group");
  checkPlacement(ground, zone, request);
  for (const id of request.publicIps) inZone(ground.ips, zone, id, "instance_ip");
  checkQuota(ground, type, request);
  const server = bareServer(ground, zone, request, { type, image, securityGroupId });
  noteDoubles(ground, server);
  ground.servers.set(server.id, server);
  attachDisks(ground, server, image, templates);
  for (const id of request.publicIps) {
    const ip = ground.ips.get(id);
    if (ip !== undefined) Object.assign(ip, { serverId: server.id, state: "attached" });
  }
  return server;
}

function checkedType(ground: Ground, zone: string, request: ServerRequest): SeedType {
  const missing = [
    ...(request.commercialType === undefined ? ["commercial_type"] : []),
    ...(request.image === undefined && request.volumes === undefined ? ["image", "volumes"] : []),
  ];
  if (missing.length > 0) {
    throw invalidArguments(
      ...missing.map((argument_name) => ({
        argument_name,
        reason: "required" as const,
        help_message: "required key not provided",
      })),
    );
  }
  const type = ground.types.get(request.commercialType ?? "");
  if (type === undefined || !type.zones.some((each) => each.zone === zone)) {
    throw invalid("commercial_type", `${request.commercialType} is not available in ${zone}`);
  }
  return type;
}

/** By id, or by label: then the kind that fits the root volume asked for. */
function checkedImage(ground: Ground, zone: string, request: ServerRequest, type: SeedType): FakeImage | undefined {
  const { image: asked } = request;
  if (asked === undefined) return undefined;
  const wanted = request.volumes?.["0"]?.volume_type === "l_ssd" ? "instance_local" : "instance_sbs";
  const labelled = ground.images.filter((image) => image.label === asked && image.zone === zone);
  const image =
    ground.images.find((each) => each.id === asked && each.zone === zone) ??
    labelled.find((each) => each.arch === type.arch && each.type === wanted);
  if (image === undefined) throw notFound("instance_image", asked);
  if (image.arch !== type.arch) throw invalid("image", `the image is for ${image.arch}, not for ${type.arch}`);
  if (image.public && !image.compatibleTypes.includes(type.name)) {
    throw invalid("image", `the image is not compatible with ${type.name}`);
  }
  return image;
}

function checkDisks(
  request: ServerRequest,
  type: SeedType,
  image: FakeImage | undefined,
  templates: Readonly<Record<string, VolumeTemplate>>,
): void {
  let local = 0;
  for (const [key, { volume_type: kind, size = 0 }] of Object.entries(templates)) {
    if (kind === "l_ssd") local += size;
    if (key !== "0" || image === undefined) continue;
    if (kind === "sbs_volume" && image.type === "instance_local") {
      const help = "requested volume type does not match the snapshot type, use `l_ssd` instead";
      throw invalid("volumes.0.volume_type", help);
    }
    if (kind === "l_ssd" && image.type === "instance_sbs") {
      const help = "requested volume type does not match the snapshot type, use `sbs_volume` instead";
      throw invalid("volumes.0.volume_type", help);
    }
    if (size > 0 && size < image.minSize) throw invalid("volumes.0.size", `must be at least ${image.minSize}`);
    if (size % 512 !== 0) throw invalid("volumes.0.size", "must be a multiple of 512");
  }
  if (local > type.localDisk.max) {
    throw invalid("volumes", `total size of l_ssd must be at most ${type.localDisk.max} for ${type.name}`);
  }
  const hasSbs = rootKind(templates, image) === "sbs_volume";
  if (hasSbs && !request.mayWriteVolumes) {
    throw errorOfType("permissions_denied", 403, { details: [{ action: "write", resource: "volume" }] });
  }
}

function rootKind(
  templates: Readonly<Record<string, VolumeTemplate>>,
  image: FakeImage | undefined,
): "sbs_volume" | "l_ssd" {
  const said = templates["0"]?.volume_type;
  if (said === "l_ssd" || said === "sbs_volume") return said;
  return image?.type === "instance_local" ? "l_ssd" : "sbs_volume";
}

function checkPlacement(ground: Ground, zone: string, { placementGroupId }: ServerRequest): void {
  if (placementGroupId === undefined) return;
  inZone(ground.placementGroups, zone, placementGroupId, "instance_placement_group");
  const members = [...ground.servers.values()].filter((each) => each.placementGroupId === placementGroupId).length;
  if (members >= MAX_IN_PLACEMENT_GROUP) {
    throw invalid("placement_group", `a placement group holds at most ${MAX_IN_PLACEMENT_GROUP} servers`);
  }
}

function checkQuota(ground: Ground, type: SeedType, request: ServerRequest): void {
  const quota = ground.quotas.get(type.name) ?? Number.POSITIVE_INFINITY;
  const current = [...ground.servers.values()].filter((server) => server.commercialType === type.name).length;
  const fault = ground.faults.forMachine("quota", request.order);
  if (current < quota && fault === undefined) return;
  if (ground.switches.quotaError === "legacy") throw legacyQuota(type.name);
  const limit = Number.isFinite(quota) ? quota : current;
  throw errorOfType("quotas_exceeded", 403, { details: [{ resource: type.name, quota: limit, current }] });
}

function bareServer(
  ground: Ground,
  zone: string,
  request: ServerRequest,
  made: { readonly type: SeedType; readonly image: FakeImage | undefined; readonly securityGroupId: string },
): Server {
  const now = ground.clock.now();
  return {
    id: ground.random.uuid(),
    zone,
    projectId: request.projectId,
    createdAt: now,
    updatedAt: now,
    tags: request.tags,
    foreign: request.foreign,
    name: request.name,
    commercialType: made.type.name,
    image: made.image,
    bootType: request.bootType,
    macAddress: `de:00:00:${ground.random.hex(2)}:${ground.random.hex(2)}:${ground.random.hex(2)}`,
    dynamicIpRequired: request.dynamicIpRequired,
    protected: request.protected,
    state: "stopped",
    stateDetail: "",
    stateSince: now,
    disks: new Map(),
    securityGroupId: made.securityGroupId,
    placementGroupId: request.placementGroupId,
    userData: new Map(),
    placed: false,
    everPoweredOn: false,
    order: request.order,
    holdsStock: false,
    node: undefined,
    timers: new Set(),
    hookQueue: Promise.resolve(),
    bootNote: "",
    maintenanceAt: undefined,
  };
}

function attachDisks(
  ground: Ground,
  server: Server,
  image: FakeImage | undefined,
  templates: Readonly<Record<string, VolumeTemplate>>,
): void {
  const keys = [...new Set([...(image === undefined ? [] : ["0"]), ...Object.keys(templates)])].toSorted();
  for (const key of keys) attachDisk(ground, server, key, image, templates);
}

function attachDisk(
  ground: Ground,
  server: Server,
  key: string,
  image: FakeImage | undefined,
  templates: Readonly<Record<string, VolumeTemplate>>,
): void {
  const { id, volume_type: said, size, name } = templates[key] ?? {};
  if (id !== undefined) {
    const local = ground.localVolumes.get(id);
    if (local !== undefined) attachLocal(ground, server, local, key);
    else attachBlock(ground, server, inZone(ground.blockVolumes, server.zone, id, "instance_volume"), key);
    return;
  }
  const kind = key === "0" ? rootKind(templates, image) : (said ?? "sbs_volume");
  const base = key === "0" ? image : undefined;
  const shared = { zone: server.zone, projectId: server.projectId, cameWithOwned: isOwned(server) };
  const bytes = size ?? base?.minSize ?? 10e9;
  if (kind === "l_ssd" || kind === "scratch") {
    const label = name ?? base?.name ?? `${server.name}-${key}`;
    attachLocal(ground, server, newLocalVolume(ground, { ...shared, name: label, type: kind, size: bytes }), key);
    return;
  }
  const volume = newBlockVolume(ground, {
    ...shared,
    name: name ?? `${base?.name ?? server.name}_sbs_volume_${key}`,
    size: bytes,
    foreign: server.foreign,
    ...(base === undefined ? {} : { parentSnapshotId: base.snapshotId }),
  });
  attachBlock(ground, server, volume, key);
}

/** One NodeClaim, one server: whoever makes a second one has not looked. */
function noteDoubles(ground: Ground, server: Server): void {
  const claim = server.tags.find((tag) => tag.startsWith("karpenter-nodeclaim-uid="));
  if (!isOwned(server)) return;
  const wrong = server.tags.find((tag) => !OUR_TAG.test(tag));
  if (wrong !== undefined) ground.invariants.record("InvalidTag", `tag ${wrong} breaks the cloud controller's sync`);
  const other = [...ground.servers.values()].find(
    (each) => claim !== undefined && each.tags.includes(claim) && each.stateDetail !== "terminating",
  );
  if (other === undefined) return;
  const message = `server ${server.name} (${server.zone}) beside ${other.id} (${other.zone}) for ${claim}`;
  ground.invariants.record("ServerCreatedTwice", message, { server: server.id });
}
