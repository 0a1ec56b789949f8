// The last checks before a pod may join a claim: enough different values, a list of types that keeps them, and reserved capacity (S-508…S-514).

import type { ReservationManager } from "../reservations.ts";
import { onOffer, typesOf } from "./instance-filter.ts";
import { listedTypes, withReservations } from "./listing.ts";
import type { ClaimState, ListingRules } from "./listing.ts";
import { missingValues, withLoweredMinimum } from "./min-values.ts";
import { REJECTED } from "./rejection.ts";
import type { Rejection } from "./rejection.ts";

export interface ClaimRules extends ListingRules {
  readonly minValuesPolicy: "Strict" | "BestEffort";
  readonly reservations: ReservationManager;
}

export interface JoiningClaim {
  readonly host: string;
  /** Whether the pod is its first: only then may a minimum be lowered (S-509). */
  readonly isOpening: boolean;
  readonly state: Omit<ClaimState, "reservations">;
}

export function settled({ host, isOpening, state }: JoiningClaim, rules: ClaimRules): ClaimState | Rejection {
  const isBestEffort = rules.minValuesPolicy === "BestEffort";
  const wanted = withMinimum(state, isBestEffort && isOpening);
  if ("rejected" in wanted) return wanted;
  const reserving = withReservedCapacity(host, wanted, rules);
  if ("rejected" in reserving) return reserving;
  const minimum = reserving.groups === wanted.groups ? wanted : withMinimum(reserving, isBestEffort && isOpening);
  if ("rejected" in minimum) return minimum;
  const claim = { ...reserving, requirements: minimum.requirements };
  // S-511: what could not be listed in the end is not planned with in the first place, for others would rely on it.
  return isBestEffort || listedTypes(claim, rules) !== undefined ? claim : REJECTED.minValues;
}

/** S-508, S-509. */
function withMinimum<T extends JoiningClaim["state"]>(state: T, mayLower: boolean): T | Rejection {
  const types = typesOf(state.groups);
  if (mayLower) return { ...state, requirements: withLoweredMinimum(types, state.requirements) };
  return missingValues(types, state.requirements).length > 0 ? REJECTED.minValues : state;
}

/** S-514: all the claim can get. Strict: none of those it could use, or none any more, is a reason to wait. */
function withReservedCapacity(host: string, state: JoiningClaim["state"], rules: ClaimRules): ClaimState | Rejection {
  const { reservations, reservedCapacity, wellKnown } = rules;
  const { groups, requests, requirements } = state;
  if (reservedCapacity === "Off") return { ...state, reservations: [] };
  const ids = reservations.idsFor(typesOf(groups), requirements, wellKnown);
  const free = ids.filter((id) => reservations.canReserve(host, id));
  if (free.length > 0 || (ids.length === 0 && reservations.heldBy(host).length === 0)) {
    return { ...state, reservations: free };
  }
  if (reservedCapacity === "Strict") return REJECTED.reservation;
  // What is reserved for others is as good as sold out.
  const others = withReservations({ requirements, reservations: [] }, rules);
  const left = onOffer(groups, { requests, requirements: others, wellKnown });
  return left.length > 0 ? { ...state, groups: left, reservations: [] } : REJECTED.reservation;
}
