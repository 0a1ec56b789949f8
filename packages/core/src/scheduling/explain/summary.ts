// One line that tells a newcomer why a pod waits and what to change, the closest option first (S-622, S-624).

import type { PoolFinding } from "./pool-finding.ts";
import type { CandidateTally } from "../solution.ts";

const MAX_LENGTH = 250;
const NAMED_POOLS = 3;
const SEPARATOR = "; ";

/** Equal reasons of several pools are said once. No counts of nodes: the text must not change when others come and go. */
export function summarize(findings: readonly PoolFinding[], existing: CandidateTally): string {
  if (findings.length === 0) return withoutPools(existing);
  const groups = new Map<string, PoolFinding[]>();
  for (const finding of findings.toSorted((a, b) => b.rank - a.rank)) {
    groups.set(finding.short, [...(groups.get(finding.short) ?? []), finding]);
  }
  const [first, ...others] = groups.values();
  const fix = others.length === 0 ? first?.[0]?.fix : undefined;
  const parts = [...groups].map(([short, same]) => ({ short, pools: poolNames(same, findings.length) }));
  const text = joinWithin(parts.map(({ short, pools }) => `${short} (${pools})`));
  // Where several things are in the way, which of them to change is not for us to say.
  return fix === undefined || text.length + 2 + fix.length > MAX_LENGTH ? text : `${text}; ${fix}`;
}

/** Cuts a text that is too long for one event. */
export function shorten(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;
}

function poolNames(findings: readonly PoolFinding[], total: number): string {
  const names = findings.map(({ explanation }) => explanation.nodePool);
  if (names.length > NAMED_POOLS) return `${names.length} of ${total} NodePools`;
  return `NodePool${names.length > 1 ? "s" : ""} ${names.join(", ")}`;
}

/** As many whole parts as fit; the rest is counted. */
function joinWithin(parts: readonly string[]): string {
  let length = parts.reduce((sum, part) => sum + part.length + SEPARATOR.length, -SEPARATOR.length);
  for (let count = parts.length; count > 1; count--) {
    const rest = parts.length - count;
    const end = rest > 0 ? `; and ${rest} other reasons` : "";
    if (length + end.length <= MAX_LENGTH) return parts.slice(0, count).join(SEPARATOR) + end;
    length -= SEPARATOR.length + (parts[count - 1] ?? "").length;
  }
  return shorten(parts[0] ?? "");
}

function withoutPools({ closest }: CandidateTally): string {
  const [gap] = closest?.gap ?? [];
  const lacks = gap ? `; closest node ${closest?.name ?? ""}: needs ${gap.resource} ${gap.need}, has ${gap.have}` : "";
  return shorten(`no dynamic nodepools found that could add a node${lacks}`);
}
