// Where the pods that each topology rule counts are while the plan grows (S-412).

import { hasBit, membersOf, setBit } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import { MANY } from "../compile/domain-book.ts";
import type { DomainKey } from "../compile/domain-book.ts";
import type { CompiledProblem } from "../compile/problem.ts";
import type { Shape, Stance } from "../compile/shapes.ts";
import { AFFINITY, BY_HOST, SPREAD } from "../compile/topology-table.ts";
import type { TopologyTable } from "../compile/topology-table.ts";
import { HostCounts } from "./host-counts.ts";
import type { HostNames } from "./host-counts.ts";

export class GroupState {
  /** Pods by domain. */
  readonly counts: readonly Int32Array[];
  readonly known: readonly Bits[];
  /** Undefined for rules that do not count by host. */
  readonly hosts: readonly (HostCounts | undefined)[];
  /** Claims with pods of the rule whose place was not settled when they joined, by group. */
  readonly #unsettled: (Set<number> | undefined)[] = [];
  readonly #table: TopologyTable;
  readonly #limits: readonly { readonly maxSkew: number; readonly minDomains: number }[];

  constructor({ topology, nodes }: CompiledProblem) {
    const names: HostNames = { hosts: nodes.hosts, nodesOf: nodesByHost(nodes.hosts, nodes.hostNames.length) };
    this.#table = topology;
    this.#limits = topology.groups.map(({ rule: { maxSkew, minDomains = 0 } }) => ({ maxSkew, minDomains }));
    this.counts = topology.counts.map((counts) => counts.slice());
    this.known = topology.known.map((known) => known.slice());
    this.hosts = topology.groups.map(({ rule }, id) =>
      topology.keyOf[id] === BY_HOST
        ? new HostCounts(rule.maxSkew, topology.counts[id] ?? new Int32Array(0), names)
        : undefined,
    );
  }

  keyOf(group: number): DomainKey | undefined {
    return this.#table.keys[this.#table.keyOf[group] ?? BY_HOST];
  }

  keyIndexOf(group: number): number {
    return this.#table.keyOf[group] ?? BY_HOST;
  }

  kindOf(group: number): number {
    return this.#table.kinds[group] ?? SPREAD;
  }

  limitsOf(group: number): { readonly maxSkew: number; readonly minDomains: number } {
    return this.#limits[group] ?? { maxSkew: Number.POSITIVE_INFINITY, minDomains: 0 };
  }

  recordOnNode({ counted }: Shape, { carried }: Stance, node: number, labels: number, taints: number): void {
    for (let i = 0; i < counted.length; i++) this.#onNode(counted[i] ?? 0, node, labels, taints);
    for (let i = 0; i < carried.length; i++) this.#onNode(carried[i] ?? 0, node, labels, taints);
  }

  /** `requirements`: of the claim with the pod on it. */
  recordOnClaim({ counted }: Shape, { carried }: Stance, claim: number, requirements: number, taints: number): void {
    for (let i = 0; i < counted.length; i++) this.#onClaim(counted[i] ?? 0, claim, requirements, taints);
    for (let i = 0; i < carried.length; i++) this.#onClaim(carried[i] ?? 0, claim, requirements, taints);
  }

  /** In the order in which such pods joined. */
  unsettledClaims(group: number): readonly number[] {
    return [...(this.#unsettled[group] ?? [])];
  }

  /** Moves what a claim counts for when its requirements become narrower without a new pod on it (S-1024). */
  recommit(group: number, before: number, after: number, taints: number): void {
    const key = this.keyOf(group);
    if (key === undefined) return;
    const table = this.#table;
    if (table.filters.accepts(group, before, taints)) this.#addDomains(group, key, before, -1);
    if (table.filters.accepts(group, after, taints)) this.#addDomains(group, key, after, 1);
  }

  #onNode(group: number, node: number, labels: number, taints: number): void {
    if (!this.#table.filters.accepts(group, labels, taints)) return;
    const key = this.keyOf(group);
    if (key === undefined) this.hosts[group]?.addToNode(node);
    else this.#addDomains(group, key, labels, 1);
  }

  #onClaim(group: number, claim: number, requirements: number, taints: number): void {
    if (!this.#table.filters.accepts(group, requirements, taints)) return;
    const key = this.keyOf(group);
    if (key === undefined) {
      this.hosts[group]?.addToClaim(claim);
      return;
    }
    if (key.singleOf(requirements) === MANY) (this.#unsettled[group] ??= new Set()).add(claim);
    this.#addDomains(group, key, requirements, 1);
  }

  #addDomains(group: number, key: DomainKey, requirements: number, change: number): void {
    const single = key.singleOf(requirements);
    if (single !== MANY) {
      this.#add(group, single, change);
      return;
    }
    const kind = this.kindOf(group);
    // Only anti-affinity counts where the place is not settled yet, and then everywhere it may be.
    if (kind === SPREAD || kind === AFFINITY) return;
    const listed = key.listedBy(requirements);
    if (listed !== null) for (const domain of membersOf(listed)) this.#add(group, domain, change);
  }

  #add(group: number, domain: number, change: number): void {
    const counts = this.counts[group];
    const known = this.known[group];
    if (counts === undefined || known === undefined) return;
    counts[domain] = (counts[domain] ?? 0) + change;
    if (!hasBit(known, domain)) setBit(known, domain);
  }
}

/** Undefined when no two nodes share a host: then they have the same numbers. */
function nodesByHost(hosts: Int32Array, count: number): HostNames["nodesOf"] {
  if (count === hosts.length) return undefined;
  const nodes: number[][] = Array.from({ length: count }, () => []);
  for (const [node, host] of hosts.entries()) nodes[host]?.push(node);
  return nodes;
}
