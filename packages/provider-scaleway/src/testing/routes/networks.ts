// Private networks and what hangs on them: interfaces of both API versions, VPC, address management.

import { invalid } from "../api-error.ts";
import { notFound } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import { networkFor, serverOf, takeAddresses } from "../world/ground.ts";
import type { IpamIp, Nic, PrivateNetwork, Server } from "../world/records.ts";
import { plainTime } from "../world/timestamps.ts";
import { nicsOf, nicView, nicViewV2 } from "../world/views.ts";
import { asked, bodyOf, ground, param, plainList, required, tagFilter, text, texts, zoneOf } from "./call-context.ts";
import { Reply } from "@karpenter-multicloud/core/testing/fake-cloud";
import { serverIn } from "./servers.ts";

const NICS = "/instance/v1/zones/{zone}/servers/{server_id}/private_nics";
const NICS_V2 = "/instance/v2alpha1/zones/{zone}/private-network-interfaces";
const VPC = "/vpc/v2/regions/{region}";

export const NETWORK_ROUTES: readonly Route[] = [
  ...routesOf("instance", [
    ["listNics", "GET", NICS, (call) => ({ private_nics: nicsOf(ground(call), serverIn(call)).map(nicView) })],
    ["createNic", "POST", NICS, createNic],
    ["getNic", "GET", `${NICS}/{nic}`, (call) => ({ private_nic: nicView(nicIn(call)) })],
    ["updateNic", "PATCH", `${NICS}/{nic}`, updateNic],
    ["deleteNic", "DELETE", `${NICS}/{nic}`, removeNic],
    ["listNicsV2", "GET", NICS_V2, listNicsV2],
    ["createNicV2", "POST", NICS_V2, createNicV2],
    ["getNicV2", "GET", `${NICS_V2}/{nic}`, (call) => nicViewV2(nicIn(call))],
    ["deleteNicV2", "DELETE", `${NICS_V2}/{nic}`, removeNic],
  ]),
  ...routesOf("network", [
    ["listPrivateNetworks", "GET", `${VPC}/private-networks`, listNetworks],
    ["createPrivateNetwork", "POST", `${VPC}/private-networks`, createNetwork],
    ["getPrivateNetwork", "GET", `${VPC}/private-networks/{id}`, (call) => networkView(networkIn(call))],
    ["deletePrivateNetwork", "DELETE", `${VPC}/private-networks/{id}`, removeNetwork],
    ["listVpcs", "GET", `${VPC}/vpcs`, listVpcs],
    ["listIpamIps", "GET", "/ipam/v1/regions/{region}/ips", listIpamIps],
  ]),
];

function nicIn(call: Call): Nic {
  const id = param(call, "nic");
  const nic = ground(call).nics.get(id);
  const ofServer = call.params["server_id"];
  if (nic === undefined || nic.zone !== zoneOf(call) || (ofServer !== undefined && nic.serverId !== ofServer)) {
    throw notFound("instance_private_nic", id);
  }
  return nic;
}

function newNic(call: Call, server: Server, networkId: string): Nic {
  const world = ground(call);
  const network = networkFor(world, server.zone, networkId);
  if (nicsOf(world, server).some((nic) => nic.privateNetworkId === networkId)) {
    throw invalid("private_network_id", "the server is already in this private network");
  }
  const now = world.clock.now();
  const id = world.random.uuid();
  const mac = `02:00:00:${world.random.hex(2)}:${world.random.hex(2)}:${world.random.hex(2)}`;
  const resource = { type: "instance_private_nic", id, mac, name: server.name };
  const isRunning = server.state === "running";
  const nic: Nic = {
    id,
    zone: server.zone,
    projectId: server.projectId,
    createdAt: now,
    updatedAt: now,
    tags: texts(bodyOf(call), "tags") ?? [],
    foreign: false,
    serverId: server.id,
    privateNetworkId: networkId,
    macAddress: mac,
    ipIds: takeAddresses(world, network, resource),
    state: "available",
    attaching: isRunning,
  };
  world.nics.set(id, nic);
  if (isRunning) {
    world.timers.after(world.durations.nicAttaching, () => {
      nic.attaching = false;
    });
  }
  return nic;
}

function createNic(call: Call): unknown {
  const nic = newNic(call, serverIn(call), required(bodyOf(call), "private_network_id"));
  return new Reply({ status: 201, body: { private_nic: nicView(nic) } });
}

function updateNic(call: Call): unknown {
  const nic = nicIn(call);
  nic.tags = texts(bodyOf(call), "tags") ?? nic.tags;
  return { private_nic: nicView(nic) };
}

function removeNic(call: Call): unknown {
  const nic = nicIn(call);
  ground(call).nics.delete(nic.id);
  for (const id of nic.ipIds) ground(call).ipamIps.delete(id);
  return undefined;
}

function listNicsV2(call: Call): unknown {
  const zone = zoneOf(call);
  const nics = [...ground(call).nics.values()].filter(
    (nic) => nic.zone === zone && asked(call, "server_id", nic.serverId),
  );
  return plainList(call, "private_network_interfaces", nics.map(nicViewV2));
}

function createNicV2(call: Call): unknown {
  const body = bodyOf(call);
  const server = serverOf(ground(call), zoneOf(call), required(body, "server_id"));
  return nicViewV2(newNic(call, server, required(body, "private_network_id")));
}

function networkIn(call: Call): PrivateNetwork {
  const id = param(call, "id");
  const network = ground(call).privateNetworks.get(id);
  if (network === undefined || network.region !== param(call, "region")) throw notFound("private_network", id);
  return network;
}

function networkView(network: PrivateNetwork): unknown {
  const subnet = (id: string, range: string): unknown => ({
    id,
    created_at: plainTime(network.createdAt),
    updated_at: plainTime(network.createdAt),
    subnet: range,
    project_id: network.projectId,
    private_network_id: network.id,
    vpc_id: network.vpcId,
  });
  return {
    id: network.id,
    name: network.name,
    organization_id: "",
    project_id: network.projectId,
    region: network.region,
    tags: network.tags,
    created_at: plainTime(network.createdAt),
    updated_at: plainTime(network.createdAt),
    subnets: [subnet(network.subnetId, `10.1.${network.block}.0/22`)],
    vpc_id: network.vpcId,
    dhcp_enabled: true,
    default_route_propagation_enabled: true,
  };
}

function listNetworks(call: Call): unknown {
  const region = param(call, "region");
  const hasTags = tagFilter(call);
  const networks = [...ground(call).privateNetworks.values()].filter(
    (network) =>
      network.region === region &&
      hasTags(network) &&
      network.name.includes(call.query.get("name") ?? "") &&
      asked(call, "project_id", network.projectId) &&
      asked(call, "vpc_id", network.vpcId),
  );
  return plainList(call, "private_networks", networks.map(networkView));
}

function createNetwork(call: Call): unknown {
  const body = bodyOf(call);
  return networkView(
    addNetwork(call, {
      region: param(call, "region"),
      name: text(body, "name") ?? "",
      tags: texts(body, "tags") ?? [],
      projectId: text(body, "project_id") ?? ground(call).projectId,
    }),
  );
}

function addNetwork(call: Call, given: Pick<PrivateNetwork, "region" | "name" | "tags" | "projectId">): PrivateNetwork {
  const { privateNetworks, random, clock } = ground(call);
  const network: PrivateNetwork = {
    ...given,
    id: random.uuid(),
    name: given.name === "" ? `pn-${random.hex(6)}` : given.name,
    vpcId: vpcId(given.region),
    subnetId: random.uuid(),
    block: 4 * (privateNetworks.size + 1),
    createdAt: clock.now(),
  };
  privateNetworks.set(network.id, network);
  return network;
}

function removeNetwork(call: Call): unknown {
  ground(call).privateNetworks.delete(networkIn(call).id);
  return undefined;
}

function vpcId(region: string): string {
  const digits = Buffer.from(region).toString("hex").padEnd(12, "0").slice(0, 12);
  return `00000000-0000-4000-8000-${digits}`;
}

function listVpcs(call: Call): unknown {
  const region = param(call, "region");
  const vpc = {
    id: vpcId(region),
    name: "default",
    region,
    is_default: true,
    project_id: ground(call).projectId,
    tags: [],
  };
  return plainList(call, "vpcs", [vpc]);
}

function listIpamIps(call: Call): unknown {
  const region = param(call, "region");
  const ips = [...ground(call).ipamIps.values()].filter(
    (ip) =>
      ip.region === region &&
      asked(call, "resource_id", ip.resource.id) &&
      asked(call, "resource_type", ip.resource.type) &&
      asked(call, "private_network_id", ip.privateNetworkId) &&
      asked(call, "is_ipv6", String(ip.isIpv6)) &&
      asked(call, "project_id", ip.projectId),
  );
  return plainList(call, "ips", ips.map(ipamView));
}

function ipamView(ip: IpamIp): unknown {
  const { type, id, mac, name } = ip.resource;
  return {
    id: ip.id,
    address: ip.address,
    project_id: ip.projectId,
    is_ipv6: ip.isIpv6,
    created_at: plainTime(ip.createdAt),
    updated_at: plainTime(ip.createdAt),
    source: { subnet_id: ip.subnetId },
    resource: { type, id, mac_address: mac, name },
    tags: [],
    reverses: [],
    region: ip.region,
    zone: null,
  };
}
