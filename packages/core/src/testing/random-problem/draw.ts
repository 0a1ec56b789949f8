// What the parts of a random problem are drawn with, and the few names they share.

import type { Chance } from "./chance.ts";
import type { Feature, Mix } from "./mixes.ts";

export interface Draw {
  readonly chance: Chance;
  readonly mix: Mix;
}

export const ZONES = ["test-zone-1", "test-zone-2", "test-zone-3"] as const;
export const APPS = ["a", "b", "c"] as const;
/** A key that pools define or not. */
export const TEAM = "team";
export const TEAMS = ["x", "y", "z"] as const;
export const DEDICATED = { key: "dedicated", effect: "NoSchedule" } as const;
export const SOFT = { key: "soft", effect: "PreferNoSchedule" } as const;
export const REVISION = "revision";
/** Under which offerings name their reservation. */
export const RESERVATION_ID = "example.com/reservation";
/** A resource that only some offerings add to a type. */
export const FAST = "example.com/fast";

export function has({ mix }: Draw, feature: Feature): boolean {
  return mix.features.has(feature);
}

/** The feature is in the mix, and this time it is used. */
export function uses(draw: Draw, feature: Feature, share: number): boolean {
  return has(draw, feature) && draw.chance.happens(share);
}
