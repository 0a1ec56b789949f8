// What a planned machine must cost to be worth a move, and the plan with the types that are left (D-77…D-81).

import { CapacityType, Label } from "../api/index.ts";
import type { InstanceType, Offering } from "../provider/index.ts";
import { Requirement } from "../requirements/index.ts";
import type { Requirements } from "../requirements/index.ts";
import { cheapestOffering } from "../scheduling/index.ts";
import type { PlannedClaim } from "../scheduling/index.ts";
import { compareRates, compareText } from "../units/index.ts";
import type { HourlyRate } from "../units/index.ts";
import type { Candidate } from "./candidates.ts";

type WellKnown = ReadonlySet<string>;

/** What candidates cost together. Undefined: nothing is known, or they are paid in several currencies. */
export function rateOfAll(candidates: readonly Pick<Candidate, "rate">[]): HourlyRate | undefined {
  const rates = candidates.flatMap(({ rate }) => rate ?? []);
  const [first] = rates;
  if (first === undefined || rates.some(({ currency }) => currency !== first.currency)) return undefined;
  return { amount: rates.reduce((sum, { amount }) => sum + amount, 0), currency: first.currency };
}

/** D-79: the dearest that a launch may end up with; undefined when nobody knows, or nothing can be launched. */
function worstLaunchRate(type: InstanceType, requirements: Requirements, wellKnown: WellKnown): HourlyRate | undefined {
  const usable = type.offerings.filter(
    (offering) => offering.availability.available && requirements.isCompatible(offering.requirements, wellKnown),
  );
  for (const capacityType of [CapacityType.Reserved, CapacityType.Spot, CapacityType.OnDemand]) {
    const rates = usable.filter((offering) => capacityTypeOf(offering) === capacityType).map(({ price }) => price);
    if (rates.length > 0) return rates.toSorted(compareRates).at(-1);
  }
  return undefined;
}

/** Strictly: an equal price is no reason to move. */
export function cheaperTypes(
  { instanceTypes, requirements }: PlannedClaim,
  limit: HourlyRate,
  wellKnown: WellKnown,
): readonly InstanceType[] {
  return instanceTypes.filter((type) => {
    const rate = worstLaunchRate(type, requirements, wellKnown);
    return rate !== undefined && rate.currency === limit.currency && rate.amount < limit.amount;
  });
}

/** The plan for fewer types and narrower requirements; undefined when nothing of it can be launched. */
export function narrowed(
  claim: PlannedClaim,
  instanceTypes: readonly InstanceType[],
  requirements: Requirements,
  wellKnown: WellKnown,
): PlannedClaim | undefined {
  const priced = instanceTypes
    .map((instanceType) => ({ instanceType, cheapest: cheapestOffering(instanceType, requirements, wellKnown) }))
    .toSorted(
      (a, b) =>
        Number(a.cheapest === undefined) - Number(b.cheapest === undefined) ||
        compareRates(a.cheapest?.rate, b.cheapest?.rate) ||
        compareText(a.instanceType.name, b.instanceType.name),
    );
  const [first] = priced;
  if (first?.cheapest === undefined) return undefined;
  return {
    ...claim,
    requirements,
    instanceTypes: priced.map(({ instanceType }) => instanceType),
    cheapest: { instanceType: first.instanceType, offering: first.cheapest.offering },
  };
}

/** Types that can be launched now under these requirements. */
export function launchable(
  instanceTypes: readonly InstanceType[],
  requirements: Requirements,
  wellKnown: WellKnown,
): readonly InstanceType[] {
  return instanceTypes.filter((type) => cheapestOffering(type, requirements, wellKnown) !== undefined);
}

export function spotOnly(requirements: Requirements): Requirements {
  return requirements.with(Requirement.of(Label.CapacityType, "In", [CapacityType.Spot]));
}

export function withoutSpot(requirements: Requirements): Requirements {
  return requirements.with(Requirement.of(Label.CapacityType, "NotIn", [CapacityType.Spot]));
}

function capacityTypeOf({ requirements }: Offering): string | undefined {
  return requirements.get(Label.CapacityType).single();
}
