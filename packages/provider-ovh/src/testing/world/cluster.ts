// What a managed cluster is, what the API shows of it, and how its pools and machines are found.

import { notFound } from "../api-error.ts";
import type { SeedRegion } from "../seed/regions.ts";
import type { Machine } from "./machine.ts";
import type { Pool } from "./pool.ts";
import { iso } from "./timestamps.ts";

export type Plan = "free" | "standard";
export type ClusterStatus =
  | "DELETED"
  | "DELETING"
  | "ERROR"
  | "INSTALLING"
  | "MAINTENANCE"
  | "READY"
  | "REDEPLOYING"
  | "REOPENING"
  | "RESETTING"
  | "SUSPENDED"
  | "SUSPENDING"
  | "UNKNOWN"
  | "UPDATING"
  | "USER_ERROR"
  | "USER_QUOTA_ERROR"
  | "USER_WEBHOOK_PREVENTING_OPERATIONS_ERROR";

export interface Cluster {
  readonly id: string;
  readonly serviceName: string;
  readonly name: string;
  readonly region: string;
  readonly place: SeedRegion;
  readonly plan: Plan;
  readonly url: string;
  readonly createdAt: number;
  version: string;
  status: ClusterStatus;
  updatedAt: number;
  readonly pools: Map<string, Pool>;
}

/** The zone value that Nodes of a region without named zones carry. */
export const ONE_AZ_ZONE = "nova";

export const NODE_LIMITS: Readonly<Record<Plan, number>> = { free: 100, standard: 500 };
export const POOL_LIMIT = 100;

export function isThreeAz(cluster: Cluster): boolean {
  return cluster.place.type === "region-3-az";
}

export function zoneOf(pool: Pool): string {
  return pool.availabilityZones?.[0] ?? ONE_AZ_ZONE;
}

export function visiblePools(cluster: Cluster, now: number): Pool[] {
  return [...cluster.pools.values()].filter((pool) => pool.visibleFrom <= now);
}

export function findPool(cluster: Cluster, id: string, now: number): Pool {
  const pool = cluster.pools.get(id);
  if (pool === undefined || pool.visibleFrom > now) throw notFound("NodePool");
  return pool;
}

export function findMachine(cluster: Cluster, id: string): { readonly pool: Pool; readonly machine: Machine } {
  for (const pool of cluster.pools.values()) {
    const machine = pool.machines.find((candidate) => candidate.id === id);
    if (machine !== undefined) return { pool, machine };
  }
  throw notFound("Node");
}

/** History shows the deleted ones only, newest first. */
export function listMachines(pools: readonly Pool[], history: boolean): Machine[] {
  const machines = pools.flatMap((pool) => (history ? pool.history : pool.machines));
  return history ? machines.sort((a, b) => (b.deletedAt ?? 0) - (a.deletedAt ?? 0)) : machines;
}

export function clusterView(cluster: Cluster): Readonly<Record<string, unknown>> {
  return {
    id: cluster.id,
    name: cluster.name,
    region: cluster.region,
    url: cluster.url,
    nodesUrl: cluster.url.replace(".", ".nodes."),
    version: cluster.version,
    nextUpgradeVersions: [],
    plan: cluster.plan,
    status: cluster.status,
    updatePolicy: "ALWAYS_UPDATE",
    isUpToDate: true,
    controlPlaneIsUpToDate: true,
    kubeProxyMode: "iptables",
    customization: null,
    privateNetworkId: null,
    privateNetworkConfiguration: null,
    nodesSubnetId: null,
    loadBalancersSubnetId: null,
    ipAllocationPolicy: null,
    auditLogsSubscribed: false,
    createdAt: iso(cluster.createdAt),
    updatedAt: iso(cluster.updatedAt),
  };
}
