// Whether the cloud of a scenario has a machine left of a type, where requirements let it stand.

import { Label } from "@karpenter-multicloud/core/api";
import type { CommandResult, Scenario } from "@karpenter-multicloud/core/testing";

export type Requirements = CommandResult["replacements"][number]["requirements"];

export function isOnSale(type: string, requirements: Requirements, { instanceTypes }: Scenario): boolean {
  return instanceTypes
    .filter(({ name }) => name === type)
    .flatMap(({ offerings }) => offerings)
    .some(
      ({ available, capacityType, zone }) =>
        available && allows(requirements, Label.CapacityType, capacityType) && allows(requirements, Label.Zone, zone),
    );
}

/** A key that nothing is said about may have any value. */
export function allows(requirements: Requirements, wanted: string, value: string): boolean {
  return requirements
    .filter(({ key }) => key === wanted)
    .every(({ operator, values = [] }) => {
      if (operator === "In") return values.includes(value);
      return operator !== "NotIn" || !values.includes(value);
    });
}
