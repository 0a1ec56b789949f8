// The price that a NodeOverlay puts in place of the listed one.

import { PRICE, PRICE_ADJUSTMENT } from "../../api/index.ts";
import type { NodeOverlaySpec } from "../../api/index.ts";

const PRICE_FORM = new RegExp(PRICE);
const ADJUSTMENT_FORM = new RegExp(PRICE_ADJUSTMENT);

/** OV-5. Undefined: there is no listed price to adjust. */
export function overlaidAmount(listed: number | undefined, { price, priceAdjustment }: NodeOverlaySpec) {
  if (price !== undefined) return Number(price);
  if (listed === undefined || priceAdjustment === undefined) return listed;
  const adjusted = priceAdjustment.endsWith("%")
    ? listed * (1 + Number(priceAdjustment.slice(0, -1)) / 100)
    : listed + Number(priceAdjustment);
  return Math.max(0, adjusted);
}

export function changesPrice({ price, priceAdjustment }: NodeOverlaySpec): boolean {
  return price !== undefined || priceAdjustment !== undefined;
}

/** What the API server would have refused, for objects that came past it. */
export function priceErrors({ price, priceAdjustment }: NodeOverlaySpec): readonly string[] {
  return [
    ...(price !== undefined && priceAdjustment !== undefined ? ["price and priceAdjustment are both set"] : []),
    ...(price !== undefined && !PRICE_FORM.test(price) ? [`price ${JSON.stringify(price)} is no price`] : []),
    ...(priceAdjustment !== undefined && !ADJUSTMENT_FORM.test(priceAdjustment)
      ? [`priceAdjustment ${JSON.stringify(priceAdjustment)} is neither an amount with a sign nor a percentage`]
      : []),
  ];
}
