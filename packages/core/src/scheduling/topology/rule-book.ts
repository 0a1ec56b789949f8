// Where the rules of a solve are kept, each once, whoever asks for it.

import type { TopologyGroup } from "./domain-count.ts";
import type { RuleContext, TopologyRule } from "./groups.ts";

export interface RuleBook {
  readonly rules: RuleContext;
  /** The same group for rules that mean the same (S-401). */
  groupOf(rule: TopologyRule): TopologyGroup;
}
