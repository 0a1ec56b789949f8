// Which candidate is tried first (D-28), and what decides between equals (DX-12).

import { compareText } from "../units/index.ts";
import type { Candidate } from "./candidates.ts";
import { creationOf } from "./creation.ts";

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

/** D-83: a price that nobody knows counts as nothing. */
export function priceOf({ rate }: Pick<Candidate, "rate">): number {
  return rate?.amount ?? 0;
}
