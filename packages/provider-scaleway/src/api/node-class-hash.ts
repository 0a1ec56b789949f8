// The fingerprint of what makes machines of a class differ; a claim with another one has drifted (W-52).

import { createHash } from "node:crypto";

import { sortedKeys } from "@karpenter-multicloud/core/units";

import type { ScalewayNodeClassSpec } from "./scaleway-node-class.ts";

/** Raised with any change in what is hashed: claims are then stamped anew instead of drifting. */
export const NODE_CLASS_HASH_VERSION = "v1";

/** Not in it: where machines may stand, which types, and what happens after they have joined. They change nothing about a running machine. */
export function nodeClassHash(spec: ScalewayNodeClassSpec): string {
  const { zones: _, instanceTypeSelector: __, deleteUserDataAfterRegistration: ___, ...shape } = spec;
  const { bootstrap, ...rest } = shape;
  const { tokenTTL: ____, ...joining } = bootstrap ?? {};
  const text = JSON.stringify(canonical({ ...rest, ...(bootstrap === undefined ? {} : { bootstrap: joining }) }));
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** With keys in order, so that the order in which fields were written says nothing. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(sortedKeys(record).map((key) => [key, canonical(record[key])]));
}
