// Servers: create, list, read, change, delete, actions and volumes attached to them (§1.5).

import { Reply } from "@karpenter-multicloud/core/testing/fake-cloud";
import { invalid } from "../api-error.ts";
import { mayWrite } from "../keyring.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import { createServer } from "../world/creation.ts";
import type { VolumeTemplate } from "../world/creation.ts";
import { attachBlock, attachLocal, detach } from "../world/disks.ts";
import { inZone, serverOf } from "../world/ground.ts";
import type { Server } from "../world/records.ts";
import { instanceTime } from "../world/timestamps.ts";
import { allowedActions, ipsOf, nicsOf, serverView } from "../world/views.ts";
import {
  asked,
  bodyOf,
  created,
  flag,
  ground,
  instanceList,
  param,
  required,
  tagFilter,
  text,
  texts,
  zoneOf,
} from "./call-context.ts";

const SERVERS = "/instance/v1/zones/{zone}/servers";
const FAKE_TASK = "00000000-0000-0000-0000-000000000000";

export const SERVER_ROUTES: readonly Route[] = routesOf("instance", [
  ["listServers", "GET", SERVERS, listServers],
  ["createServer", "POST", SERVERS, create],
  ["getServer", "GET", `${SERVERS}/{server_id}`, (call) => ({ server: view(call, serverIn(call)) })],
  ["updateServer", "PATCH", `${SERVERS}/{server_id}`, update],
  ["deleteServer", "DELETE", `${SERVERS}/{server_id}`, (call) => call.backend.world.life.remove(serverIn(call))],
  [
    "listServerActions",
    "GET",
    `${SERVERS}/{server_id}/action`,
    (call) => ({ actions: allowedActions(serverIn(call)) }),
  ],
  ["serverAction", "POST", `${SERVERS}/{server_id}/action`, act],
  ["attachVolume", "POST", `${SERVERS}/{server_id}/attach-volume`, attachVolume],
  ["detachVolume", "POST", `${SERVERS}/{server_id}/detach-volume`, detachVolume],
  ["getDashboard", "GET", "/instance/v1/zones/{zone}/dashboard", dashboard],
]);

export function serverIn(call: Call): Server {
  return serverOf(ground(call), zoneOf(call), param(call, "server_id"));
}

function view(call: Call, server: Server): unknown {
  return serverView(ground(call), server);
}

function listServers(call: Call): unknown {
  const zone = zoneOf(call);
  const hasTags = tagFilter(call);
  const wantedIds = call.query.get("servers")?.split(",");
  const name = call.query.get("name") ?? "";
  const servers = [...ground(call).servers.values()].filter(
    (server) =>
      server.zone === zone &&
      server.name.includes(name) &&
      hasTags(server) &&
      asked(call, "commercial_type", server.commercialType) &&
      asked(call, "state", server.state) &&
      asked(call, "project", server.projectId) &&
      asked(call, "organization", ground(call).organizationId) &&
      (wantedIds === undefined || wantedIds.includes(server.id)) &&
      matchesNetwork(call, server),
  );
  const ordered = call.query.get("order") === "creation_date_asc" ? servers : servers.toReversed();
  return instanceList(
    call,
    "servers",
    ordered.map((server) => view(call, server)),
  );
}

function matchesNetwork(call: Call, server: Server): boolean {
  const nics = nicsOf(ground(call), server);
  const ips = ipsOf(ground(call), server);
  const networks = (call.query.get("private_networks") ?? call.query.get("private_network") ?? "")
    .split(",")
    .filter((id) => id !== "");
  const mac = call.query.get("private_nic_mac_address");
  const withIp = call.query.get("with_ip");
  return (
    (networks.length === 0 || nics.some((nic) => networks.includes(nic.privateNetworkId))) &&
    (mac === null || nics.some((nic) => nic.macAddress === mac)) &&
    (withIp === null || ips.some((ip) => ip.address === withIp)) &&
    (call.query.get("without_ip") !== "true" || ips.length === 0)
  );
}

function create(call: Call): unknown {
  const body = bodyOf(call);
  const zone = zoneOf(call);
  const { backend } = call;
  const server = createServer(ground(call), zone, {
    name: text(body, "name") ?? `srv-${ground(call).random.hex(6)}`,
    commercialType: text(body, "commercial_type"),
    image: text(body, "image"),
    volumes: volumesOf(body),
    dynamicIpRequired: flag(body, "dynamic_ip_required") ?? true,
    publicIps: texts(body, "public_ips") ?? [],
    bootType: text(body, "boot_type") ?? "local",
    projectId: text(body, "project") ?? ground(call).projectId,
    tags: texts(body, "tags") ?? [],
    securityGroupId: text(body, "security_group"),
    placementGroupId: text(body, "placement_group"),
    protected: flag(body, "protected") ?? false,
    mayWriteVolumes: mayWrite(call.caller, "volume"),
    foreign: false,
    order: call.facts,
  });
  if (backend.switches.stockAt === "create") takeSlot(call, server);
  return created(call, "server", server.id, view(call, server));
}

/** W-75: the slot may already be taken here; then nothing stays of the server. */
function takeSlot(call: Call, server: Server): void {
  try {
    call.backend.world.life.takeStock(server);
  } catch (error) {
    const { servers, blockVolumes, localVolumes } = ground(call);
    servers.delete(server.id);
    for (const { volumeId } of server.disks.values()) {
      blockVolumes.delete(volumeId);
      localVolumes.delete(volumeId);
    }
    throw error;
  }
}

function volumesOf(body: Readonly<Record<string, unknown>>): Readonly<Record<string, VolumeTemplate>> | undefined {
  const volumes = body["volumes"];
  if (volumes === undefined || volumes === null) return undefined;
  if (typeof volumes !== "object" || Array.isArray(volumes)) throw invalid("volumes", "must be a map", "format");
  return volumes as Readonly<Record<string, VolumeTemplate>>;
}

function update(call: Call): unknown {
  const server = serverIn(call);
  const body = bodyOf(call);
  server.name = text(body, "name") ?? server.name;
  server.tags = texts(body, "tags") ?? server.tags;
  server.protected = flag(body, "protected") ?? server.protected;
  server.dynamicIpRequired = flag(body, "dynamic_ip_required") ?? server.dynamicIpRequired;
  const group = body["security_group"];
  const groupId = typeof group === "object" && group !== null ? (group as { readonly id?: string }).id : undefined;
  if (groupId !== undefined) {
    server.securityGroupId = inZone(ground(call).securityGroups, server.zone, groupId, "instance_security_group").id;
  }
  if (body["placement_group"] === null) server.placementGroupId = undefined;
  server.placementGroupId = text(body, "placement_group") ?? server.placementGroupId;
  server.updatedAt = ground(call).clock.now();
  return { server: view(call, server) };
}

function act(call: Call): unknown {
  const server = serverIn(call);
  const action = required(bodyOf(call), "action");
  call.backend.world.life.act(server, action, call.facts);
  const task = {
    id: FAKE_TASK,
    description: "fake task",
    status: "pending",
    href_from: `/servers/${server.id}/action`,
    href_result: `/servers/${server.id}`,
    started_at: instanceTime(ground(call).clock.now()),
    terminated_at: null,
    progress: 0,
    zone: server.zone,
  };
  return new Reply({ status: 202, body: { task } });
}

function attachVolume(call: Call): unknown {
  const server = serverIn(call);
  const id = required(bodyOf(call), "volume_id");
  const { blockVolumes, localVolumes } = ground(call);
  const block = blockVolumes.get(id);
  const local = localVolumes.get(id);
  if (block !== undefined) attachBlock(ground(call), server, block);
  else if (local !== undefined) attachLocal(ground(call), server, local);
  else throw invalid("volume_id", "the volume does not exist");
  return { server: view(call, server) };
}

function detachVolume(call: Call): unknown {
  const server = serverIn(call);
  detach(ground(call), server, required(bodyOf(call), "volume_id"));
  return { server: view(call, server) };
}

function dashboard(call: Call): unknown {
  const zone = zoneOf(call);
  const servers = [...ground(call).servers.values()].filter((server) => server.zone === zone);
  const types: Record<string, number> = {};
  for (const { commercialType } of servers) types[commercialType] = (types[commercialType] ?? 0) + 1;
  const inThisZone = (things: ReadonlyMap<string, { readonly zone: string }>): number =>
    [...things.values()].filter((each) => each.zone === zone).length;
  return {
    dashboard: {
      volumes_count: inThisZone(ground(call).localVolumes),
      running_servers_count: servers.filter(({ state }) => state === "running").length,
      servers_by_types: types,
      images_count: 0,
      snapshots_count: 0,
      servers_count: servers.length,
      ips_count: inThisZone(ground(call).ips),
      security_groups_count: inThisZone(ground(call).securityGroups),
      ips_unused: [...ground(call).ips.values()].filter((ip) => ip.zone === zone && ip.serverId === undefined).length,
      volumes_l_ssd_count: inThisZone(ground(call).localVolumes),
      volumes_l_ssd_total_size: 0,
      private_nics_count: inThisZone(ground(call).nics),
      placement_groups_count: inThisZone(ground(call).placementGroups),
    },
  };
}
