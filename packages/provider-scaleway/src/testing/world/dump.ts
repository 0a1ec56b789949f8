// A readable picture of everything the fake holds, and the servers, volumes and IPs nobody seems to look after (W-74).

import type { Cost } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { Violation } from "../invariants.ts";
import { belongsToUs } from "./disks.ts";
import type { Ground } from "./ground.ts";
import { isOwned } from "./records.ts";
import type { BlockVolume, Ip, LocalVolume, Server, ServerState } from "./records.ts";
import { blockVolumeView, ipView, localVolumeView, serverView } from "./views.ts";

export interface ServerSummary {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly commercialType: string;
  readonly state: ServerState;
  readonly stateDetail: string;
  readonly tags: readonly string[];
  readonly owned: boolean;
  readonly providerID: string;
  /** What its boot came to: "joins", or why it does not. */
  readonly boot: string;
  /** Name of its Node. */
  readonly node: string | null;
}

type Json = Readonly<Record<string, unknown>>;

export interface FakeScalewayState {
  /** Milliseconds of the fake's clock. */
  readonly now: number;
  readonly cost: Cost;
  readonly machines: readonly ServerSummary[];
  /** The next four in the shape of the API. */
  readonly servers: readonly Json[];
  readonly blockVolumes: readonly Json[];
  readonly localVolumes: readonly Json[];
  readonly ips: readonly Json[];
  readonly deleted: readonly Json[];
}

/** Left alone this long, something of ours is a leak. */
const GRACE_MS = 30 * 60_000;

export function dump(ground: Ground): FakeScalewayState {
  const now = ground.clock.now();
  const servers = [...ground.servers.values()];
  return {
    now,
    cost: ground.ledger.cost(now),
    machines: servers.map(summary),
    servers: servers.map((server) => serverView(ground, server)),
    blockVolumes: [...ground.blockVolumes.values()].map(blockVolumeView),
    localVolumes: [...ground.localVolumes.values()].map((volume) => localVolumeView(ground, volume)),
    ips: [...ground.ips.values()].map((ip) => ipView(ground, ip)),
    deleted: ground.deleted,
  };
}

function summary(server: Server): ServerSummary {
  const { id, name, zone, commercialType, state, stateDetail, tags } = server;
  return {
    id,
    name,
    zone,
    commercialType,
    state,
    stateDetail,
    tags,
    owned: isOwned(server),
    providerID: `scaleway://instance/${zone}/${id}`,
    boot: server.bootNote,
    node: server.node?.metadata.name ?? null,
  };
}

/** Volumes of ours, of either API, that no server uses. */
export function leakedVolumes(ground: Ground): readonly (BlockVolume | LocalVolume)[] {
  const block = [...ground.blockVolumes.values()].filter(
    (volume) => belongsToUs(volume) && !volume.references.some(({ serverId }) => ground.servers.has(serverId)),
  );
  const local = [...ground.localVolumes.values()].filter(
    (volume) => belongsToUs(volume) && (volume.serverId === undefined || !ground.servers.has(volume.serverId)),
  );
  return [...block, ...local];
}

export function leakedIps(ground: Ground): readonly Ip[] {
  return [...ground.ips.values()].filter((ip) => isOwned(ip) && !ip.foreign && ip.serverId === undefined);
}

/** Whatever of ours has gone on costing money for too long. */
export async function leaks(ground: Ground): Promise<Violation[]> {
  const at = ground.clock.now();
  const found: Violation[] = [];
  for (const server of ground.servers.values()) {
    const why = isOwned(server) && !server.foreign ? await leakReason(ground, server, at) : undefined;
    if (why === undefined) continue;
    found.push({ kind: "LeakedServer", message: `server ${server.name} ${why}`, at, server: server.id });
  }
  for (const volume of leakedVolumes(ground)) {
    const since = "freeSince" in volume ? volume.freeSince : volume.updatedAt;
    if (at - since <= GRACE_MS) continue;
    found.push({ kind: "LeakedVolume", message: `volume ${volume.name} is used by nobody`, at, volume: volume.id });
  }
  for (const ip of leakedIps(ground)) {
    if (at - ip.freeSince <= GRACE_MS) continue;
    found.push({ kind: "LeakedIp", message: `address ${ip.address} is used by nobody`, at, ip: ip.id });
  }
  return found;
}

async function leakReason(ground: Ground, server: Server, now: number): Promise<string | undefined> {
  const { state, stateSince, node } = server;
  if (state === "stopped" || state === "stopped in place") {
    return now - stateSince > GRACE_MS ? `stays ${state}` : undefined;
  }
  const { hooks } = ground;
  if (state !== "running" || hooks === undefined) return undefined;
  if (node === undefined) return now - stateSince > GRACE_MS ? "runs and never joined" : undefined;
  await server.hookQueue;
  return (await hooks.nodeExists(node.metadata.name ?? "")) ? undefined : "runs without its Node";
}
