// In which order things are tried and listed: planned claims by how full they are, instance types by price.

import { cheapestOffering } from "../../pricing/index.ts";
import type { PricedOffering } from "../../pricing/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { compareRates, compareText } from "../../units/index.ts";
import type { NewClaim } from "./new-claim.ts";

export interface PricedType extends PricedOffering {
  readonly type: InstanceType;
}

/** S-318: fewest pods first; among equals the older claim, because the sort is stable. */
export function inTrialOrder(claims: readonly NewClaim[]): readonly NewClaim[] {
  return claims.toSorted((a, b) => a.pods.length - b.pods.length);
}

/** S-505: by the cheapest offering the requirements allow, then by name; a type without one is left out. */
export function byPrice(
  types: readonly InstanceType[],
  requirements: Requirements,
  wellKnown: ReadonlySet<string>,
): readonly PricedType[] {
  return types
    .flatMap((type) => {
      const cheapest = cheapestOffering(type, requirements, wellKnown);
      return cheapest === undefined ? [] : [{ ...cheapest, type }];
    })
    .toSorted((a, b) => compareRates(a.rate, b.rate) || compareText(a.type.name, b.type.name));
}
