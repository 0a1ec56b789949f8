// The places that topology rules count by, as integers: which of them a requirement set admits, and the requirement that admits just some.

import { Requirement, Requirements } from "../../requirements/index.ts";
import { bitsFor, membersOf, setBit } from "./bits.ts";
import type { Bits } from "./bits.ts";
import type { RequirementBook } from "./requirement-book.ts";

/** No single domain. */
export const MANY = -1;

/** All domains of one topology key, host names excepted. */
export class DomainKey {
  readonly key: string;
  /** By number. */
  readonly names: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #book: RequirementBook;
  readonly #admitted: (Bits | undefined)[] = [];
  readonly #single: (number | undefined)[] = [];
  readonly #listed: (Bits | null | undefined)[] = [];
  readonly #only = new Map<string, number>();
  readonly #onlyOfWord = new Map<number, number>();

  /** `names` must hold every value that any In requirement of the solve has for the key. */
  constructor(key: string, names: readonly string[], book: RequirementBook) {
    this.key = key;
    this.names = names;
    this.#numbers = new Map(names.map((name, number) => [name, number]));
    this.#book = book;
  }

  numberOf(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  /** All domains that the set does not exclude. Not to be changed. */
  admittedBy(requirements: number): Bits {
    const known = this.#admitted[requirements];
    if (known !== undefined) return known;
    const requirement = this.#book.get(requirements).get(this.key);
    const bits = bitsFor(this.names.length);
    for (const [number, name] of this.names.entries()) if (requirement.has(name)) setBit(bits, number);
    this.#admitted[requirements] = bits;
    return bits;
  }

  /** The only domain the set leaves, or MANY. */
  singleOf(requirements: number): number {
    const known = this.#single[requirements];
    if (known !== undefined) return known;
    const name = this.#book.get(requirements).get(this.key).single();
    const number = (name === undefined ? undefined : this.#numbers.get(name)) ?? MANY;
    this.#single[requirements] = number;
    return number;
  }

  /** The domains the set names one by one; null when it only excludes some. Not to be changed. */
  listedBy(requirements: number): Bits | null {
    const known = this.#listed[requirements];
    if (known !== undefined) return known;
    const { complement } = this.#book.get(requirements).get(this.key);
    const bits = complement ? null : this.admittedBy(requirements);
    this.#listed[requirements] = bits;
    return bits;
  }

  /** Number of the requirement set that says: one of these. */
  only(domains: Bits): number {
    if (domains.length === 1) return this.#onlyFew(domains);
    const text = domains.join();
    const known = this.#only.get(text);
    if (known !== undefined) return known;
    const made = this.#make(domains);
    this.#only.set(text, made);
    return made;
  }

  /** Almost always there are fewer than 33 domains. */
  #onlyFew(domains: Bits): number {
    const word = domains[0] ?? 0;
    const known = this.#onlyOfWord.get(word);
    if (known !== undefined) return known;
    const made = this.#make(domains);
    this.#onlyOfWord.set(word, made);
    return made;
  }

  #make(domains: Bits): number {
    const values = [...membersOf(domains)].map((number) => this.names[number] ?? "");
    return this.#book.idOf(Requirements.of(Requirement.of(this.key, "In", values)));
  }
}
