// What is sold out where, and until when, for pods that only unavailable offerings would suit (S-623).

import { Label, toRfc3339 } from "../api/index.ts";
import { compareOfferings } from "../pricing/index.ts";
import type { InstanceType, Offering } from "../provider/index.ts";
import type { Finding, PoolQuestion } from "./pool-finding.ts";
import { typesOf } from "./placement/instance-filter.ts";
import type { TypeGroup } from "./placement/instance-filter.ts";

const SHOWN = 3;

export function unavailableFinding(groups: readonly TypeGroup[], { requirements, world }: PoolQuestion): Finding {
  const soldOut = typesOf(groups)
    .flatMap((type) => type.offerings.map((offering) => ({ type, offering })))
    .filter(({ offering }) => requirements.isCompatible(offering.requirements, world.wellKnown))
    .toSorted((a, b) => compareOfferings(a.offering, b.offering));
  const texts = soldOut.map(({ type, offering }) => describe(type, offering));
  const [first = "no offering"] = texts;
  const more = texts.length > SHOWN ? ` and ${texts.length - SHOWN} more` : "";
  const [closest] = soldOut;
  return {
    reason: "OfferingUnavailable",
    short: `${first}${others(texts.length - 1)}`,
    detail: `${texts.slice(0, SHOWN).join("; ")}${more}`,
    fix: "it is tried again then; allow more instance types or zones to have it sooner",
    ...(closest && { closest: { name: closest.type.name, failed: "OfferingUnavailable" } }),
  };
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
