// Everything the fake world stands on: its clock and dice, what is on sale, and what the project holds.

import type { ClusterBehind } from "@karpenter-multicloud/core/testing/cloud-init";
import type { WorldBasis } from "@karpenter-multicloud/core/testing/fake-cloud";
import { notFound } from "../api-error.ts";
import type { Durations } from "../durations.ts";
import type { FakeFault } from "../faults.ts";
import type { ScalewayInvariants } from "../invariants.ts";
import type { FakeImage } from "../seed/images.ts";
import type { SeedType, Stock } from "../seed/server-types.ts";
import type { Switches } from "../switches.ts";
import type {
  BlockVolume,
  IpamIp,
  Ip,
  LocalVolume,
  Nic,
  PlacementGroup,
  PrivateNetwork,
  SecurityGroup,
  Server,
} from "./records.ts";
import { regionOf } from "./records.ts";

export interface Ground extends WorldBasis<Durations, Switches, FakeFault, ScalewayInvariants> {
  readonly cluster: ClusterBehind | undefined;
  readonly organizationId: string;
  readonly projectId: string;
  readonly zones: readonly string[];
  readonly types: Map<string, SeedType>;
  /** Overrides of the availability list, by "type/zone". */
  readonly availability: Map<string, Stock>;
  /** Machines there are, by "type/zone"; absent = no end of them. */
  readonly stock: Map<string, number>;
  /** Servers of a type that the organisation may have, by type. */
  readonly quotas: Map<string, number>;
  images: FakeImage[];
  readonly servers: Map<string, Server>;
  readonly blockVolumes: Map<string, BlockVolume>;
  readonly localVolumes: Map<string, LocalVolume>;
  readonly ips: Map<string, Ip>;
  readonly nics: Map<string, Nic>;
  readonly securityGroups: Map<string, SecurityGroup>;
  readonly placementGroups: Map<string, PlacementGroup>;
  readonly privateNetworks: Map<string, PrivateNetwork>;
  readonly ipamIps: Map<string, IpamIp>;
  /** Everything ever deleted, for tests: kind and id. */
  readonly deleted: { readonly kind: string; readonly id: string; readonly at: number }[];
}

/** A thing in its own zone; elsewhere it answers 404 like one that never was. */
export function inZone<Thing extends { readonly zone: string }>(
  things: ReadonlyMap<string, Thing>,
  zone: string,
  id: string,
  resource: string,
): Thing {
  const found = things.get(id);
  if (found === undefined || found.zone !== zone) throw notFound(resource, id);
  return found;
}

export function serverOf(ground: Ground, zone: string, id: string): Server {
  return inZone(ground.servers, zone, id, "instance_server");
}

/** The project's own group of a zone, made when it is first needed. */
export function defaultSecurityGroup(ground: Ground, zone: string): SecurityGroup {
  const known = [...ground.securityGroups.values()].find((group) => group.zone === zone && group.isProjectDefault);
  if (known !== undefined) return known;
  const now = ground.clock.now();
  const group: SecurityGroup = {
    id: ground.random.uuid(),
    zone,
    projectId: ground.projectId,
    createdAt: now,
    updatedAt: now,
    tags: [],
    foreign: true,
    name: "Default security group",
    isProjectDefault: true,
    description: null,
    stateful: true,
    inboundDefaultPolicy: "accept",
    outboundDefaultPolicy: "accept",
    rules: [],
  };
  ground.securityGroups.set(group.id, group);
  return group;
}

/** A private network's addresses for a new interface: one of each family, kept by the address management. */
export function takeAddresses(
  ground: Ground,
  network: PrivateNetwork,
  resource: IpamIp["resource"],
): readonly string[] {
  const taken = [...ground.ipamIps.values()].filter((ip) => ip.privateNetworkId === network.id && !ip.isIpv6).length;
  const make = (address: string, isIpv6: boolean): string => {
    const ip: IpamIp = {
      id: ground.random.uuid(),
      address,
      isIpv6,
      region: network.region,
      projectId: network.projectId,
      subnetId: network.subnetId,
      privateNetworkId: network.id,
      createdAt: ground.clock.now(),
      resource,
    };
    ground.ipamIps.set(ip.id, ip);
    return ip.id;
  };
  const v4 = `10.1.${network.block + Math.floor((taken + 2) / 256)}.${(taken + 2) % 256}/22`;
  return [make(v4, false), make(`fd5f:519c:6d46:${network.block.toString(16)}::${(taken + 2).toString(16)}/64`, true)];
}

export function networkFor(ground: Ground, zone: string, id: string): PrivateNetwork {
  const network = ground.privateNetworks.get(id);
  if (network === undefined || network.region !== regionOf(zone)) throw notFound("private_network", id);
  return network;
}
