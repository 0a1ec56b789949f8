// Which types a class considers at all (W-4), and what its disks rule out (W-30, rule 12).

import { parseQuantity } from "@karpenter-multicloud/core/units";

import type { ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import type { WireType } from "../client/wire.ts";
import { rootVolumeBytes } from "../selection/root-volume.ts";

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", arm64: "arm64" };

/** Kubernetes' word for the type's architecture; undefined for one that nothing runs on. */
export function archOf({ arch }: WireType): string | undefined {
  return ARCHITECTURES[arch];
}

export function isSelected(type: WireType, spec: ScalewayNodeClassSpec, defaultMinMemory: number): boolean {
  const { include, exclude, allowEndOfService, minMemory } = spec.instanceTypeSelector ?? {};
  const least = minMemory === undefined ? defaultMinMemory : parseQuantity(minMemory).toNumberUp();
  return (
    archOf(type) !== undefined &&
    !type.name.endsWith("-WIN") &&
    (allowEndOfService === true || !type.endOfService) &&
    type.ramBytes >= least &&
    (!include?.length || include.some((pattern) => matches(pattern, type.name))) &&
    !exclude?.some((pattern) => matches(pattern, type.name)) &&
    hasRoom(type, spec)
  );
}

function hasRoom(type: WireType, spec: ScalewayNodeClassSpec): boolean {
  if ((spec.scratchStorage ?? "none") !== "none" && type.scratchMax === 0) return false;
  if (spec.rootVolume?.type !== "local") return true;
  const size = rootVolumeBytes(spec, type.gpus > 0);
  return type.localDiskMax >= size && size >= type.localDiskMin;
}

function matches(pattern: string, name: string): boolean {
  const source = pattern
    .split("*")
    .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(".*");
  return new RegExp(`^${source}$`).test(name);
}

/** The name up to its size part: POP2-HC-4C-8G is of POP2-HC, L40S-1-48G of L40S (W-5). */
export function familyOf(name: string): string {
  const parts = name.split("-");
  const size = parts.findIndex((part, index) => index > 0 && isSize(part));
  return size > 0 ? parts.slice(0, size).join("-") : name;
}

const SIZE_WORDS: readonly string[] = ["PICO", "NANO", "MICRO", "XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL"];

function isSize(part: string): boolean {
  return SIZE_WORDS.includes(part) || /^[AXC]?\d+C?$/.test(part) || /^\d+(GB|G|M)$/.test(part);
}
