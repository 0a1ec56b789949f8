// Pods of one rule by host name, on nodes and on planned claims: which hosts are taken, and which are full (S-414, S-418, S-422).

import { bitsFor, grown, setBit, wordsFor } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import { grownInts } from "./numbers.ts";

/** Nodes by their host name; nodes may share one. */
export interface HostNames {
  readonly hosts: Int32Array;
  readonly nodesOf: readonly (readonly number[])[];
}

export class HostCounts {
  /** Nodes and claims with at least one such pod. */
  readonly takenNodes: Bits;
  takenClaims: Bits;
  /** Where a pod that counts itself would be one too many, and where any pod would. */
  readonly fullNodes: Bits;
  readonly overfullNodes: Bits;
  fullClaims: Bits;
  overfullClaims: Bits;
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
    const some = initial.length > 0;
    this.takenNodes = bitsFor(nodes);
    this.fullNodes = bitsFor(nodes);
    this.overfullNodes = bitsFor(nodes);
    this.takenClaims = bitsFor(0);
    this.fullClaims = bitsFor(0);
    this.overfullClaims = bitsFor(0);
    if (some) for (const [host, count] of initial.entries()) if (count > 0) this.#setHost(host, count);
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
    const words = wordsFor(claim + 1);
    this.takenClaims = grown(this.takenClaims, words);
    this.fullClaims = grown(this.fullClaims, words);
    this.overfullClaims = grown(this.overfullClaims, words);
    if (count === 1) this.taken++;
    setBit(this.takenClaims, claim);
    if (count >= this.#maxSkew) setBit(this.fullClaims, claim);
    if (count > this.#maxSkew) setBit(this.overfullClaims, claim);
  }

  onHost(host: number): number {
    return this.#onHosts[host] ?? 0;
  }

  onClaim(claim: number): number {
    return this.#onClaims[claim] ?? 0;
  }

  #setHost(host: number, count: number): void {
    if (this.#onHosts.length === 0) this.#onHosts = new Int32Array(this.#names.nodesOf.length);
    if ((this.#onHosts[host] ?? 0) === 0) this.taken++;
    this.#onHosts[host] = count;
    for (const node of this.#names.nodesOf[host] ?? []) {
      setBit(this.takenNodes, node);
      if (count >= this.#maxSkew) setBit(this.fullNodes, node);
      if (count > this.#maxSkew) setBit(this.overfullNodes, node);
    }
  }
}
