// The label that says which NodeClass a machine was made from, and that makes its Node ours (K-6, HY-1).

import { nodeClassLabel, type KubeObject, type NodeClaim } from "../api/index.ts";
import type { RateLimit } from "../runtime/index.ts";
import { milliseconds, minutes } from "../units/index.ts";

/** Thousands of objects may lack it at once after an upgrade. */
export const HYDRATION_LIMIT: RateLimit = {
  base: milliseconds(100),
  max: minutes(1),
  bucket: { perSecond: 10, burst: 100 },
};

/** What has to be written on the object of this claim; undefined when it says so already. */
export function missingClassLabel(object: KubeObject, claim: NodeClaim): Readonly<Record<string, string>> | undefined {
  const ref = claim.spec.nodeClassRef;
  const key = nodeClassLabel(ref);
  return object.metadata.labels?.[key] === ref.name ? undefined : { [key]: ref.name };
}
