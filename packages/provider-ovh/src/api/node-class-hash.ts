// The fingerprint of what makes machines of a class differ; a claim with another one has drifted (O-65).

import { createHash } from "node:crypto";

import { sortedKeys } from "@karpenter-multicloud/core/units";

import type { OVHNodeClassSpec } from "./ovh-node-class.ts";

/** Raised with any change in what is hashed: claims are then stamped anew instead of drifting. */
export const NODE_CLASS_HASH_VERSION = "v1";

/** Not in it: credentials, endpoint, reserved, region, kubeId, selectors. They change nothing about a running machine. */
export function nodeClassHash(spec: OVHNodeClassSpec): string {
  const { tags = {} } = spec;
  const facts = [
    spec.monthlyBilled ?? false,
    spec.antiAffinity ?? false,
    spec.attachFloatingIps ?? false,
    sortedKeys(tags).map((key) => [key, tags[key]]),
    spec.poolStrategy ?? "Shared",
    spec.templateLabels ?? "None",
  ];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
}
