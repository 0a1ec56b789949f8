// Where a pod may go that wants to be near others (S-418…S-421).

import type { TopologyGroup } from "./domain-count.ts";
import type { DomainQuestion } from "./domain-question.ts";

export function affinityDomains(group: TopologyGroup, question: DomainQuestion): readonly string[] {
  const { pod, node, host } = question;
  if (host !== undefined) {
    if (!pod.has(host)) return [];
    return group.count(host) > 0 || mayBeFirst(group, question) ? [host] : [];
  }
  const occupied = [...group.counts].flatMap(([domain, count]) =>
    count > 0 && pod.has(domain) && node.has(domain) ? [domain] : [],
  );
  if (occupied.length > 0 || !mayBeFirst(group, question)) return occupied;
  const open = [...group.counts.keys()].filter((domain) => pod.has(domain) && node.has(domain));
  return open.length > 1 ? [question.choose(open)] : open;
}

/** S-420: a pod that is its own company may start where none is yet that it could join. */
function mayBeFirst({ counts }: TopologyGroup, { selectsPod, pod }: DomainQuestion): boolean {
  if (!selectsPod) return false;
  for (const [domain, count] of counts) {
    if (count > 0 && pod.has(domain)) return false;
  }
  return true;
}
