// The topology rules as arrays: kinds, keys, domains, and how many pods each domain has before the first placement (S-407…S-411).

import type { Pod } from "../../api/index.ts";
import type { TopologyGroup } from "../topology/domain-count.ts";
import type { TopologyKind } from "../topology/groups.ts";
import type { Universe } from "../topology/universe.ts";
import { bitsFor, setBit } from "./bits.ts";
import type { Bits } from "./bits.ts";
import { DomainKey, MANY } from "./domain-book.ts";
import type { GroupBook } from "./group-book.ts";
import { identityOf } from "./identity.ts";
import type { LabelKeys } from "./label-keys.ts";
import { kindsAmong } from "./node-facts.ts";
import type { NodeFacts, RunningKind } from "./node-facts.ts";
import type { NodeList } from "./node-list.ts";
import type { NodeTable, TaintLists } from "./node-table.ts";
import { PairTable, UNKNOWN } from "./pair-table.ts";
import type { RequirementBook } from "./requirement-book.ts";
import { SelectorIndex } from "./selector-index.ts";
import type { Steps } from "./steps.ts";

export const SPREAD = 0;
export const AFFINITY = 1;
const ANTI_AFFINITY = 2;
export const INVERSE = 3;

const KIND_NUMBERS: Readonly<Record<TopologyKind, number>> = {
  spread: SPREAD,
  affinity: AFFINITY,
  "anti-affinity": ANTI_AFFINITY,
  inverse: INVERSE,
};

/** Key index of rules that count by host name. */
export const BY_HOST = -1;

export interface TopologyTable {
  readonly groups: readonly TopologyGroup[];
  readonly keys: readonly DomainKey[];
  readonly kinds: Uint8Array;
  readonly keyOf: Int32Array;
  /** Pods per domain of the group's key; per host number for rules by host, empty when no host has any. */
  readonly counts: Int32Array[];
  /** Domains the rule knows of; of no meaning for rules by host. */
  readonly known: readonly Bits[];
  readonly selectors: SelectorIndex;
  readonly filters: FilterBook;
}

export interface TopologyReading {
  readonly rules: GroupBook;
  readonly labelKeys: LabelKeys;
  readonly book: RequirementBook;
  readonly taintLists: TaintLists;
  readonly nodes: NodeTable;
  readonly list: NodeList;
  readonly universe: () => Universe;
  /** Identities of the pods to place. */
  readonly inThisSolve: ReadonlySet<string>;
}

/** Pauses now and then. */
export function* topologyTable(reading: TopologyReading): Steps<TopologyTable> {
  const { rules, labelKeys, book, universe } = reading;
  const { groups } = rules;
  const names = domainNames(groups, book, universe);
  const keys = [...names].map(([key, values]) => new DomainKey(key, [...values], book));
  const keyNumbers = new Map(keys.map(({ key }, index) => [key, index]));
  const keyOf = Int32Array.from(groups, (group) => keyNumbers.get(group.rule.key) ?? BY_HOST);
  const filters = new FilterBook(groups, reading);
  const table: TopologyTable = {
    groups,
    keys,
    kinds: Uint8Array.from(groups, ({ rule }) => KIND_NUMBERS[rule.kind]),
    keyOf,
    counts: groups.map((_, id) => new Int32Array(keys[keyOf[id] ?? BY_HOST]?.names.length ?? 0)),
    known: groups.map((_, id) => bitsFor(keys[keyOf[id] ?? BY_HOST]?.names.length ?? 0)),
    selectors: new SelectorIndex(groups, labelKeys),
    filters,
  };
  registerDomains(table, reading);
  yield* countRunningPods(table, reading);
  return table;
}

/** Whether a place counts for a rule, worked out once per kind of place (S-411). */
class FilterBook {
  readonly #groups: readonly TopologyGroup[];
  readonly #everywhere: readonly boolean[];
  readonly #book: RequirementBook;
  readonly #taintLists: TaintLists;
  readonly #known: (PairTable | undefined)[] = [];

  constructor(groups: readonly TopologyGroup[], { book, taintLists }: Pick<TopologyReading, "book" | "taintLists">) {
    this.#groups = groups;
    this.#everywhere = groups.map(({ rule: { filter } }) => {
      const anyLabels = filter.terms === undefined || filter.terms.some((term) => term.size === 0);
      return anyLabels && filter.tolerations === undefined;
    });
    this.#book = book;
    this.#taintLists = taintLists;
  }

  accepts(group: number, requirements: number, taints: number): boolean {
    if (this.#everywhere[group]) return true;
    const table = this.#known[group] ?? new PairTable(64);
    this.#known[group] = table;
    const known = table.get(requirements, taints);
    if (known !== UNKNOWN) return known === 1;
    const accepts = this.#groups[group]?.accepts(this.#book.get(requirements), this.#taintLists.get(taints));
    return table.set(requirements, taints, Number(accepts ?? false)) === 1;
  }
}

/** All domains a key can ever have in this solve: of pools, of nodes, and those any requirement names. */
function domainNames(
  groups: readonly TopologyGroup[],
  book: RequirementBook,
  universe: () => Universe,
): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const { rule, isByHost } of groups) {
    if (isByHost) continue;
    const values = names.get(rule.key) ?? new Set<string>();
    names.set(rule.key, values);
    for (const domain of universe().domainsOf(rule.key, rule.filter)) values.add(domain);
  }
  for (let id = 0; id < book.size; id++) {
    const requirements = book.get(id);
    for (const [key, values] of names) {
      if (!requirements.has(key)) continue;
      const requirement = requirements.get(key);
      if (!requirement.complement) for (const value of requirement.values) values.add(value);
    }
  }
  return names;
}

/** S-407, S-408. */
function registerDomains({ groups, keys, keyOf, known, filters }: TopologyTable, reading: TopologyReading): void {
  const { nodes, universe } = reading;
  const places = placesOf(nodes);
  for (const [id, { rule }] of groups.entries()) {
    const key = keys[keyOf[id] ?? BY_HOST];
    const bits = known[id];
    if (key === undefined || bits === undefined) continue;
    for (const domain of universe().domainsOf(rule.key, rule.filter)) setBit(bits, key.numberOf(domain) ?? 0);
    for (const { labels, taints } of places) {
      const domain = key.singleOf(labels);
      if (domain !== MANY && filters.accepts(id, labels, taints)) setBit(bits, domain);
    }
  }
}

/** Nodes with the same labels and taints are one place. */
function placesOf(nodes: NodeTable): readonly { readonly labels: number; readonly taints: number }[] {
  const places = new Map<string, { labels: number; taints: number }>();
  for (let node = 0; node < nodes.count; node++) {
    const [labels, taints] = [nodes.labels[node] ?? 0, nodes.taints[node] ?? 0];
    places.set(`${labels}/${taints}`, { labels, taints });
  }
  return [...places.values()];
}

/** S-410, S-417; a carrier that is on its way out still keeps its domain closed. */
function* countRunningPods(table: TopologyTable, reading: TopologyReading): Steps<void> {
  const { nodes, labelKeys, list, inThisSolve } = reading;
  if (table.groups.length === 0) return;
  const { roll, numbers } = list;
  countCarriers(table, reading);
  yield;
  const kinds = yield* roll.kindsBy(labelKeys);
  const losing = roll.running(inThisSolve);
  for (const { labels, example, places, live } of kinds) {
    yield;
    for (const id of counting(table, example, labels)) {
      for (let index = 0; index < places.length; index++) {
        const place = places[index] ?? 0;
        const node = numbers[place] ?? -1;
        if (node >= 0 && !losing.has(place)) count(table, nodes, id, node, live[index] ?? 0);
      }
    }
  }
  for (const place of losing) {
    yield;
    const node = numbers[place] ?? -1;
    if (node < 0) continue;
    for (const { labels, example, live } of kindsLeftOn(roll.facts[place], labelKeys, inThisSolve)) {
      for (const id of counting(table, example, labels)) count(table, nodes, id, node, live);
    }
  }
}

function countCarriers(table: TopologyTable, { nodes, rules, labelKeys, list, inThisSolve }: TopologyReading): void {
  const { roll, numbers } = list;
  for (const place of roll.repelling) {
    const node = numbers[place] ?? -1;
    if (node < 0) continue;
    for (const pod of roll.facts[place]?.repelling ?? []) {
      if (inThisSolve.has(identityOf(pod))) continue;
      for (const { id } of rules.carriedBy(pod, labelKeys.textOf(pod))) count(table, nodes, id, node, 1);
    }
  }
}

/** Rules that count pods of a kind wherever they run. */
function counting({ selectors }: TopologyTable, example: Pod, labels: string): readonly number[] {
  return selectors.selecting(example, labels).flatMap(({ id, rule }) => (rule.kind === "inverse" ? [] : id));
}

/** Pods that stay where they are, of a node that others leave. */
function kindsLeftOn(
  facts: NodeFacts | undefined,
  keys: LabelKeys,
  inThisSolve: ReadonlySet<string>,
): readonly RunningKind[] {
  const staying = facts?.node.pods.filter((pod) => !inThisSolve.has(identityOf(pod)));
  return kindsAmong(staying ?? [], keys);
}

function count(
  { keys, keyOf, counts, known, filters }: TopologyTable,
  nodes: NodeTable,
  id: number,
  node: number,
  pods: number,
): void {
  const labels = nodes.labels[node] ?? 0;
  if (!filters.accepts(id, labels, nodes.taints[node] ?? 0)) return;
  const key = keys[keyOf[id] ?? BY_HOST];
  const domain = key === undefined ? (nodes.hosts[node] ?? 0) : key.singleOf(labels);
  if (domain === MANY) return;
  let sums = counts[id] ?? new Int32Array(0);
  if (sums.length === 0) counts[id] = sums = new Int32Array(nodes.hostNames.length);
  sums[domain] = (sums[domain] ?? 0) + pods;
  if (key !== undefined) setBit(known[id] ?? bitsFor(0), domain);
}
