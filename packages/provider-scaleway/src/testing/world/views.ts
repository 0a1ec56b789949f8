// Things in the shape of the wire (§1.5, §1.6, §1.7); the recorded answers say which fields there are.

import type { FakeImage } from "../seed/images.ts";
import type { Ground } from "./ground.ts";
import type {
  BlockVolume,
  Ip,
  LocalVolume,
  Nic,
  PlacementGroup,
  SecurityGroup,
  Server,
  ServerState,
} from "./records.ts";
import { instanceTime, plainTime } from "./timestamps.ts";

type Json = Readonly<Record<string, unknown>>;

const ACTIONS: Readonly<Record<ServerState, readonly string[]>> = {
  stopped: ["poweron", "backup"],
  starting: ["stop_in_place", "backup"],
  running: ["poweroff", "terminate", "reboot", "stop_in_place", "backup"],
  stopping: ["stop_in_place", "backup"],
  "stopped in place": ["poweron", "poweroff", "terminate", "reboot", "backup"],
  locked: [],
};

export function allowedActions({ state }: Pick<Server, "state">): readonly string[] {
  return ACTIONS[state];
}

export function serverView(ground: Ground, server: Server): Json {
  const { image, placementGroupId } = server;
  const ips = ipsOf(ground, server).map((ip) => publicIpView(ip));
  const group = placementGroupId === undefined ? undefined : ground.placementGroups.get(placementGroupId);
  const security = ground.securityGroups.get(server.securityGroupId);
  return {
    id: server.id,
    name: server.name,
    arch: ground.types.get(server.commercialType)?.arch ?? "x86_64",
    commercial_type: server.commercialType,
    boot_type: server.bootType,
    organization: ground.organizationId,
    project: server.projectId,
    hostname: server.name,
    image: image === undefined ? null : imageView(ground, image),
    volumes: Object.fromEntries([...server.disks].map(([key, disk]) => [key, diskView(ground, server, disk)])),
    tags: server.tags,
    state: server.state,
    protected: server.protected,
    state_detail: server.stateDetail,
    public_ip: ips[0] ?? null,
    public_ips: ips,
    mac_address: server.macAddress,
    routed_ip_enabled: true,
    ipv6: null,
    extra_networks: [],
    dynamic_ip_required: server.dynamicIpRequired,
    enable_ipv6: false,
    private_ip: null,
    creation_date: instanceTime(server.createdAt),
    modification_date: instanceTime(server.updatedAt),
    bootscript: null,
    security_group: { id: server.securityGroupId, name: security?.name ?? "" },
    location: server.placed
      ? { zone_id: server.zone, platform_id: "14", cluster_id: "35", hypervisor_id: "1302", node_id: "21" }
      : null,
    maintenances:
      server.maintenanceAt === undefined
        ? []
        : [{ start_date: instanceTime(server.maintenanceAt), reason: "hardware maintenance" }],
    allowed_actions: allowedActions(server),
    placement_group: group === undefined ? null : { ...placementGroupView(ground, group), policy_respected: false },
    private_nics: nicsOf(ground, server).map((nic) => nicView(nic)),
    zone: server.zone,
    filesystems: [],
    end_of_service: endOfService(ground, server.commercialType, server.zone),
    dns: `${server.id}.pub.instances.scw.cloud`,
  };
}

export function endOfService(ground: Ground, type: string, zone: string): boolean {
  return ground.types.get(type)?.zones.find((each) => each.zone === zone)?.endOfService ?? false;
}

export function ipsOf(ground: Ground, server: Server): readonly Ip[] {
  return [...ground.ips.values()].filter(({ serverId }) => serverId === server.id);
}

export function nicsOf(ground: Ground, server: Server): readonly Nic[] {
  return [...ground.nics.values()].filter(({ serverId }) => serverId === server.id);
}

function diskView(ground: Ground, server: Server, disk: { readonly type: string; readonly volumeId: string }): Json {
  const local = ground.localVolumes.get(disk.volumeId);
  if (local !== undefined) return { boot: false, ...localVolumeView(ground, local) };
  return { boot: false, volume_type: disk.type, id: disk.volumeId, state: "available", zone: server.zone };
}

function publicIpView(ip: Ip): Json {
  const v4 = ip.type === "routed_ipv4";
  return {
    id: ip.id,
    address: ip.address,
    dynamic: ip.dynamic,
    gateway: v4 ? "62.210.0.1" : "fe80::1",
    netmask: v4 ? "32" : "64",
    family: v4 ? "inet" : "inet6",
    provisioning_mode: v4 ? "dhcp" : "slaac",
    tags: ip.tags,
    state: ip.state,
    ipam_id: ipamId(ip),
  };
}

export function ipView(ground: Ground, ip: Ip): Json {
  const server = ip.serverId === undefined ? undefined : ground.servers.get(ip.serverId);
  return {
    id: ip.id,
    address: ip.type === "routed_ipv4" ? ip.address : null,
    prefix: ip.type === "routed_ipv4" ? null : `${ip.address}/64`,
    reverse: null,
    server: server === undefined ? null : { id: server.id, name: server.name },
    organization: ground.organizationId,
    project: ip.projectId,
    zone: ip.zone,
    type: ip.type,
    state: ip.state,
    tags: ip.tags,
    ipam_id: ipamId(ip),
  };
}

function ipamId({ id }: Ip): string {
  return `${id.slice(0, -4)}1bad`;
}

export function imageView(ground: Ground, image: FakeImage): Json {
  const local = image.type === "instance_local";
  return {
    id: image.id,
    name: image.name,
    organization: ground.organizationId,
    project: ground.projectId,
    root_volume: local
      ? { id: image.snapshotId, name: image.name, volume_type: "l_ssd", size: image.minSize }
      : { volume_type: "sbs_snapshot", id: image.snapshotId, size: 0, name: "" },
    extra_volumes: {},
    public: image.public,
    arch: image.arch,
    creation_date: instanceTime(image.createdAt),
    modification_date: instanceTime(image.createdAt),
    default_bootscript: null,
    from_server: "",
    state: "available",
    tags: [],
    zone: image.zone,
  };
}

export function blockVolumeView(volume: BlockVolume): Json {
  return {
    id: volume.id,
    name: volume.name,
    type: volume.iops === 15_000 ? "sbs_15k" : "sbs_5k",
    size: volume.size,
    project_id: volume.projectId,
    created_at: plainTime(volume.createdAt),
    updated_at: plainTime(volume.updatedAt),
    references: volume.references.map((reference) => ({
      id: reference.id,
      product_resource_type: "instance_server",
      product_resource_id: reference.serverId,
      created_at: plainTime(reference.createdAt),
      type: "exclusive",
      status: reference.status,
    })),
    parent_snapshot_id: volume.parentSnapshotId,
    status: volume.deleting ? "deleting" : volume.references.length > 0 ? "in_use" : "available",
    tags: volume.tags,
    specs: { perf_iops: volume.iops, class: "sbs" },
    last_detached_at: volume.lastDetachedAt === undefined ? null : plainTime(volume.lastDetachedAt),
    kms_key_id: null,
    zone: volume.zone,
  };
}

export function localVolumeView(ground: Ground, volume: LocalVolume): Json {
  const server = volume.serverId === undefined ? undefined : ground.servers.get(volume.serverId);
  return {
    id: volume.id,
    name: volume.name,
    volume_type: volume.type,
    export_uri: null,
    organization: ground.organizationId,
    project: volume.projectId,
    server: server === undefined ? null : { id: server.id, name: server.name },
    size: volume.size,
    state: volume.state,
    creation_date: instanceTime(volume.createdAt),
    modification_date: instanceTime(volume.updatedAt),
    tags: volume.tags,
    zone: volume.zone,
  };
}

export function nicView(nic: Nic): Json {
  return {
    id: nic.id,
    private_network_id: nic.privateNetworkId,
    server_id: nic.serverId,
    mac_address: nic.macAddress,
    state: nic.attaching ? "syncing" : "available",
    creation_date: instanceTime(nic.createdAt),
    modification_date: instanceTime(nic.updatedAt),
    zone: nic.zone,
    tags: nic.tags,
    ipam_ip_ids: nic.ipIds,
  };
}

export function nicViewV2(nic: Nic): Json {
  return {
    id: nic.id,
    private_network_id: nic.privateNetworkId,
    project_id: nic.projectId,
    server_id: nic.serverId,
    security_group_id: "",
    mac_address: nic.macAddress,
    status: nic.attaching ? "attaching" : "available",
    ip_ids: nic.ipIds,
    tags: nic.tags,
    created_at: plainTime(nic.createdAt),
    updated_at: plainTime(nic.updatedAt),
  };
}

export function securityGroupView(ground: Ground, group: SecurityGroup): Json {
  const servers = [...ground.servers.values()].filter(({ securityGroupId }) => securityGroupId === group.id);
  return {
    id: group.id,
    creation_date: instanceTime(group.createdAt),
    modification_date: instanceTime(group.updatedAt),
    name: group.name,
    description: group.description,
    organization: ground.organizationId,
    project: group.projectId,
    servers: servers.map(({ id, name }) => ({ id, name })),
    stateful: group.stateful,
    inbound_default_policy: group.inboundDefaultPolicy,
    outbound_default_policy: group.outboundDefaultPolicy,
    organization_default: false,
    project_default: group.isProjectDefault,
    enable_default_security: true,
    state: "available",
    tags: group.tags,
    zone: group.zone,
  };
}

export function placementGroupView(ground: Ground, group: PlacementGroup): Json {
  return {
    id: group.id,
    name: group.name,
    organization: ground.organizationId,
    project: group.projectId,
    tags: group.tags,
    policy_mode: group.policyMode,
    policy_type: group.policyType,
    policy_respected: true,
    zone: group.zone,
  };
}
