// ovh.pricing: reads the order catalogue in the background, soon after the start and then every half day (O-36).

import { singletonController } from "@karpenter-multicloud/core/runtime";
import type { Controller } from "@karpenter-multicloud/core/runtime";
import { minutes } from "@karpenter-multicloud/core/units";

import type { Pricing } from "../catalog/pricing.ts";

export function priceController(pricing: Pricing): Controller {
  return singletonController({
    name: "ovh.pricing",
    async run({ signal }) {
      if (pricing.isDue) await pricing.refresh(signal);
      return { requeueAfter: minutes(1) };
    },
  });
}
