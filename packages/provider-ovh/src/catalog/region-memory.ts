// Regions that turned out to have zones although neither a call nor the table said so: the API refused a pool without one (O-30).

import { isOneZoneRegion } from "./region-table.ts";

export class RegionMemory {
  readonly #zoned = new Set<string>();

  /** Known one-AZ regions have been seen insisting on the field and taking an empty one (O-32). */
  zoneDemanded(region: string): void {
    if (!isOneZoneRegion(region)) this.#zoned.add(region);
  }

  hasZones(region: string): boolean {
    return this.#zoned.has(region);
  }
}
