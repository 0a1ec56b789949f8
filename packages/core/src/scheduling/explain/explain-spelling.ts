// Which of the names that exist was probably meant by one that does not.

import { compareText } from "../../units/index.ts";

/** Shorter names are too easily like others. */
const SHORTEST = 4;

/** One slip away: a character too many, missing or wrong, or two neighbours swapped. The first by name. */
export function likelyMeant(name: string, existing: readonly string[]): string | undefined {
  if (name.length < SHORTEST) return undefined;
  return existing.toSorted(compareText).find((other) => other !== name && isOneSlip(name, other));
}

function isOneSlip(name: string, other: string): boolean {
  const shorter = Math.min(name.length, other.length);
  let start = 0;
  while (start < shorter && name[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && name.at(-1 - end) === other.at(-1 - end)) end++;
  const typed = name.slice(start, name.length - end);
  const meant = other.slice(start, other.length - end);
  if (typed.length <= 1 && meant.length <= 1) return true;
  return typed.length === 2 && meant.length === 2 && typed[0] === meant[1] && typed[1] === meant[0];
}
