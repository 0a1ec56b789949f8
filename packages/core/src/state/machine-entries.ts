// The StateNodes of all machines, kept from one look to the next: only what has changed since is joined anew.
// Whoever recognizes a node by its identity finds it again, and one event of one pod does not cost a look at all nodes (S-1015, S-1017).

import type { Node, NodeClaim, Pod } from "../api/index.ts";
import { compareText } from "../units/index.ts";
import type { StateNode } from "./state-node.ts";

/** What one StateNode is made of. */
export interface MachineParts {
  readonly nodes: readonly Node[];
  readonly claims: readonly NodeClaim[];
}

/** Two of them that are equal in everything make the same StateNode. */
export interface MachineView extends MachineParts {
  readonly pods: readonly Pod[];
  readonly marked: boolean;
  readonly nominatedUntil: number | undefined;
  readonly lastPodEvent: number | undefined;
}

export type PartKind = "node" | "claim";

export interface MachineSource {
  /** All machines, in any order. */
  readonly machines: () => Iterable<MachineParts>;
  readonly view: (parts: MachineParts) => MachineView;
  readonly build: (view: MachineView) => StateNode;
  /** The same machine as the mirror shows it now; undefined: it is not made of the same objects any more. */
  readonly again: (parts: MachineParts) => MachineParts | undefined;
}

interface Entry {
  readonly view: MachineView;
  readonly state: StateNode;
}

export interface Machines {
  /** Initialized first, then by name (S-303). */
  readonly list: readonly StateNode[];
  readonly byId: (providerID: string) => StateNode | undefined;
  readonly byName: (name: string) => StateNode | undefined;
}

/** Positions in the list. */
interface Places {
  readonly entries: Entry[];
  readonly ids: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<string, number>;
  /** By kind and name of any object that an entry is made of. */
  readonly parts: ReadonlyMap<string, number>;
}

export class MachineEntries {
  readonly #source: MachineSource;
  #places: Places | undefined;
  #list: readonly StateNode[] = [];
  /** Kinds and names. */
  readonly #touched = new Set<string>();
  /** Everything is grouped anew. */
  #moved = true;

  constructor(source: MachineSource) {
    this.#source = source;
  }

  /** Something about its machine is different; which objects that is made of is not. */
  touch(kind: PartKind, name: string | undefined): void {
    this.#touched.add(partKey(kind, name));
  }

  /** The same for a machine that may not be known: then all are looked at. */
  touchMachine(providerID: string): void {
    const place = this.#places?.ids.get(providerID);
    const entry = place === undefined ? undefined : this.#places?.entries[place];
    if (entry) this.#touched.add(keyOf(entry.view));
    else this.#moved = true;
  }

  /** Machines came or went, or objects belong to another one. */
  move(): void {
    this.#moved = true;
  }

  current(): Machines {
    const { ids, names } = this.#refreshed();
    const at = (place: number | undefined): StateNode | undefined => (place === undefined ? place : this.#list[place]);
    return { list: this.#list, byId: (id) => at(ids.get(id)), byName: (name) => at(names.get(name)) };
  }

  #refreshed(): Places {
    const known = this.#places;
    if (known && !this.#moved && this.#touched.size === 0) return known;
    const touched = [...this.#touched];
    this.#touched.clear();
    return known && !this.#moved && this.#replace(touched, known) ? known : this.#regroup();
  }

  /** In place. False: the order or the look-ups would be different. */
  #replace(touched: readonly string[], { entries, parts }: Places): boolean {
    const places = new Set(touched.flatMap((name) => parts.get(name) ?? []));
    const changed: [number, Entry][] = [];
    for (const place of places) {
      const before = entries[place];
      const again = before && this.#source.again(before.view);
      if (!before || !again) return false;
      const entry = this.#entry(again, before);
      if (!standsWhere(entry.state, before.state)) return false;
      if (entry !== before) changed.push([place, entry]);
    }
    if (changed.length === 0) return true;
    const list = [...this.#list];
    for (const [place, entry] of changed) {
      entries[place] = entry;
      list[place] = entry.state;
    }
    this.#list = list;
    return true;
  }

  #regroup(): Places {
    const known = new Map((this.#places?.entries ?? []).map((entry) => [keyOf(entry.view), entry]));
    const entries = [...this.#source.machines()].map((parts) => this.#entry(parts, known.get(keyOf(parts))));
    entries.sort(
      ({ state: a }, { state: b }) => Number(b.initialized) - Number(a.initialized) || compareText(a.name, b.name),
    );
    this.#moved = false;
    this.#list = entries.map(({ state }) => state);
    this.#places = placesOf(entries);
    return this.#places;
  }

  #entry(parts: MachineParts, before: Entry | undefined): Entry {
    const view = this.#source.view(parts);
    if (before && isSame(before.view, view)) return before;
    return { view, state: this.#source.build(view) };
  }
}

function placesOf(entries: Entry[]): Places {
  const ids = new Map<string, number>();
  const names = new Map<string, number>();
  const parts = new Map<string, number>();
  for (const [place, { view, state }] of entries.entries()) {
    if (state.providerID) ids.set(state.providerID, place);
    if (!names.has(state.name)) names.set(state.name, place);
    for (const { metadata } of view.nodes) parts.set(partKey("node", metadata.name), place);
    for (const { metadata } of view.claims) parts.set(partKey("claim", metadata.name), place);
  }
  // A plan may know a machine by its claim, which was all there was of it, and ask when it has a Node.
  for (const [place, { view }] of entries.entries()) {
    for (const { metadata } of view.claims) if (!names.has(metadata.name ?? "")) names.set(metadata.name ?? "", place);
  }
  return { entries, ids, names, parts };
}

/** A Node and a claim may have the same name. */
function partKey(kind: PartKind, name = ""): string {
  return `${kind} ${name}`;
}

function keyOf({ nodes: [node], claims: [claim] }: MachineParts): string {
  return node ? partKey("node", node.metadata.name) : partKey("claim", claim?.metadata.name);
}

function standsWhere(a: StateNode, b: StateNode): boolean {
  return a.name === b.name && a.providerID === b.providerID && a.initialized === b.initialized;
}

function isSame(a: MachineView, b: MachineView): boolean {
  return (
    a.marked === b.marked &&
    a.nominatedUntil === b.nominatedUntil &&
    a.lastPodEvent === b.lastPodEvent &&
    areSame(a.pods, b.pods) &&
    areSame(a.nodes, b.nodes) &&
    areSame(a.claims, b.claims)
  );
}

function areSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a === b || (a.length === b.length && a.every((each, index) => each === b[index]));
}
