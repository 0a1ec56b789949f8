// A scenario's instance type as the engine wants it.

import { CapacityType, Label } from "../../../api/index.ts";
import type { InstanceType, Offering, Overhead } from "../../../provider/index.ts";
import { Requirement, Requirements } from "../../../requirements/index.ts";
import { allocatableFrom } from "../../../units/index.ts";
import type { ScenarioInstanceType, ScenarioOffering, ScenarioOverhead } from "../scenario.ts";

/** Any currency: scenarios have one. */
const CURRENCY = "EUR";

export function instanceTypeOf(type: ScenarioInstanceType): InstanceType {
  const { name, capacity, overhead, requirements, offerings } = type;
  return {
    name,
    requirements: Requirements.fromSpecs(requirements),
    offerings: offerings.map(offeringOf),
    capacity: allocatableFrom(capacity),
    overhead: overheadOf(overhead),
  };
}

function overheadOf({ kubeReserved, systemReserved, evictionThreshold }: ScenarioOverhead = {}): Overhead {
  return {
    kubeReserved: allocatableFrom(kubeReserved),
    systemReserved: allocatableFrom(systemReserved),
    evictionThreshold: allocatableFrom(evictionThreshold),
  };
}

function offeringOf(offering: ScenarioOffering): Offering {
  const { capacityType, zone, price, available, requirements = [] } = offering;
  const { reservationCapacity, capacityOverride, overheadOverride } = offering;
  return {
    requirements: Requirements.of(
      Requirement.of(Label.CapacityType, "In", [capacityType]),
      Requirement.of(Label.Zone, "In", [zone]),
    ).merge(Requirements.fromSpecs(requirements)),
    price: { amount: price, currency: CURRENCY },
    availability: available ? { available } : { available, reason: "out of stock" },
    ...(capacityType === CapacityType.Reserved && { reservationCapacity: reservationCapacity ?? 0 }),
    ...(capacityOverride && { capacityOverride: allocatableFrom(capacityOverride) }),
    ...(overheadOverride && { overheadOverride: overheadOf(overheadOverride) }),
  };
}
