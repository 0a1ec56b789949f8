// Where a pod may go that keeps away from others, or that others keep away from (S-417, S-422).

import type { TopologyGroup } from "./domain-count.ts";
import type { DomainQuestion } from "./domain-question.ts";

/** All domains without such a pod. Several stay open until something else settles them (S-423). */
export function emptyDomains(group: TopologyGroup, { pod, node, host }: DomainQuestion): readonly string[] {
  if (host !== undefined) return group.count(host) === 0 ? [host] : [];
  return [...group.counts].flatMap(([domain, count]) =>
    count === 0 && pod.has(domain) && node.has(domain) ? [domain] : [],
  );
}
