// What a node of a type can hold, and what its kubelet keeps for itself (W-6, W-7).

import { resolveKubelet } from "@karpenter-multicloud/core/bootstrap";
import type { Overhead } from "@karpenter-multicloud/core/provider";
import { requestsFrom } from "@karpenter-multicloud/core/units";
import type { Resources } from "@karpenter-multicloud/core/units";

import type { ScalewayNodeClassSpec } from "../api/scaleway-node-class.ts";
import type { WireType } from "../client/wire.ts";
import { rootVolumeBytes } from "./root-volume.ts";

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
  const { kubeReserved, systemReserved, evictionHard } = resolveKubelet(spec.kubelet ?? {}, type.cpus);
  const { pid: _, ...kube } = requestsFrom(kubeReserved);
  const { pid: __, ...system } = requestsFrom(systemReserved);
  return {
    kubeReserved: kube,
    systemReserved: system,
    evictionThreshold: {
      memory: threshold(evictionHard["memory.available"], capacity["memory"] ?? 0),
      "ephemeral-storage": threshold(evictionHard["nodefs.available"], capacity["ephemeral-storage"] ?? 0),
    },
  };
}

/** A quantity, or a part of the whole. */
function threshold(said: string | undefined, whole: number): number {
  if (said === undefined) return 0;
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(said)?.[1];
  return percent === undefined
    ? (requestsFrom({ memory: said })["memory"] ?? 0)
    : Math.floor((whole * Number(percent)) / 100);
}
