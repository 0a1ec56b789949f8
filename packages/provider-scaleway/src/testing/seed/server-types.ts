// The types on sale, spelled out: what they hold, and their price and stock in each zone.

import { TYPE_ROWS } from "./type-rows.ts";
import type { TypeRow } from "./type-rows.ts";

export type Stock = "available" | "scarce" | "shortage";

export interface SeedZone {
  readonly zone: string;
  readonly hourlyPrice: number;
  /** Undefined: the availability list does not name it. */
  readonly stock: Stock | undefined;
  readonly endOfService: boolean;
}

export interface SeedType {
  readonly name: string;
  readonly arch: "x86_64" | "arm64";
  readonly cpus: number;
  readonly ramBytes: number;
  readonly gpu: { readonly count: number; readonly name: string; readonly memoryBytes: number } | undefined;
  /** Bytes of local disks in sum. */
  readonly localDisk: { readonly min: number; readonly max: number };
  readonly scratch: { readonly bytes: number; readonly volumes: number };
  readonly internalBandwidth: number;
  readonly internetBandwidth: number;
  readonly blockBandwidth: number;
  readonly fileSystems: number;
  readonly zones: readonly SeedZone[];
}

const GB = 1e9;
const MIB = 2 ** 20;
const MBIT = 1e6;
const STOCK: Readonly<Record<string, Stock>> = { a: "available", s: "scarce", x: "shortage" };

export const SEED_TYPES: readonly SeedType[] = TYPE_ROWS.map(spelledOut);

function spelledOut(row: TypeRow): SeedType {
  const [name, arch, cpus, ramMiB, gpu, disks, scratch, bandwidth, blockBandwidth, fileSystems, zones] = row;
  const [min = 0, max = 0] = disks === "" ? [] : disks.split("-").map(Number);
  const [bytes = 0, volumes = 0] = scratch === "" ? [] : scratch.split("x").map(Number);
  const [internal = 0, internet = 0] = bandwidth.split("/").map(Number);
  return {
    name,
    arch,
    cpus,
    ramBytes: ramMiB * MIB,
    gpu: gpuOf(gpu),
    localDisk: { min: min * GB, max: max * GB },
    scratch: { bytes: bytes * GB, volumes },
    internalBandwidth: internal * MBIT,
    internetBandwidth: internet * MBIT,
    blockBandwidth,
    fileSystems,
    zones: zones.split(", ").map(zoneOf),
  };
}

function gpuOf(text: string): SeedType["gpu"] {
  if (text === "") return undefined;
  const [count = "", name = "", memory = ""] = text.split(" ");
  return { count: Number(count), name, memoryBytes: Number(memory) * MIB };
}

function zoneOf(text: string): SeedZone {
  const [zone = "", price = "", marks = ""] = text.split(" ");
  return {
    zone,
    hourlyPrice: Number(price),
    stock: STOCK[marks.charAt(0)],
    endOfService: marks.endsWith("e"),
  };
}
