// What the topology rules of a pod leave of one candidate, told from how many pods each domain has (S-402, S-426).

import { Requirement, Requirements } from "../../requirements/index.ts";
import { compareText } from "../../units/index.ts";
import type { Rejection } from "../placement/rejection.ts";
import type { Attempt } from "../pod-to-place.ts";
import { affinityDomains } from "./affinity.ts";
import { emptyDomains } from "./anti-affinity.ts";
import type { TopologyGroup } from "./domain-count.ts";
import type { SelectingGroups } from "./concerned-groups.ts";
import type { DomainQuestion } from "./domain-question.ts";
import { spreadDomains } from "./spread.ts";

export interface TopologyTarget {
  readonly host: string;
  /** With the pod's own requirements merged in. */
  readonly requirements: Requirements;
  /** S-409 for domains that are equally full; by name when absent. */
  readonly cheapest?: (key: string, domains: readonly string[]) => string;
}

/** Hostname excluded; or the first rule that leaves nothing. */
export function narrowByRules(
  selecting: SelectingGroups,
  attempt: Attempt,
  target: TopologyTarget,
): Requirements | Rejection {
  let narrowed = Requirements.empty;
  for (const groups of [attempt.topology.owned, selecting.inverse]) {
    for (const group of groups) {
      const { key } = group.rule;
      const domains = domainsFor(group, questionOf(group, selecting, attempt, target));
      if (domains.length === 0) return group.refusal;
      if (group.isByHost) continue;
      narrowed = narrowed.with(Requirement.of(key, "In", domains));
      if (narrowed.get(key).values.size === 0) return group.refusal;
    }
  }
  return narrowed;
}

function questionOf(
  group: TopologyGroup,
  selecting: SelectingGroups,
  { strict }: Attempt,
  { host, requirements, cheapest }: TopologyTarget,
): DomainQuestion {
  const { key } = group.rule;
  return {
    selectsPod: selecting.counted.has(group),
    pod: strict.get(key),
    node: requirements.get(key),
    ...(group.isByHost && { host }),
    choose: (domains) => cheapest?.(key, domains) ?? domains.toSorted(compareText)[0] ?? "",
  };
}

function domainsFor(group: TopologyGroup, question: DomainQuestion): readonly string[] {
  switch (group.rule.kind) {
    case "spread":
      return spreadDomains(group, question);
    case "affinity":
      return affinityDomains(group, question);
    case "anti-affinity":
    case "inverse":
      return emptyDomains(group, question);
  }
}
