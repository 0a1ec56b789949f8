// Finds out which zones a region has and what nodes there carry as zone label, with whatever rights there are (O-30, O-31).

import { Label } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";

import { kindOf } from "../client/failure-kind.ts";
import type { WireRegion } from "../client/wire.ts";
import type { ClusterAccess } from "../access/cluster-access.ts";
import type { Place } from "./price-book.ts";
import { isOneZoneRegion, isThreeZoneRegion, ONE_AZ_ZONE, zonesByName } from "./region-table.ts";

export interface RegionZones {
  readonly place: Place;
  /** As the region API names it: region, region-3-az, localzone. */
  readonly regionType: string;
  readonly zones: readonly string[];
}

export interface ZoneQuestion {
  readonly access: ClusterAccess;
  readonly region: string;
  readonly subsidiary: string;
  readonly nodes: readonly Node[];
  readonly defaultZone?: string;
  /** The API has refused a pool without zone there. */
  readonly hasZones?: boolean;
}

export async function findZones(question: ZoneQuestion, signal: AbortSignal): Promise<RegionZones> {
  const told = (await ask(question, "region", signal)) ?? (await ask(question, "productAvailability", signal));
  const seen = seenZones(question);
  if (told && told.availabilityZones.length > 1) return three(told.availabilityZones);
  if (told?.type === "region-3-az") return three(zonesByName(question.region));
  if (
    !told &&
    (question.hasZones === true ||
      isThreeZoneRegion(question.region) ||
      seen.some((zone) => isLettered(zone, question.region)))
  ) {
    return three(zonesByName(question.region));
  }
  const zone = question.defaultZone ?? seen[0] ?? ONE_AZ_ZONE;
  const local = told?.type === "localzone";
  return { place: local ? "localzone" : "1az", regionType: local ? "localzone" : "region", zones: [zone] };
}

function three(zones: readonly string[]): RegionZones {
  return { place: "3az", regionType: "region-3-az", zones: [...zones].map((zone) => zone.toLowerCase()).sort() };
}

/** Undefined when the right is missing or the answer does not know the region. */
async function ask(
  { access, region, subsidiary }: ZoneQuestion,
  call: "region" | "productAvailability",
  signal: AbortSignal,
): Promise<WireRegion | undefined> {
  if (access.denied.has(call)) return undefined;
  try {
    if (call === "region") return await access.mks.region(region, signal);
    return (await access.mks.kubernetesRegions(subsidiary, signal)).find((each) => each.name === region);
  } catch (error) {
    const kind = kindOf(error);
    if (kind === "permission") access.denied.add(call);
    else if (kind !== "not-found") throw error;
    return undefined;
  }
}

/** Zone labels of this region's nodes, the most frequent first. */
function seenZones({ nodes, region }: ZoneQuestion): readonly string[] {
  const counts = new Map<string, number>();
  for (const { metadata } of nodes) {
    const zone = metadata.labels?.[Label.Zone];
    if (zone === undefined || zone === "" || metadata.labels?.[Label.Region] !== region) continue;
    counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([zone]) => zone);
}

/** Known one-AZ regions have been seen with `gra9-a` as their only zone; elsewhere a lettered zone means there are three. */
function isLettered(zone: string, region: string): boolean {
  return !isOneZoneRegion(region) && zonesByName(region).includes(zone);
}
