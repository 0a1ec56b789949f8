// What is sold out where, and until when, for pods that only unavailable offerings would suit (S-623).

import { Label } from "../api/index.ts";
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
    short: `${first}${texts.length > 1 ? `, and ${texts.length - 1} dearer offerings are unavailable too` : ""}`,
    detail: `${texts.slice(0, SHOWN).join("; ")}${more}`,
    ...(closest && { closest: { name: closest.type.name, failed: "OfferingUnavailable" } }),
  };
}

function describe(type: InstanceType, { requirements, availability }: Offering): string {
  const zone = requirements.get(Label.Zone).single() ?? "";
  const capacityType = requirements.get(Label.CapacityType).single() ?? "";
  if (availability.available) return `${type.name} ${capacityType} in ${zone} is available`;
  const until = availability.until === undefined ? "" : ` until ${new Date(availability.until).toISOString()}`;
  return `${type.name} ${capacityType} in ${zone} is unavailable${until}: ${availability.reason}`;
}
