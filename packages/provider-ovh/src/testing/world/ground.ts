// What machines and pools of the fake stand on: its clock, the cluster behind it, speeds, dice, stock and limits.

import type { Durations } from "../durations.ts";
import type { WorldBasis } from "@karpenter-multicloud/core/testing/fake-cloud";
import type { FakeFault } from "../faults.ts";
import type { OvhInvariants } from "../invariants.ts";
import type { SeedFlavor } from "../seed/flavors.ts";
import type { Switches } from "../switches.ts";
import type { Cluster } from "./cluster.ts";
import type { Machine } from "./machine.ts";

/** Limits of one project in one region; an absent one is not checked. */
export interface Quotas {
  readonly instances?: number;
  readonly cores?: number;
  readonly ramGB?: number;
}

export interface Usage {
  readonly instances: number;
  readonly cores: number;
  readonly ramGB: number;
}

export interface Ground extends WorldBasis<Durations, Switches, FakeFault, OvhInvariants> {
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly flavors: ReadonlyMap<string, SeedFlavor>;
  readonly unavailableFlavors: Set<string>;
  /** How many machines there can be, by "flavor/zone". */
  readonly stock: Map<string, number>;
  readonly prices: Map<string, number>;
  quotas: Quotas;
}

function clustersAt(ground: Ground, serviceName: string, region: string): Cluster[] {
  return [...ground.clusters.values()].filter(
    (cluster) => cluster.serviceName === serviceName && cluster.region === region,
  );
}

/** Machines that hold an instance: they count against stock and quota until they are gone. */
function holders(clusters: Iterable<Cluster>): Machine[] {
  return [...clusters]
    .flatMap((cluster) => [...cluster.pools.values()])
    .flatMap((pool) => pool.machines)
    .filter((machine) => machine.instanceId !== null);
}

export function usage(ground: Ground, serviceName: string, region: string): Usage {
  const flavors = holders(clustersAt(ground, serviceName, region)).map(({ flavor }) => ground.flavors.get(flavor));
  return {
    instances: flavors.length,
    cores: flavors.reduce((sum, flavor) => sum + (flavor?.vCPUs ?? 0), 0),
    ramGB: flavors.reduce((sum, flavor) => sum + (flavor?.ramGB ?? 0), 0),
  };
}

/** Whether `count` more machines of this size exceed the quota. */
export function exceedsQuota(ground: Ground, cluster: Cluster, flavor: SeedFlavor, count: number): boolean {
  const used = usage(ground, cluster.serviceName, cluster.region);
  const { quotas } = ground;
  return (
    used.instances + count > (quotas.instances ?? Number.POSITIVE_INFINITY) ||
    used.cores + count * flavor.vCPUs > (quotas.cores ?? Number.POSITIVE_INFINITY) ||
    used.ramGB + count * flavor.ramGB > (quotas.ramGB ?? Number.POSITIVE_INFINITY)
  );
}

export function isOutOfStock(ground: Ground, region: string, flavor: string, zone: string): boolean {
  const stock = ground.stock.get(`${flavor}/${zone}`);
  if (stock === undefined) return false;
  const rivals = holders([...ground.clusters.values()].filter((cluster) => cluster.region === region));
  return rivals.filter((machine) => machine.flavor === flavor && machine.zone === zone).length >= stock;
}
