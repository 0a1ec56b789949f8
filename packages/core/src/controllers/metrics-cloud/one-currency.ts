// What a pool buys is paid in one currency: nobody can say which of two amounts in different ones is less, so that no plan could be made.

import { Label } from "../../api/index.ts";
import type { InstanceType, InstanceTypes, Offering } from "../../provider/index.ts";
import { formatRate } from "../../units/index.ts";

export interface OneCurrency {
  /** The same list when nothing has to change. */
  readonly types: InstanceTypes;
  /** That of the first price in the list. */
  readonly currency: string | undefined;
  /** Offerings that lost their price, in words. */
  readonly foreign: readonly string[];
}

/** Offerings in another currency count as unpriced: they can still be bought, after all others. */
export function inOneCurrency(types: InstanceTypes): OneCurrency {
  const all = types.items.flatMap(({ offerings }) => offerings);
  const currency = all.find(({ price }) => price !== undefined)?.price?.currency;
  const isForeign = ({ price }: Offering): boolean => price !== undefined && price.currency !== currency;
  if (!all.some(isForeign)) return { types, currency, foreign: [] };
  const foreign = types.items.flatMap((type) => type.offerings.filter(isForeign).map((each) => textOf(type, each)));
  const items = types.items.map((type) => {
    if (!type.offerings.some(isForeign)) return type;
    const offerings = type.offerings.map((each) => (isForeign(each) ? { ...each, price: undefined } : each));
    return { ...type, offerings };
  });
  return { types: { ...types, items }, currency, foreign };
}

function textOf({ name }: InstanceType, { requirements, price }: Offering): string {
  const [zone = "", capacityType = ""] = [Label.Zone, Label.CapacityType].map((key) => requirements.get(key).single());
  return `${name} in ${zone}, ${capacityType}, ${formatRate(price)}`;
}
