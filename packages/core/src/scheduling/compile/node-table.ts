// Real and in-flight nodes in the order they are tried, as numbers: what is free, which labels matter, which taints they have (S-303, S-305).

import { Label } from "../../api/index.ts";
import type { Taint } from "../../api/index.ts";
import { normalizeKey, Requirements } from "../../requirements/index.ts";
import type { Normalization } from "../../requirements/index.ts";
import { addResources } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { runsOnNode } from "../daemonsets.ts";
import type { DaemonPod } from "../daemonsets.ts";
import type { HostPort } from "../host-ports.ts";
import type { NodeInput } from "../problem.ts";
import { bitsFor, setBit } from "./bits.ts";
import type { Bits } from "./bits.ts";
import type { NodeFacts } from "./node-facts.ts";
import type { RequirementBook } from "./requirement-book.ts";
import { STRIDE } from "./steps.ts";
import type { Steps } from "./steps.ts";

export interface NodeTable {
  /** In trial order; an index into it is the node's number. */
  readonly inputs: readonly NodeInput[];
  /** In the same order. */
  readonly facts: readonly NodeFacts[];
  readonly count: number;
  /** Requirement set of the labels that anything asks about. */
  readonly labels: Int32Array;
  /** Which list of taints. */
  readonly taints: Int32Array;
  /** Number of its host name; nodes that claim the same name share it. */
  readonly hosts: Int32Array;
  readonly hostNames: readonly string[];
  /** Resource → free amount by node; 0 where the node does not report it. */
  readonly free: ReadonlyMap<string, Float64Array>;
  /** More is used than there is: nothing fits (S-232). */
  readonly overdrawn: Bits;
  /** Closed to pods that only move (S-222). */
  readonly settling: Bits;
  readonly ports: ReadonlyMap<number, readonly HostPort[]>;
}

export interface NodeReading {
  readonly book: RequirementBook;
  readonly taintLists: TaintLists;
  readonly daemons: readonly DaemonPod[];
  /** Resources that pods of the solve ask for. */
  readonly resources: readonly string[];
  /** Normalised keys that something asks about. */
  readonly keys: ReadonlySet<string>;
  readonly normalization?: Normalization;
}

/** `facts`: in trial order. Pauses now and then. */
export function* nodeTable(facts: readonly NodeFacts[], reading: NodeReading): Steps<NodeTable> {
  const inputs = facts.map(({ node }) => node);
  const count = inputs.length;
  const labelReader = new LabelReader(reading);
  const overheads = new OverheadReader(reading);
  const hosts = new Map<string, number>();
  const table = {
    inputs,
    facts,
    count,
    labels: new Int32Array(count),
    taints: new Int32Array(count),
    hosts: new Int32Array(count),
    free: new Map(reading.resources.map((resource) => [resource, new Float64Array(count)])),
    overdrawn: bitsFor(count),
    settling: bitsFor(count),
    ports: new Map<number, readonly HostPort[]>(),
  };
  const lists = [...table.free];
  for (const [index, about] of facts.entries()) {
    const { node } = about;
    if (index % STRIDE === STRIDE - 1) yield;
    const host = node.labels[Label.Hostname] ?? node.name;
    const labels = labelReader.read(node, about, host);
    const taints = reading.taintLists.idOf(node.taints);
    table.labels[index] = labels;
    table.taints[index] = taints;
    const known = hosts.get(host);
    table.hosts[index] = known ?? hosts.size;
    if (known === undefined) hosts.set(host, hosts.size);
    const expected = overheads.expectedOn(labels, taints);
    for (const [resource, amounts] of lists) amounts[index] = freeOf(resource, about, expected);
    for (const resource in node.allocatable) {
      if (freeOf(resource, about, expected) < 0) setBit(table.overdrawn, index);
    }
    if (node.settling === true) setBit(table.settling, index);
    if (about.ports.length > 0) table.ports.set(index, about.ports);
  }
  return { ...table, hostNames: [...hosts.keys()] };
}

/** Equal lists of taints have one number. */
export class TaintLists {
  readonly #lists: (readonly Taint[])[] = [];
  readonly #byText = new Map<string, number>();

  idOf(taints: readonly Taint[]): number {
    const text =
      taints.length === 0 ? "" : JSON.stringify(taints.map(({ key, value, effect }) => [key, value, effect]));
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    this.#byText.set(text, this.#lists.length);
    return this.#lists.push(taints) - 1;
  }

  get(id: number): readonly Taint[] {
    return this.#lists[id] ?? [];
  }

  get count(): number {
    return this.#lists.length;
  }
}

/** Nodes differ in many labels nobody asks about; without those few different sets are left. */
class LabelReader {
  readonly #book: RequirementBook;
  readonly #keys: ReadonlySet<string>;
  readonly #normalization: Normalization | undefined;
  /** Stands for the keys and for their older spellings. */
  readonly #asked: string;
  /** Label key as nodes write it → whether it matters. */
  readonly #matters = new Map<string, boolean>();
  readonly #known = new Map<string, number>();

  constructor({ book, keys, normalization }: NodeReading) {
    this.#book = book;
    this.#keys = keys;
    this.#normalization = normalization;
    this.#asked = JSON.stringify([[...keys].sort(), normalization?.keys ?? null]);
  }

  read({ labels }: NodeInput, facts: NodeFacts, host: string): number {
    const text = facts.labelText(this.#asked, () => this.#textOf(labels, host));
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const kept: Record<string, string> = {};
    if (this.#keys.has(Label.Hostname)) kept[Label.Hostname] = host;
    for (const key in labels) if (this.#asksFor(key)) kept[key] = labels[key] ?? "";
    const id = this.#book.idOf(Requirements.fromLabels(kept, this.#normalization));
    this.#known.set(text, id);
    return id;
  }

  #textOf(labels: NodeInput["labels"], host: string): string {
    let text = this.#keys.has(Label.Hostname) ? host : "";
    for (const key in labels) if (this.#asksFor(key)) text += `|${key}=${labels[key] ?? ""}`;
    return text;
  }

  #asksFor(key: string): boolean {
    const known = this.#matters.get(key);
    if (known !== undefined) return known;
    const matters = this.#keys.has(normalizeKey(key, this.#normalization?.keys));
    this.#matters.set(key, matters);
    return matters;
  }
}

/** S-228 for nodes that look alike. */
class OverheadReader {
  readonly #reading: NodeReading;
  readonly #known = new Map<string, Resources>();

  constructor(reading: NodeReading) {
    this.#reading = reading;
  }

  expectedOn(labels: number, taints: number): Resources {
    const text = `${labels}/${taints}`;
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const { book, taintLists, daemons } = this.#reading;
    const running = daemons.filter((daemon) => runsOnNode(daemon, book.get(labels), taintLists.get(taints)));
    const expected = addResources(...running.map(({ requests }) => requests));
    this.#known.set(text, expected);
    return expected;
  }
}

/** S-219, S-220: what DaemonSets will still bring takes room; more of them than planned never makes any. */
function freeOf(resource: string, { node, used, daemons }: NodeFacts, expected: Resources): number {
  const has = node.allocatable[resource];
  if (has === undefined) return 0;
  const rest = (expected[resource] ?? 0) - (daemons[resource] ?? 0);
  return has - (used[resource] ?? 0) - Math.max(0, rest);
}
