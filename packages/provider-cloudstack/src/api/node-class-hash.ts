// The fingerprint of what makes machines of a class differ; a claim with another one has drifted (spec part 11).

import { createHash } from "node:crypto";
import { sortedKeys } from "@karpenter-multicloud/core/units";
import type { CloudStackNodeClassSpec } from "./cloudstack-node-class.ts";

/** Raised with any change in what is hashed: claims are then stamped anew instead of drifting. */
export const NODE_CLASS_HASH_VERSION = "v1";

/** What is left at its default is left out, so that a new field with a default drifts nothing. */
export function nodeClassHash(spec: CloudStackNodeClassSpec): string {
  const {
    userDataMode = "Auto",
    compressUserData = true,
    // Where machines may be and what they may be made of is compared with the machine itself, not with the class's text.
    zone: _zone,
    zones: _zones,
    networkSelectorTerms: _networks,
    additionalNetworkSelectorTerms: _additional,
    serviceOfferingSelectorTerms: _offerings,
    templateSelectorTerms: _templates,
    priceTable: _prices,
    expungePolicy: _expunge,
    templatePolicy: _policy,
    customOfferingShapes: _shapes,
    providerIDFormat: _format,
    allowVolatile: _volatile,
    credentialsSecretRef: _credentials,
    startVM: _start,
    scrubUserData: _scrub,
    bootstrap = {},
    ...rest
  } = spec;
  const { tokenSecretRef: _secret, tokenTTL: _ttl, ...join } = bootstrap;
  const facts = {
    ...rest,
    ...(userDataMode === "Auto" ? {} : { userDataMode }),
    ...(compressUserData ? {} : { compressUserData }),
    ...(Object.keys(join).length === 0 ? {} : { bootstrap: join }),
  };
  return createHash("sha256").update(canonical(facts)).digest("hex").slice(0, 16);
}

/** JSON with sorted keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const map = value as Readonly<Record<string, unknown>>;
  const entries = sortedKeys(map).filter((key) => map[key] !== undefined);
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(map[key])}`).join(",")}}`;
}
