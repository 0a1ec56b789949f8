// What a node of a size can hold, and what its kubelet keeps for itself (C-41).

import { kubeletOverhead, resolveKubelet } from "@karpenter-multicloud/core/bootstrap";
import type { Overhead } from "@karpenter-multicloud/core/provider";
import type { Resources } from "@karpenter-multicloud/core/units";

import type { CloudStackNodeClassSpec } from "../api/cloudstack-node-class.ts";
import type { WireOffering, WireTemplate } from "../client/wire.ts";
import type { Shape } from "./shapes.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** The class's size, unless the offering insists on its own; else the template's. */
export function rootGiB(spec: CloudStackNodeClassSpec, offering: WireOffering, template: WireTemplate): number {
  const fixed = offering.rootDiskGiB;
  if (fixed > 0 && offering.diskOfferingStrictness) return fixed;
  return spec.rootDiskSize ?? (fixed > 0 ? fixed : Math.ceil(template.sizeBytes / GIB));
}

/** What is sent with an order; undefined where the offering or the template decide. */
export function sentRootGiB(spec: CloudStackNodeClassSpec, offering: WireOffering): number | undefined {
  return offering.rootDiskGiB > 0 && offering.diskOfferingStrictness ? undefined : spec.rootDiskSize;
}

export function capacityOf(
  spec: CloudStackNodeClassSpec,
  offering: WireOffering,
  shape: Shape,
  about: { readonly memoryOverhead: number; readonly rootGiB: number },
): Resources {
  return {
    cpu: shape.cpu * 1000,
    memory: Math.floor(shape.memoryMiB * (1 - about.memoryOverhead)) * MIB,
    "ephemeral-storage": Math.floor(about.rootGiB * 0.95 * GIB),
    pods: resolveKubelet(spec.kubelet ?? {}, shape.cpu).maxPods,
    ...(offering.gpu === undefined ? {} : { [gpuResource(offering.gpu.name)]: offering.gpu.count }),
  };
}

/** By the maker, as far as the card's name tells. */
function gpuResource(card: string): string {
  if (/^(?:AMD|Radeon)/i.test(card)) return "amd.com/gpu";
  return /^Intel/i.test(card) ? "gpu.intel.com/i915" : "nvidia.com/gpu";
}

export function overheadOf(spec: CloudStackNodeClassSpec, shape: Shape, capacity: Resources): Overhead {
  return kubeletOverhead(spec.kubelet ?? {}, { cores: shape.cpu, capacity });
}
