// Which instance types a claim could be served with, what they leave to pods, and why those that match cannot be had.

import { Label } from "../api/index.ts";
import type { Requirements } from "../requirements/index.ts";
import { addResources, subtractResources, type Resources } from "../units/index.ts";
import type { InstanceType } from "./instance-type.ts";

/** What pods can use of a machine. */
export function allocatableOf({ capacity, overhead }: InstanceType): Resources {
  const { kubeReserved, systemReserved, evictionThreshold } = overhead;
  return subtractResources(capacity, addResources(kubeReserved, systemReserved, evictionThreshold));
}

/** Whether the type is meant; zones and capacity types belong to its offerings. */
export function matchesRequirements({ requirements }: InstanceType, wanted: Requirements): boolean {
  return requirements.overlaps(wanted.without(Label.Zone, Label.CapacityType));
}

/** For people to read, one for each offering that is wanted and not to be had now. */
export function refusalsOf(types: readonly InstanceType[], wanted: Requirements): readonly string[] {
  return types.flatMap((type) =>
    type.offerings
      .filter(({ requirements }) => requirements.overlaps(wanted))
      .flatMap(({ availability, requirements }) =>
        availability.available ? [] : [`${type.name} in ${requirements.get(Label.Zone).any()}: ${availability.reason}`],
      ),
  );
}
