// The options of one NodePool for one solve: which of them go with a requirement set, and with what may be asked of them (S-1005, S-1006).

import { Label } from "../../api/index.ts";
import type { InstanceType } from "../../provider/index.ts";
import type { Requirements } from "../../requirements/index.ts";
import { bitsFor, intersectInto, lowest, membersOf, removeFrom, setBit } from "./bits.ts";
import type { Bits } from "./bits.ts";
import type { Option, OptionIndex } from "./option-index.ts";
import type { Ranking } from "./ranking.ts";
import type { RequirementBook } from "./requirement-book.ts";

export class OptionTable {
  readonly index: OptionIndex;
  /** By price, then type name: the first member of any set is its cheapest. */
  readonly options: readonly Option[];
  readonly count: number;
  readonly all: Bits;
  readonly #book: RequirementBook;
  readonly #rooms = new Map<string, Ranking>();
  readonly #capacities = new Map<string, Ranking>();
  readonly #bySet: (Bits | undefined)[] = [];
  readonly #byPlace: (Bits | undefined)[] = [];
  /** Keys that offerings define although nobody else need know them: only claims that define them too can use those. */
  readonly #offeringKeys: readonly string[];

  constructor(index: OptionIndex, book: RequirementBook) {
    this.index = index;
    this.options = index.options;
    this.count = index.options.length;
    this.all = index.all;
    this.#book = book;
    this.#offeringKeys = index.offeringKeys.filter((key) => !book.wellKnown.has(key));
  }

  /** By room for one resource. */
  room(resource: string): Ranking {
    return (
      this.#rooms.get(resource) ??
      this.#keep(this.#rooms, resource, `room ${resource}`, ({ room }) => room[resource] ?? 0)
    );
  }

  /** By what the machine has of a resource, as limits count it. */
  capacity(resource: string): Ranking {
    return (
      this.#capacities.get(resource) ??
      this.#keep(this.#capacities, resource, `capacity ${resource}`, ({ type }) => type.capacity[resource] ?? 0)
    );
  }

  /** By the same, smallest first. */
  smallness(resource: string): Ranking {
    return this.index.ranking(`smallness ${resource}`, ({ type }) => -(type.capacity[resource] ?? 0));
  }

  /** Options whose type and offering go with a requirement set (S-501 without the fit). Not to be changed. */
  matching(requirements: number): Bits {
    return (this.#bySet[requirements] ??= this.#match(this.#book.get(requirements)));
  }

  /** Options that could be in a place, whatever else they ask for: by the keys of the set alone. Not to be changed. */
  inPlace(requirements: number): Bits {
    return (this.#byPlace[requirements] ??= this.#matchKeys(this.#book.get(requirements)));
  }

  /** Infinity when the option has no price. */
  priceOf(option: number): number {
    return this.options[option]?.offering.price?.amount ?? Number.POSITIVE_INFINITY;
  }

  /** Those of the options whose type passes the test. */
  among(options: Bits, test: (type: InstanceType) => boolean): Bits {
    const bits = bitsFor(this.count);
    for (const index of membersOf(options)) {
      const type = this.options[index]?.type;
      if (type !== undefined && test(type)) setBit(bits, index);
    }
    return bits;
  }

  /** Options of the groups for which the test holds. */
  inGroups(test: (group: number) => boolean): Bits {
    const bits = bitsFor(this.count);
    for (const [index, { group }] of this.options.entries()) if (test(group)) setBit(bits, index);
    return bits;
  }

  #keep(known: Map<string, Ranking>, resource: string, name: string, valueOf: (option: Option) => number): Ranking {
    const ranking = this.index.ranking(name, valueOf);
    known.set(resource, ranking);
    return ranking;
  }

  #matchKeys(requirements: Requirements): Bits {
    const bits = this.all.slice();
    for (const requirement of requirements) {
      if (requirement.key !== Label.Hostname) intersectInto(bits, this.index.matching(requirement));
    }
    return bits;
  }

  #match(requirements: Requirements): Bits {
    const bits = this.#matchKeys(requirements);
    for (const key of this.#offeringKeys) {
      if (!requirements.has(key)) removeFrom(bits, this.index.demanding(key));
    }
    return bits;
  }
}

/** Instance types of a set of options, each once, cheapest first. */
export function typesIn({ index: { types, typeOf } }: OptionTable, bits: Bits): readonly InstanceType[] {
  const seen = new Uint8Array(types.length);
  const found: InstanceType[] = [];
  for (let word = 0; word < bits.length; word++) {
    for (let rest = bits[word] ?? 0; rest !== 0; rest &= rest - 1) {
      const number = typeOf[(word << 5) + lowest(rest)] ?? 0;
      const type = types[number];
      if (seen[number] === 1 || type === undefined) continue;
      seen[number] = 1;
      found.push(type);
    }
  }
  return found;
}
