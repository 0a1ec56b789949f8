// Which topology rules of a solve concern one pod: as one that they count, and as one that carries them.

import type { TopologyGroup } from "./domain-count.ts";

/** The rules that count a pod, whoever owns them. */
export interface SelectingGroups {
  readonly counted: ReadonlySet<TopologyGroup>;
  /** S-417: closed domains for this pod. */
  readonly inverse: readonly TopologyGroup[];
}

/** The rules a pod carries itself. */
export interface OwnedGroups {
  readonly owned: readonly TopologyGroup[];
  /** Counted where the pod goes, so that selected pods keep away. */
  readonly carried: readonly TopologyGroup[];
}
