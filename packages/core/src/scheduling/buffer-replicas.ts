// For how many pods a CapacityBuffer keeps room (CB-2).

import type { CapacityBufferSpec } from "../api/index.ts";
import { allocatableFrom } from "../units/index.ts";
import type { Resources } from "../units/index.ts";

export interface BufferDemand {
  readonly spec: Pick<CapacityBufferSpec, "replicas" | "percentage" | "limits">;
  /** Of the scalable; absent when there is none, and then there is nothing a percentage could be of. */
  readonly scalable?: number;
  /** Of one pod. */
  readonly requests: Resources;
}

/** @throws QuantityError or RangeError for limits that cannot be reckoned with */
export function bufferReplicas({ spec, scalable, requests }: BufferDemand): number {
  const shares = scalable === undefined || spec.percentage === undefined ? [] : [shareOf(scalable, spec.percentage)];
  const wanted = [...shares, ...(spec.replicas === undefined ? [] : [spec.replicas])];
  const atMost = withinLimits(spec.limits, requests);
  if (wanted.length === 0) return atMost ?? 0;
  return Math.min(Math.max(...wanted), atMost ?? Infinity);
}

/** Multiplied first: 7 % of 100 must be 7, and 0.07 × 100 is a little more. */
function shareOf(scalable: number, percentage: number): number {
  return Math.ceil((scalable * percentage) / 100);
}

/** Undefined when no limit is about anything that a pod asks for. */
function withinLimits(limits: CapacityBufferSpec["limits"], requests: Resources): number | undefined {
  const counts = Object.entries(allocatableFrom(limits)).flatMap(([resource, limit]) => {
    const request = requests[resource] ?? 0;
    return request > 0 ? [Math.max(0, Math.floor(limit / request))] : [];
  });
  return counts.length === 0 ? undefined : Math.min(...counts);
}
