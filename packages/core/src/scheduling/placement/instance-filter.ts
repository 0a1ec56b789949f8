// Which instance types can still carry a claim, and at which check the last of them fell out (S-501, S-502).

import type { InstanceType } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { addResources, fits, subtractResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { portConflict } from "../host-ports.ts";
import type { HostPort } from "../host-ports.ts";
import { REJECTED } from "./rejection.ts";
import type { Rejection } from "./rejection.ts";

export interface TypeOption {
  readonly type: InstanceType;
  readonly allocatable: Resources;
}

/** Types on which the same DaemonSets run (S-227). */
export interface TypeGroup {
  readonly overhead: Resources;
  readonly hostPorts: readonly HostPort[];
  readonly options: readonly TypeOption[];
}

export interface TypeQuestion {
  readonly requirements: Requirements;
  /** Pods only; the overhead is each group's own. */
  readonly requests: Resources;
  readonly hostPorts: readonly HostPort[];
  readonly wellKnown: ReadonlySet<string>;
}

/** S-502: capacity minus what the machine keeps for itself; huge pages are taken out of memory. */
export function allocatableOf({ capacity, overhead }: InstanceType): Resources {
  const reserved = addResources(overhead.kubeReserved, overhead.systemReserved, overhead.evictionThreshold);
  const allocatable: Record<string, number> = { ...subtractResources(capacity, reserved) };
  let hugePages = 0;
  for (const [resource, amount] of Object.entries(capacity)) {
    if (resource.startsWith("hugepages-")) hugePages += amount;
  }
  if (hugePages > 0) allocatable["memory"] = Math.max(0, (allocatable["memory"] ?? 0) - hugePages);
  return allocatable;
}

/** The groups that still have a type, or the check that none passed. */
export function filterTypes(groups: readonly TypeGroup[], question: TypeQuestion): readonly TypeGroup[] | Rejection {
  const { requirements, requests, hostPorts, wellKnown } = question;
  const free = groups.filter((group) => portConflict(hostPorts, group.hostPorts) === undefined);
  if (free.length === 0) return REJECTED.hostPort;
  const suited = keep(free, ({ type }) => type.requirements.overlaps(requirements));
  if (suited.length === 0) return REJECTED.noType;
  const large = largeEnough(suited, requests);
  if (large.length === 0) return REJECTED.resources;
  const offered = keep(large, ({ type }) => hasOffering(type, requirements, wellKnown));
  return offered.length === 0 ? REJECTED.offering : offered;
}

/** Pods and the DaemonSets of each group together. */
export function largeEnough(groups: readonly TypeGroup[], requests: Resources): readonly TypeGroup[] {
  return groups.flatMap((group) => {
    const total = addResources(requests, group.overhead);
    return keep([group], ({ allocatable }) => fits(total, allocatable));
  });
}

/** S-126: an available offering that satisfies zone, capacity type and the rest together. */
export function hasOffering(type: InstanceType, requirements: Requirements, wellKnown: ReadonlySet<string>): boolean {
  return type.offerings.some(
    (offering) => offering.availability.available && requirements.isCompatible(offering.requirements, wellKnown),
  );
}

export function typesOf(groups: readonly TypeGroup[]): readonly InstanceType[] {
  return groups.flatMap((group) => group.options.map(({ type }) => type));
}

export function keep(groups: readonly TypeGroup[], test: (option: TypeOption) => boolean): readonly TypeGroup[] {
  return groups.flatMap((group) => {
    const options = group.options.filter(test);
    return options.length > 0 ? [{ ...group, options }] : [];
  });
}
