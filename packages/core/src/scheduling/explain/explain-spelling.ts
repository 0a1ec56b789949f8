// Which of the names that exist was probably meant by one that does not.

import { editDistance } from "../../api/index.ts";
import { compareText } from "../../units/index.ts";

/** Shorter names are too easily like others. */
const SHORTEST = 4;

/** One slip away: a character too many, missing or wrong, or two neighbours swapped. The first by name. */
export function likelyMeant(name: string, existing: readonly string[]): string | undefined {
  if (name.length < SHORTEST) return undefined;
  return existing.toSorted(compareText).find((other) => other !== name && isOneSlip(name, other));
}

function isOneSlip(name: string, other: string): boolean {
  return Math.abs(name.length - other.length) <= 1 && editDistance(name, other) <= 1;
}
