// Since when a machine has been there.

import { fromRfc3339 } from "../api/index.ts";
import type { NodeClaim } from "../api/index.ts";

/** Epoch milliseconds; 0 when nobody says. */
export function creationOf(claim: NodeClaim | undefined): number {
  const { creationTimestamp } = claim?.metadata ?? {};
  return creationTimestamp === undefined ? 0 : fromRfc3339(creationTimestamp);
}
