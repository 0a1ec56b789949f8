// Zones by the names that documents use for them, where nodes carry another one (O-31).

import { Label } from "@karpenter-multicloud/core/api";

import type { Situation } from "./instance-types.ts";

export type ValueAliases = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** In a one-AZ region `gra7-a` means the zone its nodes carry; -b and -c mean nothing there. */
export function zoneAliases({ place, region, zones }: Situation): ValueAliases {
  const [zone] = zones;
  const written = `${region.toLowerCase()}-a`;
  if (place === "3az" || zone === undefined || zone === written) return {};
  return { [Label.Zone]: { [written]: zone } };
}
