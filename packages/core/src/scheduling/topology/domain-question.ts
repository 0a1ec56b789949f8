// What a rule is asked about one pod and one candidate.

import type { Requirement } from "../../requirements/index.ts";

export interface DomainQuestion {
  /** Whether the rule counts the pod itself. */
  readonly selectsPod: boolean;
  /** What the pod strictly requires of the rule's key, preferences left out. */
  readonly pod: Requirement;
  /** What the candidate with the pod on it still allows. */
  readonly node: Requirement;
  /** The candidate's name, when the rule is about hosts. */
  readonly host?: string;
  /** S-409: one of several equal domains. */
  choose(domains: readonly string[]): string;
}
