// In which order a claim's possible offerings are tried: the one the plan counted on, then from the cheapest up (SIM-8), by the
// prices that the plan knew where overlays had changed them.

import { Annotation, formatLaunchHint, Label, parseLaunchHint } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { allocatableOf, overlaidRank, type InstanceType, type Offering } from "@karpenter-multicloud/core/provider";
import type { Requirements } from "@karpenter-multicloud/core/requirements";
import { compareRates, compareText, fits, requestsFrom } from "@karpenter-multicloud/core/units";

export interface Choice {
  readonly type: InstanceType;
  readonly offering: Offering;
  readonly zone: string;
  readonly capacityType: string;
}

/** No tie is broken by chance: equal prices go by type, zone and capacity type. */
export function choicesFor(claim: NodeClaim, wanted: Requirements, types: readonly InstanceType[]): readonly Choice[] {
  const requests = requestsFrom(claim.spec.resources?.requests);
  const hint = hintedOffering(claim);
  const rank = overlaidRank(claim);
  return types
    .filter((type) => wanted.overlaps(type.requirements) && fits(requests, allocatableOf(type)))
    .flatMap((type) =>
      type.offerings
        .filter(({ availability, requirements }) => availability.available && wanted.overlaps(requirements))
        .map((offering): Choice => ({ type, offering, ...placeOf(offering) })),
    )
    .sort(
      (a, b) =>
        Number(nameOf(b) === hint) - Number(nameOf(a) === hint) ||
        rank(a.type.name) - rank(b.type.name) ||
        compareRates(a.offering.price, b.offering.price) ||
        compareText(nameOf(a), nameOf(b)),
    );
}

/** What the plan counted on, whatever it cost then. */
function hintedOffering({ metadata }: NodeClaim): string | undefined {
  const hint = parseLaunchHint(metadata.annotations?.[Annotation.LaunchHint]);
  if (hint === undefined) return undefined;
  const { price: _, ...offering } = hint;
  return formatLaunchHint(offering);
}

/** `<instance type>/<zone>/<capacity type>`, as the launch hint has it. */
export function nameOf({ type, zone, capacityType }: Choice): string {
  return `${type.name}/${zone}/${capacityType}`;
}

export function placeOf({ requirements }: Offering): { readonly zone: string; readonly capacityType: string } {
  return {
    zone: requirements.get(Label.Zone).single() ?? "",
    capacityType: requirements.get(Label.CapacityType).single() ?? "",
  };
}
