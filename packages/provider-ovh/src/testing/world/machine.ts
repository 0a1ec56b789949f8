// What a machine of a pool is and what the API shows of it.

import { iso, isoOrNull } from "./timestamps.ts";

export type MachineStatus =
  | "DELETED"
  | "DELETING"
  | "ERROR"
  | "FLAVOR_OUT_OF_STOCK_ERROR"
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
  | "USER_NODE_NOT_FOUND_ERROR"
  | "USER_NODE_SUSPENDED_SERVICE"
  | "USER_QUOTA_ERROR"
  | "USER_WEBHOOK_PREVENTING_OPERATIONS_ERROR";

export interface Machine {
  readonly id: string;
  readonly poolId: string;
  readonly poolName: string;
  readonly name: string;
  readonly flavor: string;
  readonly zone: string;
  readonly monthly: boolean;
  readonly createdAt: number;
  readonly order: MachineOrder;
  instanceId: string | null;
  version: string;
  status: MachineStatus;
  isUpToDate: boolean;
  updatedAt: number;
  deployedAt: number | undefined;
  deletedAt: number | undefined;
  /** Asked to go, though the status may still say READY. */
  removing: boolean;
  /** Its Node object was created. */
  joined: boolean;
  failedAt: number | undefined;
  /** Timers of this machine; cleared when its path changes. */
  readonly timers: Set<() => void>;
  /** Calls to the cluster, one after the other. */
  hookQueue: Promise<void>;
}

/** The request that made the service order this machine. */
export interface MachineOrder {
  readonly method: string;
  readonly path: string;
  readonly operation: string;
}

export const AUTO_HEAL_ORDER: MachineOrder = { method: "", path: "", operation: "autoHeal" };

const FAILED: readonly MachineStatus[] = [
  "ERROR",
  "FLAVOR_OUT_OF_STOCK_ERROR",
  "USER_ERROR",
  "USER_NODE_NOT_FOUND_ERROR",
  "USER_NODE_SUSPENDED_SERVICE",
  "USER_QUOTA_ERROR",
  "USER_WEBHOOK_PREVENTING_OPERATIONS_ERROR",
];

export function isFailed(machine: Machine): boolean {
  return FAILED.includes(machine.status);
}

/** Counts for the pool's size: listed and not on its way out. */
export function isLive(machine: Machine): boolean {
  return !machine.removing && machine.status !== "DELETING" && machine.status !== "DELETED";
}

export function providerId(machine: Machine): string | null {
  return machine.instanceId === null ? null : `openstack:///${machine.instanceId}`;
}

/** Whether a name in nodesToRemove means this machine: machine id, instance id, provider id or name (F-6). */
export function isCalled(machine: Machine, name: string): boolean {
  return [machine.id, machine.instanceId, providerId(machine), machine.name].includes(name);
}

export function machineView(machine: Machine, projectId: string): Readonly<Record<string, unknown>> {
  return {
    id: machine.id,
    projectId,
    nodePoolId: machine.poolId,
    instanceId: machine.instanceId,
    name: machine.name,
    flavor: machine.flavor,
    version: machine.version,
    status: machine.status,
    isUpToDate: machine.isUpToDate,
    createdAt: iso(machine.createdAt),
    updatedAt: iso(machine.updatedAt),
    deployedAt: isoOrNull(machine.deployedAt),
    deletedAt: isoOrNull(machine.deletedAt),
  };
}
