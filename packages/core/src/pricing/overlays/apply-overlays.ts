// Instance types as NodeOverlays describe them: other prices, more capacity, the same requirements (S-518, OV-5).

import type { NodeOverlay, NodePool } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { allocatableFrom } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { matchedOfferings, overlayRequirements, poolLabels } from "./overlay-match.ts";
import type { OverlayContext } from "./overlay-match.ts";
import { changesPrice, overlaidAmount } from "./overlaid-price.ts";

interface ReadOverlay {
  readonly overlay: NodeOverlay;
  readonly wanted: Requirements;
}

/** `accepted` in the order of acceptOverlays: the first one that sets a price or a resource wins. Types nobody changes stay the same objects. */
export function applyOverlays(
  instanceTypes: readonly InstanceType[],
  accepted: readonly NodeOverlay[],
  nodePool: NodePool,
  context: OverlayContext,
): readonly InstanceType[] {
  if (accepted.length === 0) return instanceTypes;
  const labels = poolLabels(nodePool, context);
  const read = accepted.map((overlay) => ({ overlay, wanted: overlayRequirements(overlay, context) }));
  const currency = currencyOf(instanceTypes);
  return instanceTypes.map((type) => overlaid(type, read, labels, { ...context, ...(currency && { currency }) }));
}

function overlaid(
  type: InstanceType,
  overlays: readonly ReadOverlay[],
  labels: Requirements,
  context: OverlayContext & { readonly currency?: string },
): InstanceType {
  const pricedBy = new Map<Offering, NodeOverlay>();
  let added: Resources = {};
  for (const { overlay, wanted } of overlays) {
    const offerings = matchedOfferings(type, labels, wanted, context);
    if (offerings.length === 0) continue;
    if (changesPrice(overlay.spec)) {
      for (const offering of offerings) if (!pricedBy.has(offering)) pricedBy.set(offering, overlay);
    }
    added = { ...allocatableFrom(overlay.spec.capacity), ...added };
  }
  const capacity = Object.keys(added).length > 0;
  if (pricedBy.size === 0 && !capacity) return type;
  return {
    ...type,
    offerings: type.offerings.map((offering) => withPrice(offering, pricedBy.get(offering), context.currency)),
    ...(capacity && { capacity: { ...type.capacity, ...added } }),
    overlaid: { price: pricedBy.size > 0, capacity },
  };
}

function withPrice(offering: Offering, overlay: NodeOverlay | undefined, currencyOfPool: string | undefined): Offering {
  const currency = offering.price?.currency ?? currencyOfPool;
  if (overlay === undefined || currency === undefined) return offering;
  const amount = overlaidAmount(offering.price?.amount, overlay.spec);
  return amount === undefined ? offering : { ...offering, price: { amount, currency } };
}

/** An overlay's price has no currency of its own: it is that of the list. */
function currencyOf(types: readonly InstanceType[]): string | undefined {
  return types.flatMap(({ offerings }) => offerings).find(({ price }) => price !== undefined)?.price?.currency;
}
