// What a node of a flavor can hold, and what MKS keeps of it for itself (O-19, O-19a).

import type { Overhead } from "@karpenter-multicloud/core/provider";
import type { Resources } from "@karpenter-multicloud/core/units";

import type { OVHNodeClassSpec } from "../api/ovh-node-class.ts";
import type { Flavor } from "./flavor.ts";
import { mksReservation } from "./flavor-table.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const PODS = 110;
/** A root file system keeps about this much of the disk for itself. */
const FILE_SYSTEM_SHARE = 0.04;
const EVICTION_MEMORY_MI = 100;

export function capacityOf(flavor: Flavor, memoryOverhead: number): Resources {
  return {
    cpu: flavor.vCPUs * 1000,
    memory: Math.floor(flavor.ramGB * GIB * (1 - memoryOverhead)),
    "ephemeral-storage": Math.floor(flavor.diskGB * 1e9 * (1 - FILE_SYSTEM_SHARE)),
    pods: PODS,
    ...(flavor.gpus > 0 ? { "nvidia.com/gpu": flavor.gpus } : {}),
  };
}

export function overheadOf(flavor: Flavor, spec: OVHNodeClassSpec): Overhead {
  const documented = mksReservation(flavor.vCPUs, flavor.diskGB);
  const { reserved, evictionHard } = spec;
  return {
    kubeReserved: {
      cpu: reserved?.cpuMilli ?? documented.cpuMilli,
      memory: (reserved?.memoryMB ?? documented.memoryMB) * 1e6,
      "ephemeral-storage": (reserved?.storageGB ?? documented.storageGB ?? 0) * 1e9,
    },
    systemReserved: {},
    evictionThreshold: { memory: (evictionHard?.memoryMi ?? EVICTION_MEMORY_MI) * MIB },
  };
}
