// Collects the topology rules of one solve: those pods bring, and those that running pods carry and others have to respect (S-401, S-417).

import type { Pod } from "../../api/index.ts";
import { TopologyGroup } from "../topology/domain-count.ts";
import { affinityRule, requiredTermsOf, ruleIdentity } from "../topology/groups.ts";
import type { RuleContext, TopologyRule } from "../topology/groups.ts";
import type { RuleBook } from "../topology/rule-book.ts";

export class GroupBook implements RuleBook {
  readonly rules: RuleContext;
  readonly #groups = new Map<string, TopologyGroup>();
  readonly #carried = new Map<string, readonly TopologyGroup[]>();

  constructor(rules: RuleContext) {
    this.rules = rules;
  }

  /** Each at the index of its id. */
  get groups(): readonly TopologyGroup[] {
    return [...this.#groups.values()];
  }

  groupOf(rule: TopologyRule): TopologyGroup {
    const identity = ruleIdentity(rule);
    const known = this.#groups.get(identity);
    if (known !== undefined) return known;
    const group = new TopologyGroup(this.#groups.size, rule);
    this.#groups.set(identity, group);
    return group;
  }

  /** `labels`: text of the pod's labels that selectors look at. */
  carriedBy(pod: Pod, labels: string): readonly TopologyGroup[] {
    const terms = requiredTermsOf(pod, "podAntiAffinity");
    if (terms.length === 0) return [];
    const text = `${labels} ${JSON.stringify(terms)}`;
    const known = this.#carried.get(text);
    if (known !== undefined) return known;
    const groups = terms.map((term) => this.groupOf(affinityRule("inverse", pod, term, this.rules)));
    const distinct = [...new Set(groups)];
    this.#carried.set(text, distinct);
    return distinct;
  }
}
