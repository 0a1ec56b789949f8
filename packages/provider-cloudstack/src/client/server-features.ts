// What the server's version can do (§3). What it is too old for is left out or named, never tried.

export const OLDEST_VERSION = "4.18";

/** The first version with it. */
const SINCE = {
  userDataObjects: "4.18",
  nonStrictAffinity: "4.18",
  architectures: "4.20",
  severalDataDisks: "4.21",
  gpuFields: "4.21",
} as const;

export type Feature = keyof typeof SINCE;

/** A version that cannot be read is taken for a new one. */
export function has(feature: Feature, version: string): boolean {
  return !isOlder(version, SINCE[feature]);
}

export function sinceVersion(feature: Feature): string {
  return SINCE[feature];
}

/** 4.9 is older than 4.18. */
export function isOlder(version: string, than: string): boolean {
  const [major, minor] = partsOf(version);
  const [least, second] = partsOf(than);
  if (major === undefined || minor === undefined || least === undefined || second === undefined) return false;
  return major < least || (major === least && minor < second);
}

function partsOf(version: string): readonly (number | undefined)[] {
  const found = /^(\d+)\.(\d+)/.exec(version);
  return [found?.[1], found?.[2]].map((part) => (part === undefined ? undefined : Number(part)));
}
