// Requirement sets as integers: equal sets have one number, and what two of them make of each other is worked out once (S-1002).

import { Requirements } from "../../requirements/index.ts";
import type { Requirement } from "../../requirements/index.ts";
import { PairTable, UNKNOWN } from "./pair-table.ts";

/** Answer of `intersect` for sets that share no value of some key. */
export const DISJOINT = -1;

export class RequirementBook {
  readonly wellKnown: ReadonlySet<string>;
  readonly #sets: Requirements[] = [];
  readonly #byObject = new WeakMap<Requirements, number>();
  readonly #byText = new Map<string, number>();
  readonly #products = new PairTable(1024);
  readonly #compatible = new PairTable();
  readonly #strictlyCompatible = new PairTable();
  readonly #without = new Map<string, PairTable>();

  constructor(wellKnown: ReadonlySet<string>) {
    this.wellKnown = wellKnown;
    this.idOf(Requirements.empty);
  }

  /** Number of the set without requirements. */
  readonly empty = 0;

  get size(): number {
    return this.#sets.length;
  }

  idOf(requirements: Requirements): number {
    const known = this.#byObject.get(requirements);
    if (known !== undefined) return known;
    const text = canonical(requirements);
    const id = this.#byText.get(text) ?? this.#sets.push(requirements) - 1;
    this.#byText.set(text, id);
    this.#byObject.set(requirements, id);
    return id;
  }

  get(id: number): Requirements {
    return this.#sets[id] ?? Requirements.empty;
  }

  /** Both together; DISJOINT when a key of both has no value in common (S-113). */
  intersect(a: number, b: number): number {
    if (a === b || b === this.empty) return a;
    const known = this.#products.get(a, b);
    if (known !== UNKNOWN) return known;
    const [left, right] = [this.get(a), this.get(b)];
    return this.#products.set(a, b, left.overlaps(right) ? this.idOf(left.merge(right)) : DISJOINT);
  }

  /** S-112, where well-known keys need not be defined. */
  isCompatible(a: number, b: number): boolean {
    const known = this.#compatible.get(a, b);
    if (known !== UNKNOWN) return known === 1;
    return this.#compatible.set(a, b, Number(this.get(a).isCompatible(this.get(b), this.wellKnown))) === 1;
  }

  /** S-112 for real nodes: nothing may be undefined. */
  isStrictlyCompatible(a: number, b: number): boolean {
    const known = this.#strictlyCompatible.get(a, b);
    if (known !== UNKNOWN) return known === 1;
    return this.#strictlyCompatible.set(a, b, Number(this.get(a).isCompatible(this.get(b)))) === 1;
  }

  without(id: number, key: string): number {
    const table = this.#without.get(key) ?? new PairTable();
    this.#without.set(key, table);
    const known = table.get(id, 0);
    return known === UNKNOWN ? table.set(id, 0, this.idOf(this.get(id).without(key))) : known;
  }
}

/** Equal for requirements that say the same. */
export function canonicalRequirement({ key, complement, values, gte, lte, minValues }: Requirement): string {
  return JSON.stringify([key, complement, [...values], gte ?? null, lte ?? null, minValues ?? null]);
}

function canonical(requirements: Requirements): string {
  return [...requirements].map(canonicalRequirement).join();
}
