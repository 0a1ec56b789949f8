// When a NodeClaim becomes consolidatable (D-133, D-134): its pods have not changed for consolidateAfter, and its provider does not hold it.

import { Annotation, fromRfc3339, getCondition, NodeClaimCondition, toRfc3339 } from "../api/index.ts";
import type { NodeClaim, NodePool } from "../api/index.ts";
import { DurationError, milliseconds, parseNillableDuration } from "../units/index.ts";
import type { Duration } from "../units/index.ts";

/**
 * Epoch milliseconds, past or future. Undefined: never, or not before something else happens. `lastPodEvent`: as it was seen, in case
 * that it could not be written (DX-25).
 */
export function consolidatableAt(nodeClaim: NodeClaim, nodePool: NodePool, lastPodEvent = 0): number | undefined {
  const rested = restedAt(nodeClaim, nodePool, lastPodEvent);
  return rested === undefined ? undefined : Math.max(rested, heldUntil(nodeClaim));
}

/** The same for consolidateAfter alone: a machine that its provider holds may well take pods of others (D-46). */
export function restedAt(nodeClaim: NodeClaim, nodePool: NodePool, lastPodEvent = 0): number | undefined {
  const after = consolidateAfter(nodePool);
  const initialized = getCondition(nodeClaim, NodeClaimCondition.Initialized);
  if (after === undefined || initialized?.status !== "True") return undefined;
  const since = after > 0 ? (nodeClaim.status?.lastPodEventTime ?? undefined) : undefined;
  const seen = after > 0 ? lastPodEvent : 0;
  return Math.max(fromRfc3339(since ?? initialized.lastTransitionTime), seen) + after;
}

/** What is waited for until `at`, as verdicts say it. */
export function consolidationWait(nodeClaim: NodeClaim, nodePool: NodePool, at: number): string {
  const until = `until ${toRfc3339(at)}`;
  if (at === heldUntil(nodeClaim)) return `annotation ${Annotation.NotConsolidatableBefore} holds it ${until}`;
  return `waits for consolidateAfter ${nodePool.spec.disruption?.consolidateAfter ?? "0s"} ${until}`;
}

/** A text that is no time holds nothing. */
function heldUntil({ metadata }: NodeClaim): number {
  const at = Date.parse(metadata.annotations?.[Annotation.NotConsolidatableBefore] ?? "");
  return Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at;
}

/** Undefined is Never; so is a text that cannot be read, because doing nothing is the safe reading. */
export function consolidateAfter(nodePool: NodePool): Duration | undefined {
  const text = nodePool.spec.disruption?.consolidateAfter;
  if (text === undefined) return milliseconds(0);
  try {
    return parseNillableDuration(text);
  } catch (error) {
    if (error instanceof DurationError) return undefined;
    throw error;
  }
}
