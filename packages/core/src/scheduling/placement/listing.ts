// Which instance types a claim lists, in which order, and what the claim then asks for besides its pods' wishes (S-511, S-516).

import { CapacityType, Label } from "../../api/index.ts";
import { Requirement } from "../../requirements/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import type { Resources } from "../../units/index.ts";
import { largeEnoughOfferings } from "./instance-filter.ts";
import type { TypeGroup } from "./instance-filter.ts";
import { byPrice } from "./order.ts";
import type { PricedType } from "./order.ts";
import { truncateTypes } from "./truncate.ts";

/** How a claim stands. */
export interface ClaimState {
  readonly requirements: Requirements;
  readonly groups: readonly TypeGroup[];
  /** Pods only. */
  readonly requests: Resources;
  /** Ids of the reservations it holds. */
  readonly reservations: readonly string[];
}

export interface ListingRules {
  readonly wellKnown: ReadonlySet<string>;
  readonly maxInstanceTypes: number;
  readonly reservedCapacity: "Strict" | "Fallback" | "Off";
  readonly reservationIdLabel?: string;
}

/** In price order; undefined when so few types cannot have the values that minValues asks for. */
export function listedTypes(claim: ClaimState, rules: ListingRules): readonly PricedType[] | undefined {
  return truncateTypes(allTypes(claim, rules), claim.requirements, rules.maxInstanceTypes);
}

/** The cheapest ones, whatever minValues says. */
export function cheapestTypes(claim: ClaimState, rules: ListingRules): readonly PricedType[] {
  return allTypes(claim, rules).slice(0, rules.maxInstanceTypes);
}

/** S-516: a claim that holds reservations uses nothing else; one that holds none keeps off them. */
export function withReservations(
  { requirements, reservations }: Pick<ClaimState, "requirements" | "reservations">,
  { reservationIdLabel, reservedCapacity }: ListingRules,
): Requirements {
  if (reservationIdLabel === undefined && reservedCapacity !== "Off") return requirements;
  if (reservationIdLabel !== undefined && reservations.length > 0) {
    return requirements.with(
      Requirement.of(Label.CapacityType, "In", [CapacityType.Reserved]),
      Requirement.of(reservationIdLabel, "In", reservations),
    );
  }
  return requirements.with(Requirement.of(Label.CapacityType, "NotIn", [CapacityType.Reserved]));
}

function allTypes(claim: ClaimState, rules: ListingRules): readonly PricedType[] {
  const suited = largeEnoughOfferings(claim.groups, claim.requests);
  return byPrice(suited, withReservations(claim, rules), rules.wellKnown);
}
