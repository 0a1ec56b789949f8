// Volumes of both APIs (§1.6): l_ssd and scratch in the Instance API, SBS in the Block API.

import { invalid, notFound } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import { deleteBlock, deleteLocal, newBlockVolume, newLocalVolume } from "../world/disks.ts";
import { inZone } from "../world/ground.ts";
import type { BlockVolume, LocalVolume } from "../world/records.ts";
import { blockVolumeView, localVolumeView } from "../world/views.ts";
import type { Body } from "./call-context.ts";
import {
  amount,
  asked,
  bodyOf,
  created,
  ground,
  instanceList,
  param,
  plainList,
  required,
  tagFilter,
  text,
  texts,
  zoneOf,
} from "./call-context.ts";

const LOCAL = "/instance/v1/zones/{zone}/volumes";

export const VOLUME_ROUTES: readonly Route[] = [
  ...routesOf("instance", [
    ["listVolumes", "GET", LOCAL, listLocal],
    ["createVolume", "POST", LOCAL, createLocal],
    ["getVolume", "GET", `${LOCAL}/{volume_id}`, (call) => ({ volume: localView(call, localIn(call)) })],
    ["updateVolume", "PATCH", `${LOCAL}/{volume_id}`, updateLocal],
    ["deleteVolume", "DELETE", `${LOCAL}/{volume_id}`, removeLocal],
  ]),
  ...blockRoutes("/block/v1/zones/{zone}/volumes"),
  ...blockRoutes("/block/v1alpha1/zones/{zone}/volumes"),
];

function blockRoutes(path: string): readonly Route[] {
  return routesOf("volume", [
    ["listBlockVolumes", "GET", path, listBlock],
    ["createBlockVolume", "POST", path, createBlock],
    ["getBlockVolume", "GET", `${path}/{volume_id}`, (call) => blockVolumeView(blockIn(call))],
    ["updateBlockVolume", "PATCH", `${path}/{volume_id}`, updateBlock],
    ["deleteBlockVolume", "DELETE", `${path}/{volume_id}`, removeBlock],
  ]);
}

function localIn(call: Call): LocalVolume {
  return inZone(ground(call).localVolumes, zoneOf(call), param(call, "volume_id"), "instance_volume");
}

function localView(call: Call, volume: LocalVolume): unknown {
  return localVolumeView(ground(call), volume);
}

function listLocal(call: Call): unknown {
  const zone = zoneOf(call);
  const hasTags = tagFilter(call);
  const volumes = [...ground(call).localVolumes.values()].filter(
    (volume) =>
      volume.zone === zone &&
      hasTags(volume) &&
      volume.name.includes(call.query.get("name") ?? "") &&
      asked(call, "volume_type", volume.type) &&
      asked(call, "project", volume.projectId),
  );
  return instanceList(
    call,
    "volumes",
    volumes.toReversed().map((volume) => localView(call, volume)),
  );
}

function createLocal(call: Call): unknown {
  const body = bodyOf(call);
  const type = required(body, "volume_type");
  if (type !== "l_ssd" && type !== "scratch") throw invalid("volume_type", "must be l_ssd or scratch");
  const size = amount(body, "size");
  if (size === undefined) throw invalid("size", "required key not provided", "required");
  const volume = newLocalVolume(ground(call), {
    zone: zoneOf(call),
    projectId: text(body, "project") ?? ground(call).projectId,
    name: required(body, "name"),
    type,
    size,
    tags: texts(body, "tags") ?? [],
  });
  return created(call, "volume", volume.id, localView(call, volume));
}

function updateLocal(call: Call): unknown {
  const volume = localIn(call);
  const body = bodyOf(call);
  volume.name = text(body, "name") ?? volume.name;
  volume.tags = texts(body, "tags") ?? volume.tags;
  volume.updatedAt = ground(call).clock.now();
  return { volume: localView(call, volume) };
}

function removeLocal(call: Call): unknown {
  deleteLocal(ground(call), zoneOf(call), param(call, "volume_id"));
  return undefined;
}

function blockIn(call: Call): BlockVolume {
  return inZone(ground(call).blockVolumes, zoneOf(call), param(call, "volume_id"), "volume");
}

function listBlock(call: Call): unknown {
  const zone = zoneOf(call);
  const hasTags = tagFilter(call);
  const server = call.query.get("product_resource_id");
  const volumes = [...ground(call).blockVolumes.values()].filter(
    (volume) =>
      volume.zone === zone &&
      hasTags(volume) &&
      volume.name.includes(call.query.get("name") ?? "") &&
      asked(call, "project_id", volume.projectId) &&
      (server === null || volume.references.some(({ serverId }) => serverId === server)),
  );
  return plainList(call, "volumes", volumes.toReversed().map(blockVolumeView));
}

function createBlock(call: Call): unknown {
  const body = bodyOf(call);
  const volume = newBlockVolume(ground(call), {
    zone: zoneOf(call),
    projectId: text(body, "project_id") ?? ground(call).projectId,
    name: text(body, "name") ?? `vol-${ground(call).random.hex(6)}`,
    size: sizeOf(body),
    iops: iopsOf(body) ?? 5000,
    tags: texts(body, "tags") ?? [],
  });
  return blockVolumeView(volume);
}

function sizeOf(body: Body): number {
  const empty = body["from_empty"];
  const size =
    typeof empty === "object" && empty !== null ? (empty as { readonly size?: number }).size : amount(body, "size");
  if (size === undefined) throw invalid("from_empty.size", "required key not provided", "required");
  return size;
}

function iopsOf(body: Body): number | undefined {
  const iops = amount(body, "perf_iops");
  if (iops !== undefined && iops !== 5000 && iops !== 15_000) throw invalid("perf_iops", "must be 5000 or 15000");
  return iops;
}

function updateBlock(call: Call): unknown {
  const volume = blockIn(call);
  const body = bodyOf(call);
  if (volume.deleting) throw notFound("volume", volume.id);
  volume.iops = iopsOf(body) ?? volume.iops;
  volume.name = text(body, "name") ?? volume.name;
  volume.tags = texts(body, "tags") ?? volume.tags;
  const size = amount(body, "size") ?? volume.size;
  if (size < volume.size) throw invalid("size", "a volume cannot shrink");
  volume.size = size;
  volume.updatedAt = ground(call).clock.now();
  return blockVolumeView(volume);
}

function removeBlock(call: Call): unknown {
  deleteBlock(ground(call), zoneOf(call), param(call, "volume_id"));
  return undefined;
}
