// Which instance types can still carry a claim, check by check (S-501).

import type { InstanceType, Offering } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { addResources, fits } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import type { HostPort } from "../host-ports.ts";
import type { Build } from "./builds.ts";

export interface TypeOption {
  readonly type: InstanceType;
  /** Of the type as it is. */
  readonly allocatable: Resources;
  /** That and what its offerings make of it (S-503); never empty. */
  readonly builds: readonly Build[];
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
  readonly wellKnown: ReadonlySet<string>;
}

/** Pods and the DaemonSets of each group together. */
export function largeEnough(groups: readonly TypeGroup[], requests: Resources): readonly TypeGroup[] {
  return groups.flatMap((group) => {
    const total = addResources(requests, group.overhead);
    return keep([group], ({ builds }) => builds.some(({ allocatable }) => fits(total, allocatable)));
  });
}

/** S-126, S-501: an available offering that is large enough and satisfies zone, capacity type and the rest together. */
export function onOffer(
  groups: readonly TypeGroup[],
  { requests, requirements, wellKnown }: TypeQuestion,
): readonly TypeGroup[] {
  return groups.flatMap((group) => {
    const total = addResources(requests, group.overhead);
    return keep([group], ({ builds }) =>
      builds.some(
        ({ allocatable, offerings }) =>
          fits(total, allocatable) &&
          offerings.some(
            (offering) =>
              offering.availability.available && requirements.isCompatible(offering.requirements, wellKnown),
          ),
      ),
    );
  });
}

/** A type with those of its offerings, available or not, on which something fits. */
export interface SuitedType {
  readonly type: InstanceType;
  readonly offerings: readonly Offering[];
}

export function largeEnoughOfferings(groups: readonly TypeGroup[], requests: Resources): readonly SuitedType[] {
  return groups.flatMap(({ overhead, options }) => {
    const total = addResources(requests, overhead);
    return options.map(({ type, builds }) => ({
      type,
      offerings: builds.flatMap(({ allocatable, offerings }) => (fits(total, allocatable) ? offerings : [])),
    }));
  });
}

export function typesOf(groups: readonly TypeGroup[]): readonly InstanceType[] {
  return groups.flatMap((group) => group.options.map(({ type }) => type));
}

export function countOf(groups: readonly TypeGroup[]): number {
  return groups.reduce((count, { options }) => count + options.length, 0);
}

export function keep(groups: readonly TypeGroup[], test: (option: TypeOption) => boolean): readonly TypeGroup[] {
  return groups.flatMap((group) => {
    const options = group.options.filter(test);
    return options.length > 0 ? [{ ...group, options }] : [];
  });
}
