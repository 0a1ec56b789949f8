// The fingerprint of a NodePool's template: when it differs from the one on a NodeClaim, that claim has drifted (NP-2, NP-3).

import { compareText, DurationError, parseNillableDuration, sortedKeys } from "../units/index.ts";
import type { Taint } from "./core-types.ts";
import type { NodeClaimTemplate } from "./v1/node-pool.ts";

/** NP-5: raised with any change in what is hashed or how, so that claims are stamped anew instead of drifting. */
export const HASH_VERSION = "ts1";

const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** An unsigned 64-bit number in decimal. Requirements do not enter: they drift by comparison, not by fingerprint. */
export function nodePoolHash(template: NodeClaimTemplate): string {
  const { metadata, spec } = template;
  return fingerprint(
    canonical({
      labels: metadata?.labels,
      annotations: metadata?.annotations,
      taints: taintSet(spec.taints),
      startupTaints: taintSet(spec.startupTaints),
      nodeClassRef: {
        group: present(spec.nodeClassRef.group),
        kind: present(spec.nodeClassRef.kind),
        name: present(spec.nodeClassRef.name),
      },
      expireAfter: durationValue(spec.expireAfter),
      terminationGracePeriod: durationValue(spec.terminationGracePeriod),
    }),
  );
}

/** Order and repetition do not count. */
function taintSet(taints: readonly Taint[] | undefined): readonly string[] {
  const texts = (taints ?? []).map((taint) =>
    canonical({
      key: present(taint.key),
      value: present(taint.value),
      effect: present(taint.effect),
      timeAdded: present(taint.timeAdded),
    }),
  );
  return [...new Set(texts)].sort(compareText);
}

/** By value: 60m and 1h are the same; 0s, Never and absent too. A text that is no duration counts as itself. */
function durationValue(text: string | undefined): number | string | undefined {
  if (!text) return undefined;
  try {
    return parseNillableDuration(text) || undefined;
  } catch (error) {
    if (error instanceof DurationError) return text;
    throw error;
  }
}

function present(text: string | undefined): string | undefined {
  return text || undefined;
}

/** JSON with sorted keys, without what is absent or an empty collection. */
function canonical(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value, (at, item: unknown) => {
    if (typeof item !== "object" || item === null) return item;
    if (Array.isArray(item)) return item.length > 0 ? item : undefined;
    const record = item as Readonly<Record<string, unknown>>;
    const kept = sortedKeys(record).filter((key) => record[key] !== undefined);
    return kept.length > 0 || at === "" ? Object.fromEntries(kept.map((key) => [key, record[key]])) : undefined;
  });
}

/** FNV-1a over the UTF-8 bytes. */
function fingerprint(text: string): string {
  let hash = OFFSET_BASIS;
  for (const byte of new TextEncoder().encode(text)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return hash.toString();
}
