// A scenario's instance type as the engine wants it.

import { Label } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { Requirement, Requirements } from "../../requirements/index.ts";
import { allocatableFrom } from "../../units/index.ts";
import type { ScenarioInstanceType, ScenarioOffering } from "./scenario.ts";

/** Any currency: scenarios have one. */
const CURRENCY = "EUR";

export function instanceTypeOf(type: ScenarioInstanceType): InstanceType {
  const { name, capacity, overhead = {}, requirements, offerings } = type;
  return {
    name,
    requirements: Requirements.fromSpecs(requirements),
    offerings: offerings.map(offeringOf),
    capacity: allocatableFrom(capacity),
    overhead: {
      kubeReserved: allocatableFrom(overhead.kubeReserved),
      systemReserved: allocatableFrom(overhead.systemReserved),
      evictionThreshold: allocatableFrom(overhead.evictionThreshold),
    },
  };
}

function offeringOf({ capacityType, zone, price, available, requirements = [] }: ScenarioOffering): Offering {
  return {
    requirements: Requirements.of(
      Requirement.of(Label.CapacityType, "In", [capacityType]),
      Requirement.of(Label.Zone, "In", [zone]),
    ).merge(Requirements.fromSpecs(requirements)),
    price: { amount: price, currency: CURRENCY },
    availability: available ? { available } : { available, reason: "out of stock" },
  };
}
