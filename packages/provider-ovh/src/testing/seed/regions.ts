// Which regions the fake knows, from the public region list of 2026-08. Zones are named only where a region has three.

export interface SeedRegion {
  readonly name: string;
  readonly type: "region" | "region-3-az";
  readonly continentCode: string;
  readonly countryCode: string;
  /** The short code that productAvailability and catalogues use. */
  readonly datacenter: string;
  readonly zones: readonly string[];
}

/** Name, continent, country, data centre. */
type Row = readonly [string, string, string, string];

const ONE_ZONE: readonly Row[] = [
  ["BHS5", "NA", "CA", "BHS"],
  ["DE1", "EU", "DE", "DE"],
  ["GRA5", "EU", "FR", "GRA"],
  ["GRA7", "EU", "FR", "GRA"],
  ["GRA9", "EU", "FR", "GRA"],
  ["GRA11", "EU", "FR", "GRA"],
  ["SBG5", "EU", "FR", "SBG"],
  ["SGP1", "ASIA", "SG", "SGP"],
  ["SYD1", "ASIA", "AU", "SYD"],
  ["UK1", "EU", "GB", "UK"],
  ["WAW1", "EU", "PL", "WAW"],
  ["US-EAST-VA-1", "US", "US", "VIN"],
  ["US-WEST-OR-1", "US", "US", "HIL"],
  ["RBX-A", "EU", "FR", "RBX"],
];

const THREE_ZONES: readonly Row[] = [
  ["EU-WEST-PAR", "EU", "FR", "PAR"],
  ["EU-SOUTH-MIL", "EU", "IT", "MIL"],
  // Made up: one that opened after clients have written down their lists.
  ["EU-FAR-NEW", "EU", "FR", "NEW"],
];

function oneZone([name, continentCode, countryCode, datacenter]: Row): SeedRegion {
  return { name, type: "region", continentCode, countryCode, datacenter, zones: [] };
}

function threeZones([name, continentCode, countryCode, datacenter]: Row): SeedRegion {
  const zones = ["a", "b", "c"].map((letter) => `${name.toLowerCase()}-${letter}`);
  return { name, type: "region-3-az", continentCode, countryCode, datacenter, zones };
}

export const SEED_REGIONS: readonly SeedRegion[] = [...ONE_ZONE.map(oneZone), ...THREE_ZONES.map(threeZones)];
