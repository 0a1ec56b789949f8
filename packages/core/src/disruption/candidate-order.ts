// Which candidate is tried first (D-28), and what decides between equals (DX-12).

import { fromRfc3339 } from "../api/index.ts";
import type { NodeClaim } from "../api/index.ts";
import { compareText } from "../units/index.ts";
import type { Candidate } from "./candidates.ts";

/** What saves most per disturbance, then what moves fewer pods, wastes less paid time, is older, the name. */
export function byRatio(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates
    .map((candidate) => ({
      candidate,
      ratio: priceOf(candidate) / candidate.rescheduleCost,
      moves: candidate.reschedulablePods.length,
      createdAt: creationOf(candidate.nodeClaim),
    }))
    .toSorted(
      (a, b) =>
        b.ratio - a.ratio ||
        a.moves - b.moves ||
        a.candidate.paidTimeLeft - b.candidate.paidTimeLeft ||
        a.createdAt - b.createdAt ||
        compareText(a.candidate.name, b.candidate.name),
    )
    .map(({ candidate }) => candidate);
}

/** Epoch milliseconds; 0 when nobody says. */
export function creationOf({ metadata: { creationTimestamp } }: NodeClaim): number {
  return creationTimestamp === undefined ? 0 : fromRfc3339(creationTimestamp);
}

/** D-83: a price that nobody knows counts as nothing. */
export function priceOf({ rate }: Pick<Candidate, "rate">): number {
  return rate?.amount ?? 0;
}
