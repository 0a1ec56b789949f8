// Flexible IPs: made, attached, listed, released (§1.5).

import { invalid, notFound } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import { noteForeign } from "../world/disks.ts";
import { serverOf } from "../world/ground.ts";
import type { Ip } from "../world/records.ts";
import { newAddress } from "../world/server-life.ts";
import { ipView } from "../world/views.ts";
import { asked, bodyOf, created, ground, instanceList, param, tagFilter, text, texts, zoneOf } from "./call-context.ts";

const IPS = "/instance/v1/zones/{zone}/ips";

export const IP_ROUTES: readonly Route[] = routesOf("instance", [
  ["listIps", "GET", IPS, list],
  ["createIp", "POST", IPS, create],
  ["getIp", "GET", `${IPS}/{ip}`, (call) => ({ ip: ipView(ground(call), ipIn(call)) })],
  ["updateIp", "PATCH", `${IPS}/{ip}`, update],
  ["deleteIp", "DELETE", `${IPS}/{ip}`, remove],
]);

/** By id or by address. */
function ipIn(call: Call): Ip {
  const zone = zoneOf(call);
  const name = param(call, "ip");
  const found = [...ground(call).ips.values()].find(
    (ip) => ip.zone === zone && (ip.id === name || ip.address === name),
  );
  if (found === undefined) throw notFound("instance_ip", name);
  return found;
}

function list(call: Call): unknown {
  const zone = zoneOf(call);
  const hasTags = tagFilter(call);
  const ips = [...ground(call).ips.values()].filter(
    (ip) =>
      ip.zone === zone &&
      hasTags(ip) &&
      asked(call, "project", ip.projectId) &&
      asked(call, "name", ip.address) &&
      asked(call, "type", ip.type),
  );
  return instanceList(
    call,
    "ips",
    ips.toReversed().map((ip) => ipView(ground(call), ip)),
  );
}

function create(call: Call): unknown {
  const body = bodyOf(call);
  const zone = zoneOf(call);
  const type = text(body, "type") ?? "routed_ipv4";
  if (type !== "routed_ipv4" && type !== "routed_ipv6") throw invalid("type", "must be routed_ipv4 or routed_ipv6");
  const { ips, random, clock, projectId } = ground(call);
  const serverId = text(body, "server");
  const now = clock.now();
  const server = serverId === undefined ? undefined : serverOf(ground(call), zone, serverId);
  const ip: Ip = {
    id: random.uuid(),
    zone,
    projectId: text(body, "project") ?? projectId,
    createdAt: now,
    updatedAt: now,
    tags: texts(body, "tags") ?? [],
    foreign: false,
    address: type === "routed_ipv4" ? newAddress(ips.size) : `2001:db8:0:${random.hex(4)}::`,
    type,
    dynamic: false,
    serverId: server?.id,
    state: server === undefined ? "detached" : "attached",
    freeSince: now,
  };
  ips.set(ip.id, ip);
  return created(call, "ip", ip.id, ipView(ground(call), ip));
}

function update(call: Call): unknown {
  const ip = ipIn(call);
  const body = bodyOf(call);
  ip.tags = texts(body, "tags") ?? ip.tags;
  if (body["server"] === null) Object.assign(ip, { serverId: undefined, state: "detached" });
  const serverId = text(body, "server");
  if (serverId !== undefined) {
    const server = serverOf(ground(call), ip.zone, serverId);
    Object.assign(ip, { serverId: server.id, state: "attached" });
  }
  ip.updatedAt = ground(call).clock.now();
  return { ip: ipView(ground(call), ip) };
}

function remove(call: Call): unknown {
  const ip = ipIn(call);
  noteForeign(ground(call), ip.foreign, `address ${ip.address}`, ip.id);
  ground(call).ips.delete(ip.id);
  ground(call).deleted.push({ kind: "ip", id: ip.id, at: ground(call).clock.now() });
  return undefined;
}
