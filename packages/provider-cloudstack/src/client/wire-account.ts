// Rows about who asks and what the server is: accounts and what is left to them, capabilities, and plain named things.

import { isObject } from "./answer.ts";
import type { Payload } from "./cloudstack-api.ts";
import { text } from "./wire.ts";

export interface NamedRow {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly state: string;
  readonly description: string;
}

export interface RegisteredUserData extends NamedRow {
  /** Names of the variables it was registered with. */
  readonly parameters: readonly string[];
}

export interface Capabilities {
  readonly version: string;
  /** Users may remove machines for good. */
  readonly allowUserExpunge: boolean;
  /** Calls that one account may make; absent where there is no limit. */
  readonly apiLimit?: { readonly calls: number; readonly seconds: number };
}

/** What an account or project may still take; Infinity where nothing is said. */
export interface Remaining {
  readonly vm: number;
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly gpu: number;
}

export interface Account {
  readonly name: string;
  /** 0 user, 1 root administrator, 2 administrator of a domain. */
  readonly type: number;
  readonly remaining: Remaining;
}

export interface Tariff {
  readonly name: string;
  readonly usageType: number;
  readonly value: number;
}

/** A part of a zone's hosts in use: 0 to 100. */
export interface ZoneLoad {
  readonly zoneId: string;
  readonly percent: number;
}

export function parseNamed(row: Payload): NamedRow {
  return {
    id: text(row["id"]),
    name: text(row["name"]),
    type: text(row["type"]),
    state: text(row["state"]),
    description: text(row["description"]),
  };
}

export function parseRegisteredUserData(row: Payload): RegisteredUserData {
  const names = text(row["params"])
    .split(",")
    .map((name) => name.trim());
  return { ...parseNamed(row), parameters: names.filter((name) => name !== "") };
}

export function parseCapabilities({ capability }: Payload): Capabilities {
  const row = isObject(capability) ? capability : {};
  const [calls, seconds] = [Number(row["apilimitmax"]), Number(row["apilimitinterval"])];
  return {
    version: text(row["cloudstackversion"]),
    allowUserExpunge: row["allowuserexpungerecovervm"] === true,
    ...(calls > 0 && seconds > 0 ? { apiLimit: { calls, seconds } } : {}),
  };
}

export function parseAccount(row: Payload): Account {
  return { name: text(row["name"]), type: Number(row["accounttype"] ?? 0), remaining: remainingOf(row) };
}

export function parseTariff(row: Payload): Tariff {
  return { name: text(row["name"]), usageType: Number(row["usageType"]), value: Number(row["tariffValue"]) };
}

export function parseZoneLoad(row: Payload): ZoneLoad {
  return { zoneId: text(row["zoneid"]), percent: Number(text(row["percentused"])) || 0 };
}

/** Texts, and "Unlimited" among them. */
function remainingOf(row: Payload): Remaining {
  const left = (name: string): number => {
    const value = Number(text(row[name]) || Number.NaN);
    return Number.isFinite(value) && value >= 0 ? value : Number.POSITIVE_INFINITY;
  };
  return {
    vm: left("vmavailable"),
    cpu: left("cpuavailable"),
    memoryMiB: left("memoryavailable"),
    gpu: left("gpuavailable"),
  };
}
