// Which label keys mean the same, and which ones users may not set or ask for.

import { GROUP, Label, NORMALIZED_LABELS } from "../api/index.ts";

/** What a provider adds to the normalisation (S-120): older keys, and values as users write them per key of today. */
export interface Normalization {
  readonly keys?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** As `values`, in what NodePools and NodeClaims say only: kube-scheduler compares a pod with what the node carries. */
  readonly poolValues?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The normalisation of a NodePool's or NodeClaim's own words. */
export function poolNormalization(normalization: Normalization | undefined): Normalization | undefined {
  const { values = {}, poolValues } = normalization ?? {};
  if (poolValues === undefined) return normalization;
  const keys = [...new Set([...Object.keys(values), ...Object.keys(poolValues)])];
  const merged = Object.fromEntries(keys.map((key) => [key, { ...values[key], ...poolValues[key] }]));
  return { ...normalization, values: merged };
}

/** K-19: the key of today for an older spelling; every other key is returned as it is. */
export function normalizeKey(key: string, extra?: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(NORMALIZED_LABELS, key)) return NORMALIZED_LABELS[key] ?? key;
  return extra !== undefined && Object.hasOwn(extra, key) ? (extra[key] ?? key) : key;
}

/** S-102: the value nodes carry for what a user wrote; `key` is already normalised. */
export function normalizeValue(key: string, value: string, normalization?: Normalization): string {
  const values = normalization?.values;
  if (values === undefined || !Object.hasOwn(values, key)) return value;
  const known = values[key];
  return known !== undefined && Object.hasOwn(known, value) ? (known[value] ?? value) : value;
}

/** S-121, K-20: the hostname, and keys of Karpenter's or a provider's domain that are not well known. */
export function isRestrictedKey(
  key: string,
  wellKnown: ReadonlySet<string>,
  restrictedDomains: readonly string[],
): boolean {
  if (wellKnown.has(key)) return false;
  if (key === Label.Hostname) return true;
  const slash = key.indexOf("/");
  if (slash < 0) return false;
  const domain = key.slice(0, slash);
  return [GROUP, ...restrictedDomains].some((restricted) => domain === restricted || domain.endsWith(`.${restricted}`));
}
