// ovh.pricing: reads the order catalogue in the background, soon after the start and then every half day (O-36).

import { singletonController } from "@karpenter-multicloud/core/runtime";
import type { Clock, Controller } from "@karpenter-multicloud/core/runtime";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";
import { minutes } from "@karpenter-multicloud/core/units";

import type { Pricing } from "../catalog/pricing.ts";

export interface PriceControllerParts {
  readonly pricing: Pricing;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export function priceController({ pricing, metrics, clock }: PriceControllerParts): Controller {
  return singletonController({
    name: "ovh.pricing",
    async run({ signal }) {
      if (pricing.isDue) await pricing.refresh(signal);
      const { readAt } = pricing;
      const age = (): number => (clock.now() - (readAt ?? 0)) / 1000;
      if (readAt !== undefined) metrics.hold("karpenter_ovh_pricing_age_seconds", "", [{ labels: {}, value: age }]);
      return { requeueAfter: minutes(1) };
    },
  });
}
