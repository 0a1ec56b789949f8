// The rows that CloudStack sends, as far as they are read. Every field may be missing: null is left out on the wire.

import { isObject } from "./answer.ts";
import type { Payload } from "./cloudstack-api.ts";

export type Tags = Readonly<Record<string, string>>;

export interface WireZone {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly securityGroups: boolean;
  /** One network for all, which an order does not name. */
  readonly isBasic: boolean;
}

export interface WireOffering {
  readonly id: string;
  readonly name: string;
  /** Absent on custom offerings. */
  readonly cpuNumber?: number;
  /** MHz. */
  readonly cpuSpeed?: number;
  readonly memoryMiB?: number;
  readonly isCustomized: boolean;
  readonly isSystem: boolean;
  readonly isVolatile: boolean;
  readonly isActive: boolean;
  readonly details: Tags;
  readonly hostTags: readonly string[];
  readonly storageType: string;
  readonly storageTags: readonly string[];
  readonly networkRate?: number;
  readonly limitCpuUse: boolean;
  readonly offerHa: boolean;
  /** 0: as large as the template. */
  readonly rootDiskGiB: number;
  readonly diskOfferingStrictness: boolean;
  /** Undefined: every zone. */
  readonly zoneIds?: readonly string[];
  readonly gpu?: { readonly name: string; readonly profile: string; readonly count: number };
  /** Its machines end after so many days. */
  readonly leaseDays?: number;
}

export interface WireNetwork {
  readonly id: string;
  readonly name: string;
  readonly zoneId: string;
  readonly state: string;
  readonly type: string;
  readonly trafficType: string;
  readonly canUseForDeploy: boolean;
  /** Machines get user data there; absent where the server does not tell. */
  readonly hasUserData?: boolean;
  readonly tags: Tags;
}

export interface WireTemplate {
  readonly id: string;
  readonly name: string;
  readonly zoneId: string;
  readonly isReady: boolean;
  readonly status: string;
  readonly type: string;
  readonly sizeBytes: number;
  /** Epoch milliseconds. */
  readonly created: number;
  readonly arch: "amd64" | "arm64";
  readonly osTypeId: string;
  readonly osTypeName: string;
  readonly hypervisor: string;
  readonly forCks: boolean;
  readonly userDataPolicy: string;
  readonly tags: Tags;
}

export interface WireVm {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly state: string;
  readonly zoneId: string;
  readonly zoneName: string;
  readonly projectId?: string;
  readonly offeringId: string;
  readonly offeringName: string;
  readonly templateId: string;
  readonly created: number;
  readonly deleteProtection: boolean;
  readonly nics: readonly { readonly networkId: string; readonly isDefault: boolean }[];
  /** Undefined where the answer does not speak of them. */
  readonly affinityGroupIds?: readonly string[];
  readonly tags: Tags;
}

export interface WireVolume {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly vmId?: string;
  readonly state: string;
  readonly created: number;
  readonly tags: Tags;
}

export interface WireDiskOffering {
  readonly id: string;
  readonly name: string;
  readonly isCustomized: boolean;
  readonly diskSizeGiB: number;
}

export function parseZone(row: Payload): WireZone {
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    enabled: text(row["allocationstate"]) === "Enabled",
    securityGroups: row["securitygroupsenabled"] === true,
    isBasic: text(row["networktype"]) === "Basic",
  };
}

export function parseOffering(row: Payload): WireOffering {
  const details = textMap(row["serviceofferingdetails"]);
  const zones = commaList(row["zoneid"]);
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    ...numbers({ cpuNumber: row["cpunumber"], cpuSpeed: row["cpuspeed"], memoryMiB: row["memory"] }),
    ...numbers({ networkRate: row["networkrate"] }),
    isCustomized: row["iscustomized"] === true,
    isSystem: row["issystem"] === true,
    isVolatile: row["isvolatile"] === true,
    ...leaseOf(row),
    isActive: (text(row["state"]) || "Active") === "Active",
    details,
    hostTags: commaList(row["hosttags"]),
    storageType: text(row["storagetype"]) || "shared",
    storageTags: commaList(row["storagetags"]),
    limitCpuUse: row["limitcpuuse"] === true,
    offerHa: row["offerha"] === true,
    rootDiskGiB: number(row["rootdisksize"]) ?? 0,
    diskOfferingStrictness: row["diskofferingstrictness"] === true,
    ...(zones.length === 0 ? {} : { zoneIds: zones }),
    ...gpuOf(row, details),
  };
}

/** -1, or nothing, is none. */
function leaseOf(row: Payload): Pick<WireOffering, "leaseDays"> {
  const leaseDays = number(row["leaseduration"]);
  return leaseDays === undefined || leaseDays <= 0 ? {} : { leaseDays };
}

export function parseNetwork(row: Payload): WireNetwork {
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    zoneId: text(row["zoneid"]),
    state: text(row["state"]),
    type: text(row["type"]),
    trafficType: text(row["traffictype"]) || "Guest",
    canUseForDeploy: row["canusefordeploy"] !== false,
    ...userDataService(row),
    tags: tagsOf(row),
  };
}

/** An empty list tells nothing: it is left out for those who may not see services. */
function userDataService({ service }: Payload): Pick<WireNetwork, "hasUserData"> {
  if (!Array.isArray(service) || service.length === 0) return {};
  return { hasUserData: service.some((each) => isObject(each) && text(each["name"]).toLowerCase() === "userdata") };
}

export function parseTemplate(row: Payload): WireTemplate {
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    zoneId: text(row["zoneid"]),
    isReady: row["isready"] === true,
    status: text(row["status"]),
    type: text(row["templatetype"]),
    sizeBytes: number(row["size"]) ?? 0,
    created: dateOf(row["created"]),
    arch: /^(?:aarch64|arm64)$/.test(text(row["arch"])) ? "arm64" : "amd64",
    osTypeId: text(row["ostypeid"]),
    osTypeName: text(row["ostypename"]),
    hypervisor: text(row["hypervisor"]),
    forCks: row["forcks"] === true,
    userDataPolicy: text(row["userdatapolicy"]),
    tags: tagsOf(row),
  };
}

export function parseVm(row: Payload): WireVm {
  const nics = Array.isArray(row["nic"]) ? row["nic"].filter(isObject) : [];
  const project = text(row["projectid"]);
  const groups = row["affinitygroup"];
  return {
    id: text(row["id"]).toLowerCase(),
    name: text(row["name"]),
    displayName: text(row["displayname"]),
    state: text(row["state"]),
    zoneId: text(row["zoneid"]),
    zoneName: text(row["zonename"]),
    ...(project === "" ? {} : { projectId: project }),
    offeringId: text(row["serviceofferingid"]),
    offeringName: text(row["serviceofferingname"]),
    templateId: text(row["templateid"]),
    created: dateOf(row["created"]),
    deleteProtection: row["deleteprotection"] === true,
    nics: nics.map((nic) => ({ networkId: text(nic["networkid"]), isDefault: nic["isdefault"] === true })),
    ...(Array.isArray(groups) ? { affinityGroupIds: groups.filter(isObject).map((group) => text(group["id"])) } : {}),
    tags: tagsOf(row),
  };
}

export function parseVolume(row: Payload): WireVolume {
  const vm = text(row["virtualmachineid"]).toLowerCase();
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    type: text(row["type"]),
    ...(vm === "" ? {} : { vmId: vm }),
    state: text(row["state"]),
    created: dateOf(row["created"]),
    tags: tagsOf(row),
  };
}

export function parseDiskOffering(row: Payload): WireDiskOffering {
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    isCustomized: row["iscustomized"] === true,
    diskSizeGiB: number(row["disksize"]) ?? 0,
  };
}

/** 2026-11-21T10:00:01+0000: the offset has no colon, and the standard wants one. 0 for what is no date. */
function dateOf(value: unknown): number {
  const date = Date.parse(text(value).replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  return Number.isNaN(date) ? 0 : date;
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** Since 4.21 fields of their own, before that two details. A vGPU counts like a whole card. */
function gpuOf(row: Payload, details: Tags): Pick<WireOffering, "gpu"> {
  const card = text(row["gpucardname"]);
  if (card !== "") {
    const profile = text(row["vgpuprofilename"]) || "passthrough";
    return { gpu: { name: card, profile, count: number(row["gpucount"]) ?? 1 } };
  }
  const device = details["pciDevice"];
  return device === undefined ? {} : { gpu: { name: device, profile: details["vgpuType"] ?? "passthrough", count: 1 } };
}

function tagsOf(row: Payload): Tags {
  const tags = Array.isArray(row["tags"]) ? row["tags"].filter(isObject) : [];
  return Object.fromEntries(tags.map((tag) => [text(tag["key"]), text(tag["value"])]));
}

function textMap(value: unknown): Tags {
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, text(one)])) : {};
}

function commaList(value: unknown): readonly string[] {
  return text(value)
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function number(value: unknown): number | undefined {
  const read = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
}

function numbers<K extends string>(values: Readonly<Record<K, unknown>>): Partial<Record<K, number>> {
  const read = Object.entries(values).flatMap(([key, value]) => {
    const one = number(value);
    return one === undefined ? [] : [[key, one] as const];
  });
  return Object.fromEntries(read) as Partial<Record<K, number>>;
}
