// What is sold out where, and until when, for pods that only unavailable offerings would suit (S-623).

import { Label, toRfc3339 } from "../../api/index.ts";
import { compareOfferings } from "../../pricing/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { canonicalRequirement } from "../compile/requirement-book.ts";
import type { Finding, PoolQuestion } from "./pool-finding.ts";
import { onOffer, typesOf } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";

const SHOWN = 3;

/** Offerings that ask for the same: of many types, in one zone and of one capacity type. */
interface Place {
  readonly requirements: Requirements;
  count: number;
  hasAvailable: boolean;
}

interface Sold {
  readonly type: InstanceType;
  readonly offering: Offering;
  readonly place: Place;
}

interface Range {
  readonly places: readonly Place[];
  /** In the order of compareOfferings. */
  readonly sold: readonly Sold[];
}

const ranges = new WeakMap<readonly TypeGroup[], Range>();

type ByRequirements = WeakMap<Requirements, readonly TypeGroup[]>;

const offers = new WeakMap<readonly TypeGroup[], ByRequirements>();

/** `groups` are those of Candidates.fitting, which say already which machines are large enough: requests change nothing more. */
export function passingOffers(groups: readonly TypeGroup[], question: PoolQuestion): readonly TypeGroup[] {
  const { requirements, pod, world } = question;
  const byRequirements: ByRequirements = offers.get(groups) ?? new WeakMap();
  offers.set(groups, byRequirements);
  const known = byRequirements.get(requirements);
  if (known !== undefined) return known;
  const isOnOffer = suitedPlaces(groups, question).some(({ hasAvailable }) => hasAvailable);
  const wanted = { requests: pod.requests, requirements, wellKnown: world.wellKnown };
  const offered = isOnOffer ? onOffer(groups, wanted) : [];
  byRequirements.set(requirements, offered);
  return offered;
}

export function unavailableFinding(groups: readonly TypeGroup[], question: PoolQuestion): Finding {
  const places = suitedPlaces(groups, question);
  const suited = new Set(places);
  const total = places.reduce((sum, { count }) => sum + count, 0);
  const soldOut = firstOf(rangeOf(groups).sold, (each) => suited.has(each.place));
  const texts = soldOut.map(({ type, offering }) => describe(type, offering));
  const [first = "no offering"] = texts;
  const more = total > SHOWN ? ` and ${total - SHOWN} more` : "";
  const [closest] = soldOut;
  return {
    reason: "OfferingUnavailable",
    short: `${first}${others(total - 1)}`,
    detail: `${texts.join("; ")}${more}`,
    fix: "it is tried again then; allow more instance types or zones to have it sooner",
    ...(closest && { closest: { name: closest.type.name, failed: "OfferingUnavailable" } }),
  };
}

function suitedPlaces(groups: readonly TypeGroup[], { requirements, world }: PoolQuestion): readonly Place[] {
  return rangeOf(groups).places.filter((place) => requirements.isCompatible(place.requirements, world.wellKnown));
}

function rangeOf(groups: readonly TypeGroup[]): Range {
  const known = ranges.get(groups);
  if (known !== undefined) return known;
  const places = new Map<string, Place>();
  const sold = typesOf(groups)
    .flatMap((type) => type.offerings.map((offering) => ({ type, offering, place: placeOf(offering, places) })))
    .toSorted((a, b) => compareOfferings(a.offering, b.offering));
  const range = { places: [...places.values()], sold };
  ranges.set(groups, range);
  return range;
}

function placeOf({ requirements, availability }: Offering, places: Map<string, Place>): Place {
  const text = [...requirements].map(canonicalRequirement).join();
  const place = places.get(text) ?? { requirements, count: 0, hasAvailable: false };
  places.set(text, place);
  place.count++;
  place.hasAvailable ||= availability.available;
  return place;
}

function firstOf(sold: readonly Sold[], test: (each: Sold) => boolean): readonly Sold[] {
  const found: Sold[] = [];
  for (const each of sold) {
    if (found.length === SHOWN) break;
    if (test(each)) found.push(each);
  }
  return found;
}

function others(count: number): string {
  if (count === 0) return "";
  return count === 1 ? ", and so is 1 other offering" : `, and so are ${count} other offerings`;
}

function describe(type: InstanceType, { requirements, availability }: Offering): string {
  const zone = requirements.get(Label.Zone).single() ?? "";
  const capacityType = requirements.get(Label.CapacityType).single() ?? "";
  if (availability.available) return `${type.name} ${capacityType} in ${zone} is available`;
  const until = availability.until === undefined ? "" : ` until ${toRfc3339(availability.until)}`;
  return `${type.name} ${capacityType} in ${zone} is unavailable${until}: ${availability.reason}`;
}
