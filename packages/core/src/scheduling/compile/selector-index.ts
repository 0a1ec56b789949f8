// Finds the topology rules that select a pod without asking every rule: by one label pair that each selector insists on.

import type { Pod } from "../../api/index.ts";
import type { TopologyGroup } from "../topology/domain-count.ts";
import type { LabelKeys } from "./label-keys.ts";

export class SelectorIndex {
  readonly #keys: LabelKeys;
  readonly #byPair = new Map<string, TopologyGroup[]>();
  readonly #others: TopologyGroup[] = [];
  readonly #known = new Map<string, readonly TopologyGroup[]>();

  constructor(groups: readonly TopologyGroup[], keys: LabelKeys) {
    this.#keys = keys;
    for (const group of groups) this.#add(group);
  }

  /** In the order of their numbers. `text`: of the pod's labels that selectors look at. */
  selecting(pod: Pod, text: string = this.#keys.textOf(pod)): readonly TopologyGroup[] {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const candidates = [...this.#others];
    for (const [key, value] of Object.entries(pod.metadata.labels ?? {})) {
      candidates.push(...(this.#byPair.get(pairOf(key, value)) ?? []));
    }
    const selecting = candidates.filter((group) => group.selects(pod)).sort((a, b) => a.id - b.id);
    this.#known.set(text, selecting);
    return selecting;
  }

  #add(group: TopologyGroup): void {
    const { selector } = group.rule;
    if (selector === undefined) return;
    const [pair] = Object.entries(selector.matchLabels ?? {});
    if (pair === undefined) {
      this.#others.push(group);
      return;
    }
    const text = pairOf(pair[0], pair[1]);
    const known = this.#byPair.get(text);
    if (known === undefined) this.#byPair.set(text, [group]);
    else known.push(group);
  }
}

function pairOf(key: string, value: string): string {
  return `${key}=${value}`;
}
