// What the fake keeps of each thing an account can own.

import type { Node } from "@karpenter-multicloud/core/api";
import type { RequestFacts } from "@karpenter-multicloud/core/testing/fake-cloud";

/** A row in the shape of the API; keys that begin with "_" stay inside. */
export type Row = Record<string, unknown> & { readonly id: string; name: string };

export interface Owner {
  /** Of a project: the project's own account. */
  readonly account: string;
  readonly domain: string;
  readonly domainId: string;
  readonly domainPath: string;
  readonly projectId: string | undefined;
}

export type MachineState =
  | "Starting"
  | "Running"
  | "Stopping"
  | "Stopped"
  | "Destroyed"
  | "Expunging"
  | "Error"
  | "Migrating"
  | "Unknown"
  | "Shutdown";

export interface Nic {
  readonly id: string;
  readonly networkId: string;
  readonly address: string;
  readonly mac: string;
  readonly isDefault: boolean;
}

/** A card as the network keeps it: with whom its address is. */
export interface HeldNic extends Nic {
  readonly machineId: string;
}

export interface Machine {
  readonly id: string;
  /** The short number that stands in the names of its disks. */
  readonly number: number;
  name: string;
  displayName: string;
  readonly owner: Owner;
  readonly zoneId: string;
  readonly templateId: string;
  offeringId: string;
  readonly cpu: number;
  readonly speed: number;
  readonly memoryMiB: number;
  readonly nics: readonly Nic[];
  readonly createdAt: number;
  state: MachineState;
  stateSince: number;
  hostId: string | undefined;
  /** As it was sent: base64. */
  userData: string;
  readonly userDataId: string | undefined;
  /** Values of the variables in registered user data; the machine finds them in its metadata. */
  readonly userDataDetails: Readonly<Record<string, string>>;
  readonly tags: Map<string, string>;
  readonly affinityGroupIds: readonly string[];
  readonly keyPairs: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly details: Readonly<Record<string, string>>;
  readonly group: string | undefined;
  readonly boot: { readonly type: string; readonly mode: string };
  deleteProtection: boolean;
  /** It was destroyed without being expunged by somebody who might have. */
  wasKept: boolean;
  /** Put there by `outside`: clients must leave it alone. */
  readonly foreign: boolean;
  /** The request that ordered it, for faults. */
  readonly order: RequestFacts;
  node: Node | undefined;
  readonly timers: Set<() => void>;
  hookQueue: Promise<void>;
  bootNote: string;
}

type Individual =
  | "id"
  | "number"
  | "name"
  | "displayName"
  | "owner"
  | "zoneId"
  | "templateId"
  | "offeringId"
  | "cpu"
  | "speed"
  | "memoryMiB"
  | "nics"
  | "state"
  | "foreign"
  | "order";

/** What a new machine has without anybody's asking for it. */
export function blankMachine(now: number): Omit<Machine, Individual> {
  return {
    createdAt: now,
    stateSince: now,
    hostId: undefined,
    userData: "",
    userDataId: undefined,
    userDataDetails: {},
    tags: new Map(),
    affinityGroupIds: [],
    keyPairs: [],
    securityGroupIds: [],
    details: {},
    group: undefined,
    boot: { type: "Bios", mode: "Legacy" },
    deleteProtection: false,
    wasKept: false,
    node: undefined,
    timers: new Set(),
    hookQueue: Promise.resolve(),
    bootNote: "",
  };
}

export interface Volume {
  readonly id: string;
  readonly name: string;
  readonly type: "ROOT" | "DATADISK";
  readonly bytes: number;
  readonly owner: Owner;
  readonly zoneId: string;
  readonly diskOfferingId: string | undefined;
  readonly createdAt: number;
  readonly tags: Map<string, string>;
  readonly foreign: boolean;
  /** It came with a machine of ours. */
  readonly isOurs: boolean;
  machineId: string | undefined;
  state: "Allocated" | "Ready" | "Destroy";
  /** Since when no machine has it. */
  freeSince: number;
}

/** In these a machine holds its place on a host. */
export const PLACED: readonly MachineState[] = ["Starting", "Running", "Stopping", "Migrating"];
/** In these it counts against the limits of its account. */
export const COUNTED: readonly MachineState[] = ["Starting", "Running", "Stopping", "Stopped", "Migrating", "Unknown"];

const MARK = / karpenter:([^:]+):([0-9a-f-]{36})$/;

/** By its tag, or by the mark in its display name that stands there from the first moment. */
export function claimUidOf({ tags, displayName }: Pick<Machine, "tags" | "displayName">): string | undefined {
  return tags.get("karpenter.k8s.cloudstack/nodeclaim-uid") ?? MARK.exec(displayName)?.[2];
}

export function isOwned(machine: Pick<Machine, "tags" | "displayName">): boolean {
  return machine.tags.get("karpenter.sh/managed-by") === "karpenter" || MARK.test(machine.displayName);
}
