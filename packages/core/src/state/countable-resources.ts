// Reads a resource list of the API without being stopped by a single amount that nobody can count with.

import type { ResourceList } from "../api/index.ts";
import { allocatableFrom, QuantityError, type Resources } from "../units/index.ts";

/** What cannot be read is left out: one odd object must not hide the whole cluster. Rounded down. */
export function countableResources(list: ResourceList | undefined): Resources {
  const counted: Record<string, number> = {};
  for (const [resource, amount] of Object.entries(list ?? {})) {
    try {
      Object.assign(counted, allocatableFrom({ [resource]: amount }));
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof QuantityError)) throw error;
    }
  }
  return counted;
}
