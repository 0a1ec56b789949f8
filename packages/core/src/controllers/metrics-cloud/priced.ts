// A price of nothing is no price: a cloud whose list has a gap must not look free (users-want 26). Overlays come later and may say 0 on purpose.

import { CapacityType, Label } from "../../api/index.ts";
import type { InstanceType, InstanceTypes, Offering } from "../../provider/index.ts";

/** The same list when nothing has to change. */
export function withoutZeroPrices(types: InstanceTypes): InstanceTypes {
  const items = types.items.map(priced);
  return items.every((item, index) => item === types.items[index]) ? types : { ...types, items };
}

function priced(type: InstanceType): InstanceType {
  const offerings = type.offerings.map(trusted);
  return offerings.every((offering, index) => offering === type.offerings[index]) ? type : { ...type, offerings };
}

function trusted(offering: Offering): Offering {
  const { price } = offering;
  // What is reserved is paid for already, so another machine in it may well cost nothing.
  const floor = isReserved(offering)
    ? price !== undefined && price.amount >= 0
    : price !== undefined && price.amount > 0;
  const sound = floor && Number.isFinite(price?.amount);
  return price === undefined || sound ? offering : { ...offering, price: undefined };
}

function isReserved({ requirements }: Offering): boolean {
  return requirements.get(Label.CapacityType).single() === CapacityType.Reserved;
}
