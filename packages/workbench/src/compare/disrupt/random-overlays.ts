// NodeOverlays of a random scenario: other prices for some types, zones or pools.

import type { Draw } from "../draw.ts";
import { FAMILIES, FAMILY_LABEL, ZONES } from "./random-market.ts";
import { share } from "./themes.ts";
import type { Theme } from "./themes.ts";

/** Each has a weight of its own: equal weights contradict each other, which both engines refuse in their own words. */
export function randomOverlays(draw: Draw, theme: Theme): readonly object[] {
  if (!draw.happens(share(theme, "overlays", 1))) return [];
  return Array.from({ length: draw.between(1, 3) }, (_, index) => ({
    metadata: { name: `overlay-${index}` },
    spec: {
      weight: index + 1,
      requirements: [
        draw.pick([
          { key: FAMILY_LABEL, operator: "In", values: [draw.pick(FAMILIES)] },
          { key: "topology.kubernetes.io/zone", operator: "In", values: [draw.pick(ZONES)] },
          { key: "karpenter.sh/capacity-type", operator: "In", values: [draw.pick(["spot", "on-demand"])] },
          { key: "karpenter.sh/nodepool", operator: "In", values: [draw.pick(["pool-a", "pool-b"])] },
        ]),
      ],
      ...draw.pick([
        { priceAdjustment: draw.pick(["-50%", "-15%", "+20%", "+100%"]) },
        { priceAdjustment: draw.pick(["-0.02", "+0.05"]) },
        { price: draw.pick(["0.05", "0.3", "2"]) },
      ]),
    },
  }));
}
