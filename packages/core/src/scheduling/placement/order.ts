// In which order instance types are listed: by what they cost where the requirements allow them.

import { cheapestOffering } from "../../pricing/index.ts";
import type { Offering } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { compareRates, compareText } from "../../units/index.ts";
import type { SuitedType } from "./instance-filter.ts";

export interface PricedType extends SuitedType {
  /** The cheapest. Absent when the requirements leave none: the type is listed, but cannot be had as things are. */
  readonly offering?: Offering;
}

/** S-505: by the cheapest offering the requirements allow, then by name; types without one at the end. */
export function byPrice(
  types: readonly SuitedType[],
  requirements: Requirements,
  wellKnown: ReadonlySet<string>,
): readonly PricedType[] {
  return types
    .map(({ type, offerings }): PricedType => {
      const cheapest = cheapestOffering({ ...type, offerings }, requirements, wellKnown);
      return { type, offerings, ...(cheapest && { offering: cheapest.offering }) };
    })
    .toSorted(
      (a, b) =>
        Number(a.offering === undefined) - Number(b.offering === undefined) ||
        compareRates(a.offering?.price, b.offering?.price) ||
        compareText(a.type.name, b.type.name),
    );
}
