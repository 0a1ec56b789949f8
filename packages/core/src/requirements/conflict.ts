// Why two sets of requirements do not go together, in words for people.

import { WELL_KNOWN_LABELS } from "../api/index.ts";
import { compareText } from "../units/index.ts";
import type { Requirement } from "./requirement.ts";

export interface RequirementConflict {
  /** Undefined: the other side gives the key no value; NoIntersection: both speak of it and share no value. */
  readonly kind: "Undefined" | "NoIntersection";
  readonly key: string;
  readonly wanted: string;
  readonly offered: string;
  readonly message: string;
  /** The key that was probably meant. */
  readonly hint?: string;
}

export function undefinedConflict(
  wanted: Requirement,
  definedKeys: readonly string[],
  wellKnown: ReadonlySet<string> | undefined,
): RequirementConflict {
  const { key } = wanted;
  const hint = likelyKey(key, definedKeys, wellKnown);
  const typo = hint === undefined ? "" : ` (typo of "${hint}"?)`;
  return {
    kind: "Undefined",
    key,
    wanted: wanted.toString(),
    offered: `${key} not defined`,
    message: `label "${key}" does not have known values${typo}`,
    ...(hint === undefined ? {} : { hint }),
  };
}

export function intersectionConflict(wanted: Requirement, offered: Requirement): RequirementConflict {
  return {
    kind: "NoIntersection",
    key: wanted.key,
    wanted: wanted.toString(),
    offered: offered.toString(),
    message: `key ${wanted.key}, ${wanted.toString()} not in ${offered.toString()}`,
  };
}

/** S-115: candidates in sorted order, so the hint never changes between runs. */
function likelyKey(
  key: string,
  definedKeys: readonly string[],
  wellKnown: ReadonlySet<string> | undefined,
): string | undefined {
  const known = [...new Set([...WELL_KNOWN_LABELS, ...(wellKnown ?? [])])].sort(compareText);
  const name = key.slice(key.indexOf("/") + 1);
  for (const candidates of [known, definedKeys]) {
    const others = candidates.filter((candidate) => candidate !== key);
    const found =
      others.find((candidate) => candidate.includes(key)) ?? others.find((candidate) => candidate.endsWith(name));
    if (found !== undefined) return found;
  }
  return undefined;
}
