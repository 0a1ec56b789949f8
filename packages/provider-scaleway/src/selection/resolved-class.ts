// What a class comes to in the cloud: the zones it can use, and in each of them images, groups and networks by id (W-29, W-31).

import type { WireType } from "../client/wire.ts";

export interface ImageCandidate {
  readonly id: string;
  /** As the API writes it: x86_64, arm64. */
  readonly arch: string;
  readonly type: string;
  /** Undefined for an image the user named: then only the architecture is compared (§1.7). */
  readonly compatibleTypes: readonly string[] | undefined;
}

export interface ResolvedTerm {
  readonly label?: string;
  /** Selected by id: its images never drift. */
  readonly byId: boolean;
  readonly gpu?: boolean;
  readonly candidates: readonly ImageCandidate[];
}

export interface ResolvedZone {
  readonly zone: string;
  readonly region: string;
  /** In the order of the class; the first that fits a type wins. */
  readonly terms: readonly ResolvedTerm[];
  readonly securityGroupId?: string;
  readonly placementGroupId?: string;
  readonly privateNetworkIds: readonly string[];
}

/** Why a zone of the class cannot be used. */
export interface DroppedZone {
  readonly zone: string;
  /** The condition it counts for. */
  readonly condition: string;
  readonly reason: string;
  readonly message: string;
}

export interface ResolvedClass {
  /** Changes with the content. */
  readonly version: string;
  readonly projectId: string;
  readonly zones: readonly ResolvedZone[];
  readonly dropped: readonly DroppedZone[];
}

export interface ChosenImage {
  readonly id: string;
  readonly byId: boolean;
}

/** Whether the term is meant for machines with GPUs, or without. */
export function takesGpus({ gpu }: Pick<ResolvedTerm, "gpu">, hasGpu: boolean): boolean {
  return gpu === undefined || gpu === hasGpu;
}

/** W-29: undefined when no term of the zone has an image for the type. */
export function imageFor(zone: ResolvedZone, type: Pick<WireType, "name" | "arch" | "gpus">): ChosenImage | undefined {
  const hasGpu = type.gpus > 0;
  for (const term of zone.terms) {
    if (!takesGpus(term, hasGpu)) continue;
    const found = term.candidates.find(
      ({ arch, compatibleTypes }) => arch === type.arch && (compatibleTypes?.includes(type.name) ?? true),
    );
    if (found !== undefined) return { id: found.id, byId: term.byId };
  }
  return undefined;
}
