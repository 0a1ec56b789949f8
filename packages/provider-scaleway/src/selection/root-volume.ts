// How big a machine's root volume becomes (W-30).

import { parseQuantity } from "@karpenter-multicloud/core/units";

import type { ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";

const GB = 1e9;
const BLOCK = 512;
const DEFAULT_BYTES = 40 * GB;
/** Drivers and CUDA images are big. */
const DEFAULT_GPU_BYTES = 125 * GB;
const IMAGE_MINIMUM = 10 * GB;
const GPU_IMAGE_MINIMUM = 20 * GB;

export function rootVolumeBytes(spec: ScalewayNodeClassSpec, hasGpu: boolean): number {
  const said = spec.rootVolume?.size;
  const wanted = said === undefined ? (hasGpu ? DEFAULT_GPU_BYTES : DEFAULT_BYTES) : parseQuantity(said).toNumberUp();
  const least = hasGpu ? GPU_IMAGE_MINIMUM : IMAGE_MINIMUM;
  return Math.ceil(Math.max(wanted, least) / BLOCK) * BLOCK;
}

export function diskKind(spec: ScalewayNodeClassSpec): "instance_sbs" | "instance_local" {
  return spec.rootVolume?.type === "local" ? "instance_local" : "instance_sbs";
}
