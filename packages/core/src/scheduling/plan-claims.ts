// From what the solve holds in mind to the claims it hands out: types by price, labels, requests with DaemonSets (S-519, S-127, S-229).

import { Label } from "../api/index.ts";
import { isRestrictedKey, Requirement } from "../requirements/index.ts";
import type { Requirements } from "../requirements/index.ts";
import { addResources, compareText, minCommonResources } from "../units/index.ts";
import { missingValues } from "./placement/min-values.ts";
import type { MissingValues } from "./placement/min-values.ts";
import { byPrice } from "./placement/order.ts";
import type { PricedType } from "./placement/order.ts";
import { typesOf } from "./placement/instance-filter.ts";
import { truncateTypes } from "./placement/truncate.ts";
import type { NewClaim } from "./placement/new-claim.ts";
import type { PodToPlace } from "./pod-to-place.ts";
import type { ProblemInput } from "./problem.ts";
import type { PlannedClaim } from "./solution.ts";
import { ownLabels } from "./templates.ts";
import type { World } from "./world.ts";

export interface DroppedPod {
  readonly pod: PodToPlace;
  readonly pool: string;
  readonly missing: readonly MissingValues[];
}

export interface ClaimPlan {
  readonly claims: readonly PlannedClaim[];
  /** Pods of claims that could not keep minValues within the longest list allowed (S-511). */
  readonly dropped: readonly DroppedPod[];
}

const MAX_INSTANCE_TYPES = 600;
/** Keys that only serve the solve (S-519). */
const INTERNAL_KEYS: readonly string[] = [Label.Hostname, Label.Registered, Label.Initialized];

export function planClaims(world: World, input: ProblemInput): ClaimPlan {
  const claims: PlannedClaim[] = [];
  const dropped: DroppedPod[] = [];
  for (const claim of world.claims) {
    const types = byPrice(typesOf(claim.groups), claim.requirements, world.wellKnown);
    const most = input.maxInstanceTypes ?? MAX_INSTANCE_TYPES;
    const kept = truncateTypes(types, claim.requirements, most);
    const [cheapest] = kept ?? [];
    if (kept !== undefined && cheapest !== undefined) claims.push(planned(claim, kept, cheapest, input));
    else {
      const missing = missingValues(
        types.slice(0, most).map(({ type }) => type),
        claim.requirements,
      );
      dropped.push(...claim.pods.map((pod) => ({ pod, pool: claim.template.name, missing })));
    }
  }
  return { claims, dropped };
}

function planned(
  claim: NewClaim,
  types: readonly PricedType[],
  cheapest: PricedType,
  input: ProblemInput,
): PlannedClaim {
  return {
    nodePool: claim.template.name,
    requirements: claimRequirements(claim.requirements, types, input.wellKnownLabels),
    labels: labelsOf(claim, input),
    instanceTypes: types.map(({ type }) => type),
    requests: addResources(claim.requests, minCommonResources(claim.groups.map(({ overhead }) => overhead))),
    pods: claim.podObjects,
    cheapest: { instanceType: cheapest.type, offering: cheapest.offering },
    minValuesRelaxed: false,
  };
}

/** The capacity types that the listed types really have; the zone only when something asks for one (S-521). */
function claimRequirements(
  requirements: Requirements,
  types: readonly PricedType[],
  wellKnown: ReadonlySet<string>,
): Requirements {
  const offered = new Set<string>();
  for (const { type } of types) {
    for (const offering of type.offerings) {
      const capacityType = offering.requirements.get(Label.CapacityType).single();
      const usable = offering.availability.available && requirements.isCompatible(offering.requirements, wellKnown);
      if (usable && capacityType !== undefined) offered.add(capacityType);
    }
  }
  const external = requirements.without(...INTERNAL_KEYS);
  if (offered.size === 0) return external;
  return external.with(Requirement.of(Label.CapacityType, "In", [...offered].toSorted(compareText)));
}

/** S-127: only keys the template itself defines; what is well known comes from the machine. */
function labelsOf(claim: NewClaim, input: ProblemInput): Readonly<Record<string, string>> {
  const { template, requirements } = claim;
  const labels: Record<string, string> = { ...template.pool.nodePool.spec.template.metadata?.labels };
  for (const key of template.requirements.keys()) {
    if (input.wellKnownLabels.has(key)) continue;
    if (isRestrictedKey(key, input.wellKnownLabels, input.restrictedDomains ?? [])) continue;
    const value = requirements.get(key).any();
    if (value !== "") labels[key] = value;
  }
  return { ...labels, ...ownLabels(template.pool.nodePool) };
}
