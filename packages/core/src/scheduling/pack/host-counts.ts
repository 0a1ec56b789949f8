// Pods of one rule by host name, on nodes and on planned claims: which hosts are taken, and which are full (S-414, S-418, S-422).

import { bitsFor, grown, setBit, wordsFor } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import { grownInts } from "./numbers.ts";

/** Nodes by their host name; nodes may share one. */
export interface HostNames {
  readonly hosts: Int32Array;
  /** By host; undefined when each node is a host of its own, with the same number. */
  readonly nodesOf: readonly (readonly number[])[] | undefined;
}

/** Of the nodes, or of the planned claims. */
class HostSets {
  /** With at least one such pod. */
  taken: Bits;
  /** Where a pod that counts itself would be one too many. */
  full: Bits;
  /** Where any pod would. */
  overfull: Bits;

  constructor(count: number) {
    this.taken = bitsFor(count);
    this.full = bitsFor(count);
    this.overfull = bitsFor(count);
  }

  note(member: number, count: number, maxSkew: number): void {
    if (this.taken.length <= member >>> 5) this.#grow(wordsFor(member + 1));
    setBit(this.taken, member);
    if (count >= maxSkew) setBit(this.full, member);
    if (count > maxSkew) setBit(this.overfull, member);
  }

  #grow(words: number): void {
    this.taken = grown(this.taken, words);
    this.full = grown(this.full, words);
    this.overfull = grown(this.overfull, words);
  }
}

export class HostCounts {
  readonly nodes: HostSets;
  readonly claims: HostSets;
  /** Hosts with at least one such pod. */
  taken = 0;
  readonly #maxSkew: number;
  readonly #names: HostNames;
  #onHosts: Int32Array;
  #onClaims: Int32Array = new Int32Array(0);

  constructor(maxSkew: number, initial: Int32Array, names: HostNames) {
    const nodes = names.hosts.length;
    this.#maxSkew = maxSkew;
    this.#names = names;
    this.#onHosts = new Int32Array(0);
    this.nodes = new HostSets(nodes);
    this.claims = new HostSets(0);
    for (let host = 0; host < initial.length; host++) {
      const count = initial[host] ?? 0;
      if (count > 0) this.#setHost(host, count);
    }
  }

  addToNode(node: number): void {
    const host = this.#names.hosts[node] ?? 0;
    this.#setHost(host, (this.#onHosts[host] ?? 0) + 1);
  }

  addToClaim(claim: number): void {
    const counts = grownInts(this.#onClaims, claim + 1);
    this.#onClaims = counts;
    const count = (counts[claim] ?? 0) + 1;
    counts[claim] = count;
    if (count === 1) this.taken++;
    this.claims.note(claim, count, this.#maxSkew);
  }

  onHost(host: number): number {
    return this.#onHosts[host] ?? 0;
  }

  onClaim(claim: number): number {
    return this.#onClaims[claim] ?? 0;
  }

  #setHost(host: number, count: number): void {
    const { hosts, nodesOf } = this.#names;
    if (this.#onHosts.length === 0) this.#onHosts = new Int32Array(nodesOf?.length ?? hosts.length);
    if ((this.#onHosts[host] ?? 0) === 0) this.taken++;
    this.#onHosts[host] = count;
    if (nodesOf === undefined) this.nodes.note(host, count, this.#maxSkew);
    else for (const node of nodesOf[host] ?? []) this.nodes.note(node, count, this.#maxSkew);
  }
}
