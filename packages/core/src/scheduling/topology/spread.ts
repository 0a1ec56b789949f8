// Where the next pod of a spread constraint may go (S-413…S-416).

import type { TopologyGroup } from "./domain-count.ts";
import type { DomainQuestion } from "./domain-question.ts";

/** At most one domain: the emptiest that keeps the skew. */
export function spreadDomains(group: TopologyGroup, question: DomainQuestion): readonly string[] {
  const { selectsPod, node, host } = question;
  const own = selectsPod ? 1 : 0;
  const { maxSkew } = group.rule;
  // A new node can always be made, so the emptiest host is always empty.
  if (host !== undefined) return group.count(host) + own <= maxSkew ? [host] : [];
  const most = maxSkew + lowestCount(group, question) - own;
  let best: string[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  for (const [domain, count] of group.counts) {
    if (count > most || count > lowest || !node.has(domain)) continue;
    if (count < lowest) best = [];
    lowest = count;
    best.push(domain);
  }
  return best.length > 1 ? [question.choose(best)] : best;
}

/** Over the domains that the pod itself admits, whatever this node admits. */
function lowestCount(group: TopologyGroup, { pod }: DomainQuestion): number {
  const { minDomains = 0 } = group.rule;
  let lowest = Number.POSITIVE_INFINITY;
  let admitted = 0;
  for (const [domain, count] of group.counts) {
    if (!pod.has(domain)) continue;
    admitted++;
    lowest = Math.min(lowest, count);
  }
  return admitted < minDomains ? 0 : lowest;
}
