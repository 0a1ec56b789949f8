// Nodes in the order they are tried, with what solves about different ones of them have in common: which pods run where, by kind (S-303, S-1014, S-1017).

import type { NodeInput } from "../problem.ts";
import { compareText } from "../../units/index.ts";
import type { LabelKeys } from "./label-keys.ts";
import type { NodeFacts, RunningKind } from "./node-facts.ts";
import { STRIDE } from "./steps.ts";
import type { Steps } from "./steps.ts";

/** Pods that every selector in play treats alike, and where they run. */
export interface CountedKind extends Pick<RunningKind, "labels" | "example"> {
  /** Places in the roll. */
  readonly places: readonly number[];
  /** How many run at each of them. */
  readonly live: readonly number[];
}

/** Pods bring different rules with them, so that other labels matter from one solve to the next; but few sets of them come up. */
const MOST_SIGNATURES = 8;

export class NodeRoll {
  /** In trial order. */
  readonly facts: readonly NodeFacts[];
  /** Places of the nodes with pods that keep others away. */
  readonly repelling: readonly number[];
  readonly #places: ReadonlyMap<NodeInput, number>;
  readonly #kinds = new Map<string, readonly CountedKind[]>();
  #byIdentity: ReadonlyMap<string, readonly number[]> | undefined;
  #searches = 0;

  constructor(facts: readonly NodeFacts[]) {
    this.facts = facts.toSorted(compareFacts);
    this.repelling = [...this.facts.keys()].filter((place) => (this.facts[place]?.repelling.length ?? 0) > 0);
    this.#places = new Map(this.facts.map(({ node }, place) => [node, place]));
  }

  /** By place: the number of the node among these, -1 for one that is left out. Undefined when not all of them are on the roll. */
  numbersAmong(nodes: readonly NodeInput[]): Int32Array | undefined {
    const numbers = new Int32Array(this.facts.length).fill(-1);
    for (const node of nodes) {
      const place = this.#places.get(node);
      if (place === undefined || numbers[place] === 0) return undefined;
      numbers[place] = 0;
    }
    let next = 0;
    for (let place = 0; place < numbers.length; place++) if (numbers[place] === 0) numbers[place] = next++;
    return numbers;
  }

  /** Running pods, without those that are on their way out. */
  *kindsBy(keys: LabelKeys): Steps<readonly CountedKind[]> {
    const known = this.#kinds.get(keys.signature);
    if (known !== undefined) return known;
    const kinds = new Map<string, CountedKind & { readonly places: number[]; readonly live: number[] }>();
    for (const [place, facts] of this.facts.entries()) {
      if (place % STRIDE === STRIDE - 1) yield;
      for (const { labels, example, live } of facts.kindsBy(keys)) {
        const kind = kinds.get(labels) ?? { labels, example, places: [], live: [] };
        kinds.set(labels, kind);
        kind.places.push(place);
        kind.live.push(live);
      }
    }
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size >= MOST_SIGNATURES && oldest !== undefined) this.#kinds.delete(oldest);
    const all = [...kinds.values()];
    this.#kinds.set(keys.signature, all);
    return all;
  }

  /** Places of the nodes that run any of these pods. */
  running(identities: ReadonlySet<string>): ReadonlySet<number> {
    // Only who is asked again and again is worth an index of every pod.
    if (this.#searches++ === 0) {
      return new Set([...this.facts.keys()].filter((place) => this.facts[place]?.hasAnyOf(identities)));
    }
    const index = (this.#byIdentity ??= placesByIdentity(this.facts));
    return new Set([...identities].flatMap((identity) => index.get(identity) ?? []));
  }
}

function placesByIdentity(facts: readonly NodeFacts[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [place, { identities }] of facts.entries()) {
    for (const identity of identities) {
      const known = places.get(identity);
      if (known === undefined) places.set(identity, [place]);
      else known.push(place);
    }
  }
  return places;
}

/** S-303. */
function compareFacts({ node: a }: NodeFacts, { node: b }: NodeFacts): number {
  return (
    Number(b.initialized) - Number(a.initialized) ||
    compareText(a.name, b.name) ||
    compareText(a.nodePool ?? "", b.nodePool ?? "")
  );
}
