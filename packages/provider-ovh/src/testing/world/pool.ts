// What a node pool is and what the API shows of it: status, size status and counters follow from its machines (F-5).

import type { TaintEffect } from "@karpenter-multicloud/core/api";
import type { Machine, MachineStatus } from "./machine.ts";
import { isFailed, isLive } from "./machine.ts";
import { iso } from "./timestamps.ts";

export interface PoolTaint {
  readonly key: string;
  readonly value: string;
  readonly effect: TaintEffect;
}

export interface PoolTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly finalizers: readonly string[];
  };
  readonly spec: { readonly taints: readonly PoolTaint[]; readonly unschedulable: boolean };
}

export const EMPTY_TEMPLATE: PoolTemplate = {
  metadata: { labels: {}, annotations: {}, finalizers: [] },
  spec: { taints: [], unschedulable: false },
};

export type PoolStatus = MachineStatus | "DOWNSCALING" | "RESIZING" | "UPSCALING";

export interface Pool {
  readonly id: string;
  readonly name: string;
  readonly flavor: string;
  readonly antiAffinity: boolean;
  /** Null when the create call left the field out. */
  readonly availabilityZones: readonly string[] | null;
  readonly createdAt: number;
  updatedAt: number;
  monthlyBilled: boolean;
  autoscale: boolean;
  autoscaling: Readonly<Record<string, unknown>>;
  attachFloatingIps: { readonly enabled: boolean } | null;
  template: PoolTemplate;
  desiredNodes: number;
  minNodes: number;
  maxNodes: number;
  /** In the order of their creation; the deleted ones move to `history`. */
  machines: Machine[];
  history: Machine[];
  /** Machines ordered but not listed yet; each cancels its order. */
  readonly orders: Set<() => void>;
  hadMachine: boolean;
  deleting: boolean;
  updatingUntil: number;
  installingUntil: number;
  visibleFrom: number;
  /** Set from outside: shown instead of what the machines say. */
  forcedStatus: PoolStatus | undefined;
}

const BUSY_STATUSES: readonly PoolStatus[] = [
  "INSTALLING",
  "UPSCALING",
  "DOWNSCALING",
  "UPDATING",
  "REDEPLOYING",
  "RESIZING",
  "DELETING",
];

export const DEFAULT_AUTOSCALING: Readonly<Record<string, number>> = {
  cpuMin: 0,
  cpuMax: 0,
  memoryMin: 0,
  memoryMax: 0,
  scaleDownUtilizationThreshold: 0.5,
  scaleDownUnneededTimeSeconds: 600,
  scaleDownUnreadyTimeSeconds: 1200,
};

/** A pool that a Karpenter keeps, by the label that says so (O-4). Rules on safe use are checked on these only. */
export function isOwned(template: PoolTemplate): boolean {
  return template.metadata.labels["karpenter.ovhcloud.sh/managed-by"] === "karpenter";
}

export function liveMachines(pool: Pool): Machine[] {
  return pool.machines.filter(isLive);
}

export function poolStatus(pool: Pool, now: number): PoolStatus {
  if (pool.deleting) return "DELETING";
  if (pool.forcedStatus !== undefined) return pool.forcedStatus;
  if (!pool.hadMachine && (pool.desiredNodes > 0 || now < pool.installingUntil)) return "INSTALLING";
  const live = liveMachines(pool);
  if (live.length > 0 && pool.orders.size === 0 && live.every(isFailed)) return "ERROR";
  if (pool.machines.length > pool.desiredNodes) return "DOWNSCALING";
  const starting = live.some((machine) => machine.status === "INSTALLING");
  if (pool.orders.size > 0 || live.length < pool.desiredNodes || starting) return "UPSCALING";
  return now < pool.updatingUntil ? "UPDATING" : "READY";
}

export function isBusy(pool: Pool, now: number): boolean {
  return BUSY_STATUSES.includes(poolStatus(pool, now));
}

function sizeStatus(available: number, desired: number): string {
  if (available < desired) return "UNDER_CAPACITY";
  return available > desired ? "OVER_CAPACITY" : "CAPACITY_OK";
}

export function poolView(pool: Pool, projectId: string, now: number): Readonly<Record<string, unknown>> {
  const ready = pool.machines.filter((machine) => machine.status === "READY");
  return {
    id: pool.id,
    projectId,
    name: pool.name,
    flavor: pool.flavor,
    status: poolStatus(pool, now),
    sizeStatus: sizeStatus(ready.length, pool.desiredNodes),
    autoscale: pool.autoscale,
    monthlyBilled: pool.monthlyBilled,
    antiAffinity: pool.antiAffinity,
    desiredNodes: pool.desiredNodes,
    minNodes: pool.minNodes,
    maxNodes: pool.maxNodes,
    currentNodes: pool.machines.length,
    availableNodes: ready.length,
    upToDateNodes: ready.filter((machine) => machine.isUpToDate).length,
    availabilityZones: pool.availabilityZones,
    attachFloatingIps: pool.attachFloatingIps,
    autoscaling: pool.autoscaling,
    template: pool.template,
    createdAt: iso(pool.createdAt),
    updatedAt: iso(pool.updatedAt),
  };
}
