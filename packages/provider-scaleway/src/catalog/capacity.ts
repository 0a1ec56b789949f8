// What a node of a type can hold, and what its kubelet keeps for itself (W-6, W-7).

import { kubeletOverhead, resolveKubelet } from "@karpenter-multicloud/core/bootstrap";
import type { Overhead } from "@karpenter-multicloud/core/provider";
import type { Resources } from "@karpenter-multicloud/core/units";

import type { ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import type { WireType } from "../client/wire.ts";
import { rootVolumeBytes } from "../selection/root-volume.ts";

const MIB = 1024 ** 2;

export function capacityOf(type: WireType, spec: ScalewayNodeClassSpec, memoryOverhead: number): Resources {
  const scratch = spec.scratchStorage === "ephemeral" ? type.scratchMax : 0;
  return {
    cpu: type.cpus * 1000,
    memory: Math.floor((type.ramBytes * (1 - memoryOverhead)) / MIB) * MIB,
    "ephemeral-storage": rootVolumeBytes(spec, type.gpus > 0) + scratch,
    pods: resolveKubelet(spec.kubelet ?? {}, type.cpus).maxPods,
    ...(type.gpus > 0 ? { "nvidia.com/gpu": type.gpus } : {}),
  };
}

export function overheadOf(type: WireType, spec: ScalewayNodeClassSpec, capacity: Resources): Overhead {
  return kubeletOverhead(spec.kubelet ?? {}, { cores: type.cpus, capacity });
}
