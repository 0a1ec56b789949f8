// The claims planned so far, as numbers: options left, sums, requirements, and in which order they are tried (S-310, S-318, S-1009).

import { bitsFor, clearBit, firstBit, grown, lowest, setBit, wordsFor } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import type { DomainKey } from "../compile/domain-book.ts";
import type { PoolTable } from "../compile/pool-table.ts";
import type { CompiledProblem } from "../compile/problem.ts";
import type { HostPort } from "../host-ports.ts";
import { AttachedVolumes } from "../volumes/attached-volumes.ts";
import type { Mount } from "../volumes/pod-volumes.ts";
import { grownFloats, grownInts } from "./numbers.ts";

export class ClaimTable {
  count = 0;
  pool: Int32Array = new Int32Array(0);
  /** Requirement set, without host name. */
  requirements: Int32Array = new Int32Array(0);
  /** By resource: what its pods ask for, and the most that any option left has room for. */
  readonly sums: Float64Array[];
  readonly most: Float64Array[];
  /** Pods in the order they joined, as indices into the problem's pods. */
  readonly pods: number[][] = [];
  readonly options: Bits[] = [];
  readonly ports: (readonly HostPort[])[] = [];
  readonly volumes: (AttachedVolumes | undefined)[] = [];
  readonly reservations: (readonly string[])[] = [];
  /** Claims with so many pods, by creation. */
  readonly buckets: Bits[] = [];
  readonly bucketSizes: number[] = [];
  /** By key and domain: the claims that may still end up there. */
  readonly #admitting: readonly Bits[][];
  readonly #keys: readonly DomainKey[];
  readonly #pools: readonly PoolTable[];
  readonly #resources: readonly string[];
  /** By resource: rank from which to look for the option with the most room; never falls. */
  readonly #ranks: Int32Array[];

  constructor({ pools, topology, resources }: Pick<CompiledProblem, "pools" | "topology" | "resources">) {
    this.#pools = pools;
    this.#keys = topology.keys;
    this.#resources = resources;
    this.sums = resources.map(() => new Float64Array(0));
    this.most = resources.map(() => new Float64Array(0));
    this.#ranks = resources.map(() => new Int32Array(0));
    this.#admitting = topology.keys.map(({ names }) => names.map(() => bitsFor(0)));
  }

  poolOf(claim: number): PoolTable | undefined {
    return this.#pools[this.pool[claim] ?? -1];
  }

  /** Answers the new claim's number; it has no pods yet. */
  open(pool: PoolTable): number {
    const claim = this.count++;
    this.pool = grownInts(this.pool, claim + 1);
    this.requirements = grownInts(this.requirements, claim + 1);
    for (let resource = 0; resource < this.sums.length; resource++) {
      this.sums[resource] = grownFloats(this.sums[resource] ?? new Float64Array(0), claim + 1);
      this.most[resource] = grownFloats(this.most[resource] ?? new Float64Array(0), claim + 1);
      this.#ranks[resource] = grownInts(this.#ranks[resource] ?? new Int32Array(0), claim + 1);
    }
    this.pool[claim] = pool.index;
    this.requirements[claim] = -1;
    this.pods.push([]);
    this.options.push(bitsFor(0));
    this.ports.push([]);
    this.volumes.push(undefined);
    this.reservations.push([]);
    this.#enter(0, claim);
    return claim;
  }

  addPod(claim: number, pod: number, amounts: Float64Array): void {
    const pods = this.pods[claim] ?? [];
    pods.push(pod);
    this.#leave(pods.length - 1, claim);
    this.#enter(pods.length, claim);
    for (let resource = 0; resource < this.sums.length; resource++) {
      const sums = this.sums[resource];
      if (sums !== undefined) sums[claim] = (sums[claim] ?? 0) + (amounts[resource] ?? 0);
    }
  }

  /** Replaces requirements and options by narrower ones, which are copied. */
  narrow(claim: number, requirements: number, options: Bits): void {
    const own = this.options[claim];
    if (own?.length === options.length) own.set(options);
    else this.options[claim] = options.slice();
    this.#look(claim, options);
    if (this.requirements[claim] === requirements) return;
    this.requirements[claim] = requirements;
    for (let index = 0; index < this.#keys.length; index++) {
      const key = this.#keys[index];
      if (key !== undefined) this.#admit(claim, index, key.admittedBy(requirements));
    }
  }

  /** How many more pods the claim gets in a row before it is the turn of another of these, fewest pods first and then the older one (S-318). */
  turnsBefore(claim: number, others: Bits): number {
    const own = this.pods[claim]?.length ?? 0;
    const words = Math.min(others.length, wordsFor(this.count));
    for (let size = 1; size < this.buckets.length; size++) {
      const bucket = this.buckets[size];
      if (bucket === undefined || this.bucketSizes[size] === 0) continue;
      for (let word = 0; word < words; word++) {
        let there = (bucket[word] ?? 0) & (others[word] ?? 0);
        if (word === claim >>> 5) there &= ~(1 << (claim & 31));
        if (there !== 0) return Math.max(0, size - own + Number(claim < (word << 5) + lowest(there)));
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  attach(claim: number, mounts: readonly Mount[]): void {
    (this.volumes[claim] ??= new AttachedVolumes()).add(mounts);
  }

  /** Claims that may still be in one domain of a key. */
  admitting(key: number, domain: number): Bits | undefined {
    return this.#admitting[key]?.[domain];
  }

  /** Index of the cheapest option left, -1 when there is none. */
  cheapest(claim: number): number {
    return firstBit(this.options[claim] ?? bitsFor(0));
  }

  #look(claim: number, options: Bits): void {
    const pool = this.poolOf(claim);
    if (pool === undefined) return;
    for (let resource = 0; resource < this.#resources.length; resource++) {
      const ranks = this.#ranks[resource];
      const most = this.most[resource];
      if (ranks === undefined || most === undefined) continue;
      const ranking = pool.options.room(this.#resources[resource] ?? "");
      const rank = ranking.firstIn(options, ranks[claim] ?? 0);
      ranks[claim] = rank;
      most[claim] = ranking.valueAt(rank);
    }
  }

  #admit(claim: number, key: number, admitted: Bits): void {
    const sets = this.#admitting[key] ?? [];
    for (let domain = 0; domain < sets.length; domain++) {
      const isIn = (((admitted[domain >>> 5] ?? 0) >>> (domain & 31)) & 1) === 1;
      const before = sets[domain] ?? bitsFor(0);
      if (!isIn && before.length <= claim >>> 5) continue;
      const bits = grown(before, wordsFor(claim + 1));
      sets[domain] = bits;
      if (isIn) setBit(bits, claim);
      else clearBit(bits, claim);
    }
  }

  #enter(size: number, claim: number): void {
    const bits = grown(this.buckets[size] ?? bitsFor(0), wordsFor(claim + 1));
    this.buckets[size] = bits;
    this.bucketSizes[size] = (this.bucketSizes[size] ?? 0) + 1;
    setBit(bits, claim);
  }

  #leave(size: number, claim: number): void {
    const bits = this.buckets[size];
    if (bits !== undefined) clearBit(bits, claim);
    this.bucketSizes[size] = (this.bucketSizes[size] ?? 0) - 1;
  }
}
