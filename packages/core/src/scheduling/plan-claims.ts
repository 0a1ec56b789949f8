// From what the solve holds in mind to the claims it hands out: types by price, labels, requests with DaemonSets (S-519, S-127, S-229).

import { Label } from "../api/index.ts";
import type { Pod } from "../api/index.ts";
import { isRestrictedKey, Requirement } from "../requirements/index.ts";
import type { Requirements } from "../requirements/index.ts";
import { addResources, compareText, minCommonResources } from "../units/index.ts";
import { cheapestTypes, listedTypes, withReservations } from "./placement/listing.ts";
import type { ClaimState, ListingRules } from "./placement/listing.ts";
import { isLowered, withLoweredMinimum } from "./placement/min-values.ts";
import type { PricedType } from "./placement/order.ts";
import type { PoolInput, ProblemInput } from "./problem.ts";
import type { PlannedClaim } from "./solution.ts";
import { ownLabels } from "./templates.ts";
import type { Template } from "./templates.ts";

/** Keys that only serve the solve (S-519). */
export const INTERNAL_KEYS: readonly string[] = [Label.Hostname, Label.Registered, Label.Initialized];

/** A claim at the end of the solve. */
export interface FinishedClaim extends ClaimState {
  readonly template: Template;
  readonly podObjects: readonly Pod[];
}

export function plannedClaim(claim: FinishedClaim, rules: ListingRules, input: ProblemInput): PlannedClaim {
  const listed = listedTypes(claim, rules) ?? cheapestTypes(claim, rules);
  const { reservations } = claim;
  const instanceTypes = listed.map(({ type }) => type);
  // Only as best effort does the list ever miss a minimum that the claim still has (S-511).
  const settled = withLoweredMinimum(instanceTypes, claim.requirements);
  return {
    nodePool: claim.template.name,
    requirements: claimRequirements(
      withReservations({ requirements: settled, reservations }, rules),
      listed,
      rules.wellKnown,
    ),
    labels: labelsOf(claim, input),
    instanceTypes,
    requests: addResources(claim.requests, minCommonResources(claim.groups.map(({ overhead }) => overhead))),
    pods: claim.podObjects,
    cheapest: cheapestOf(claim, listed),
    minValuesRelaxed: isLowered(settled, claim.template.requirements),
  };
}

function cheapestOf({ template }: FinishedClaim, [first]: readonly PricedType[]): PlannedClaim["cheapest"] {
  if (first?.offering === undefined)
    throw new Error(`a claim of ${template.name} was planned that nothing could be bought for`);
  return { instanceType: first.type, offering: first.offering };
}

/** The capacity types that the listed types really have; the zone only when something asks for one (S-521). */
function claimRequirements(
  requirements: Requirements,
  types: readonly PricedType[],
  wellKnown: ReadonlySet<string>,
): Requirements {
  const offered = new Set<string>();
  for (const { offerings } of types) {
    for (const offering of offerings) {
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
export function labelsOf(
  claim: {
    readonly template: { readonly pool: Pick<PoolInput, "nodePool">; readonly requirements: Requirements };
    readonly requirements: Requirements;
  },
  input: Pick<ProblemInput, "wellKnownLabels" | "restrictedDomains">,
): Readonly<Record<string, string>> {
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
