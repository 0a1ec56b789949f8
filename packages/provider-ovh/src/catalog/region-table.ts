// Which regions have three availability zones, for users whose rights do not allow asking (O-30). Read from the API wherever possible.

/** As of August 2026. */
const THREE_ZONES: readonly string[] = ["EU-WEST-PAR", "EU-SOUTH-MIL"];

const ONE_ZONE: readonly string[] = [
  "BHS5",
  "DE1",
  "GRA5",
  "GRA7",
  "GRA9",
  "GRA11",
  "RBX-A",
  "SBG5",
  "SGP1",
  "SYD1",
  "UK1",
  "US-EAST-VA-1",
  "US-WEST-OR-1",
  "WAW1",
];

/** The literal that MKS nodes of one-AZ regions carry as zone. */
export const ONE_AZ_ZONE = "nova";

export function isThreeZoneRegion(region: string): boolean {
  return THREE_ZONES.includes(region);
}

export function isOneZoneRegion(region: string): boolean {
  return ONE_ZONE.includes(region);
}

export function zonesByName(region: string): readonly string[] {
  return ["a", "b", "c"].map((letter) => `${region.toLowerCase()}-${letter}`);
}
