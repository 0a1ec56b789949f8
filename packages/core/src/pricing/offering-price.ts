// What a machine shape costs: the cheapest offering that a set of requirements allows, and the rate of a node that runs.

import { CapacityType, Label } from "../api/index.ts";
import type { InstanceType, Offering } from "../provider/index.ts";
import type { Requirements } from "../requirements/index.ts";
import { compareRates, compareText } from "../units/index.ts";
import type { HourlyRate } from "../units/index.ts";

export interface PricedOffering {
  readonly offering: Offering;
  /** Undefined: unpriced. */
  readonly rate: HourlyRate | undefined;
}

const CAPACITY_TYPE_ORDER: readonly string[] = [CapacityType.Reserved, CapacityType.Spot, CapacityType.OnDemand];

/** S-504, S-505: among the available offerings that the requirements allow; unpriced ones only when there is no other. */
export function cheapestOffering(
  instanceType: InstanceType,
  requirements: Requirements,
  wellKnown: ReadonlySet<string>,
): PricedOffering | undefined {
  let best: Offering | undefined;
  for (const offering of instanceType.offerings) {
    if (!offering.availability.available || !requirements.isCompatible(offering.requirements, wellKnown)) continue;
    if (best === undefined || compareOfferings(offering, best) < 0) best = offering;
  }
  return best && { offering: best, rate: best.price };
}

/** S-306: price, then reserved before spot before on-demand, then zone, then whatever else tells offerings apart. */
export function compareOfferings(a: Offering, b: Offering): number {
  return (
    compareRates(a.price, b.price) ||
    capacityTypeRank(a) - capacityTypeRank(b) ||
    compareText(labelOf(a, Label.CapacityType), labelOf(b, Label.CapacityType)) ||
    compareText(labelOf(a, Label.Zone), labelOf(b, Label.Zone)) ||
    compareText(a.requirements.toString(), b.requirements.toString())
  );
}

/** D-24: the offering a node was launched from, available or not. Undefined when it is unknown or unpriced. */
export function rateOfNode(
  labels: Readonly<Record<string, string>>,
  instanceTypes: readonly InstanceType[],
): HourlyRate | undefined {
  const rate = offeringOfNode(labels, instanceTypes)?.price;
  return rate === undefined || Number.isNaN(rate.amount) ? undefined : rate;
}

/** What a node was launched from: the first offering of its type in its zone and of its capacity type. */
export function offeringOfNode(
  labels: Readonly<Record<string, string>>,
  instanceTypes: readonly InstanceType[],
): Offering | undefined {
  const type = instanceTypes.find(({ name }) => name === labels[Label.InstanceType]);
  return type?.offerings.find(
    (each) =>
      labelOf(each, Label.Zone) === labels[Label.Zone] &&
      labelOf(each, Label.CapacityType) === labels[Label.CapacityType],
  );
}

function capacityTypeRank(offering: Offering): number {
  const rank = CAPACITY_TYPE_ORDER.indexOf(labelOf(offering, Label.CapacityType));
  return rank < 0 ? CAPACITY_TYPE_ORDER.length : rank;
}

function labelOf(offering: Offering, key: string): string {
  return offering.requirements.get(key).single() ?? "";
}
