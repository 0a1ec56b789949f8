// Attaching, detaching and deleting volumes, with what each of them leaves behind (§1.6).

import { errorOfType, invalid, notFound } from "../api-error.ts";
import type { Ground } from "./ground.ts";
import { inZone } from "./ground.ts";
import type { BlockVolume, LocalVolume, Server } from "./records.ts";
import { isOwned } from "./records.ts";

export interface NewBlockVolume {
  readonly zone: string;
  readonly projectId: string;
  readonly name: string;
  readonly size: number;
  readonly iops?: number;
  readonly tags?: readonly string[];
  readonly parentSnapshotId?: string;
  readonly foreign?: boolean;
  readonly cameWithOwned?: boolean;
}

const GB = 1e9;

export function newBlockVolume(ground: Ground, given: NewBlockVolume): BlockVolume {
  const now = ground.clock.now();
  if (given.size < GB || given.size % 512 !== 0) throw invalid("size", "must be a multiple of 512 of at least 1 GB");
  const volume: BlockVolume = {
    id: ground.random.uuid(),
    zone: given.zone,
    projectId: given.projectId,
    createdAt: now,
    updatedAt: now,
    tags: given.tags ?? [],
    foreign: given.foreign ?? false,
    name: given.name,
    size: given.size,
    iops: given.iops ?? 5000,
    parentSnapshotId: given.parentSnapshotId ?? null,
    references: [],
    deleting: false,
    lastDetachedAt: undefined,
    cameWithOwned: given.cameWithOwned ?? false,
    freeSince: now,
  };
  ground.blockVolumes.set(volume.id, volume);
  return volume;
}

export interface NewLocalVolume {
  readonly zone: string;
  readonly projectId: string;
  readonly name: string;
  readonly type: LocalVolume["type"];
  readonly size: number;
  readonly tags?: readonly string[];
  readonly cameWithOwned?: boolean;
}

export function newLocalVolume(ground: Ground, given: NewLocalVolume): LocalVolume {
  const now = ground.clock.now();
  const volume: LocalVolume = {
    id: ground.random.uuid(),
    zone: given.zone,
    projectId: given.projectId,
    createdAt: now,
    updatedAt: now,
    tags: given.tags ?? [],
    foreign: false,
    name: given.name,
    type: given.type,
    size: given.size,
    serverId: undefined,
    state: "available",
    cameWithOwned: given.cameWithOwned ?? false,
  };
  ground.localVolumes.set(volume.id, volume);
  return volume;
}

export function attachBlock(ground: Ground, server: Server, volume: BlockVolume, key = freeKey(server)): void {
  const now = ground.clock.now();
  if (volume.references.length > 0 || volume.deleting) throw invalid("volume_id", "the volume is already attached");
  volume.references = [{ id: ground.random.uuid(), serverId: server.id, createdAt: now, status: "attached" }];
  volume.updatedAt = now;
  server.disks.set(key, { type: "sbs_volume", volumeId: volume.id });
}

export function attachLocal(ground: Ground, server: Server, volume: LocalVolume, key = freeKey(server)): void {
  if (volume.serverId !== undefined) throw invalid("volume_id", "the volume is already attached");
  volume.serverId = server.id;
  volume.updatedAt = ground.clock.now();
  server.disks.set(key, { type: volume.type, volumeId: volume.id });
}

/** The reference stays "detaching" for a while; `ms` 0 frees the volume at once. */
export function releaseBlock(ground: Ground, volume: BlockVolume, serverId: string, ms: number): void {
  const reference = volume.references.find((each) => each.serverId === serverId);
  if (reference === undefined) return;
  reference.status = "detaching";
  const free = (): void => {
    const now = ground.clock.now();
    volume.references = volume.references.filter((each) => each !== reference);
    volume.lastDetachedAt = now;
    volume.freeSince = now;
    volume.updatedAt = now;
  };
  const wait = ms === 0 ? 0 : ms + ground.switches.extraDetachSeconds * 1000;
  if (wait === 0) free();
  else ground.timers.after(wait, free);
}

export function detach(ground: Ground, server: Server, volumeId: string): void {
  const found = [...server.disks].find(([, disk]) => disk.volumeId === volumeId);
  if (found === undefined) throw invalid("volume_id", "the volume is not attached to this server");
  server.disks.delete(found[0]);
  server.updatedAt = ground.clock.now();
  const block = ground.blockVolumes.get(volumeId);
  const { hotDetaching } = ground.durations;
  if (block !== undefined) releaseBlock(ground, block, server.id, server.state === "stopped" ? 0 : hotDetaching);
  const local = ground.localVolumes.get(volumeId);
  if (local !== undefined) local.serverId = undefined;
}

export function deleteBlock(ground: Ground, zone: string, id: string): void {
  const volume = inZone(ground.blockVolumes, zone, id, "volume");
  if (volume.references.length > 0 || volume.deleting) {
    const help = "the volume is still in use";
    throw errorOfType("precondition_failed", 412, { precondition: "resource_still_in_use", help_message: help });
  }
  noteForeign(ground, volume.foreign, `block volume ${volume.name}`, volume.id);
  ground.blockVolumes.delete(id);
  ground.deleted.push({ kind: "block-volume", id, at: ground.clock.now() });
}

export function deleteLocal(ground: Ground, zone: string, id: string): void {
  const volume = ground.localVolumes.get(id);
  if (volume === undefined || volume.zone !== zone) throw notFound("instance_volume", id);
  if (volume.serverId !== undefined && ground.servers.has(volume.serverId)) {
    const help = "the volume is still attached";
    throw errorOfType("precondition_failed", 412, { precondition: "resource_still_in_use", help_message: help });
  }
  ground.localVolumes.delete(id);
  ground.deleted.push({ kind: "local-volume", id, at: ground.clock.now() });
}

export function noteForeign(ground: Ground, foreign: boolean, what: string, id: string): void {
  if (foreign) ground.invariants.record("ForeignDeleted", `${what} was removed although it is not ours`, { id });
}

/** Made by a server of ours, or tagged as ours. */
export function belongsToUs(volume: BlockVolume | LocalVolume): boolean {
  return !volume.foreign && (volume.cameWithOwned || isOwned(volume));
}

function freeKey(server: Server): string {
  for (let index = 0; ; index++) if (!server.disks.has(String(index))) return String(index);
}
