// Everything a NodePool can buy as one list of options, cheapest first: (instance type, available offering) pairs and sets of them (S-1005, S-1006).

import { Label } from "../../api/index.ts";
import { compareOfferings } from "../../pricing/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { Requirements } from "../../requirements/index.ts";
import type { Requirement } from "../../requirements/index.ts";
import { compareRates, compareText } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { allBits, bitsFor, clearBit, hasBit, intersectInto, membersOf, setBit, uniteInto } from "./bits.ts";
import type { Bits } from "./bits.ts";
import { Ranking } from "./ranking.ts";
import { canonicalRequirement } from "./requirement-book.ts";
import type { RequirementBook } from "./requirement-book.ts";

export interface Option {
  readonly type: InstanceType;
  readonly offering: Offering;
  /** What pods can have of it: allocatable without the DaemonSets of its group. */
  readonly room: Resources;
  /** Index of its group of types that run the same DaemonSets. */
  readonly group: number;
}

/** The options by what they say about one key. */
interface KeyVariants {
  readonly ofTypes: Variants;
  readonly ofOfferings: Variants;
}

interface Variants {
  readonly absent: Bits;
  readonly said: readonly { readonly requirements: Requirements; readonly bits: Bits }[];
}

export class OptionTable {
  /** By price, then type name: the first member of any set is its cheapest. */
  readonly options: readonly Option[];
  readonly count: number;
  readonly all: Bits;
  readonly #book: RequirementBook;
  readonly #rooms = new Map<string, Ranking>();
  readonly #capacities = new Map<string, Ranking>();
  readonly #variants = new Map<string, KeyVariants>();
  readonly #byRequirement = new Map<string, Bits>();
  readonly #bySet: (Bits | undefined)[] = [];
  readonly #byPlace: (Bits | undefined)[] = [];
  /** Keys that offerings define although nobody else need know them: only claims that define them too can use those. */
  readonly #offeringKeys: readonly string[];

  constructor(options: readonly Option[], book: RequirementBook) {
    this.options = options.toSorted(compareOptions);
    this.count = options.length;
    this.all = allBits(options.length);
    this.#book = book;
    const keys = new Set(options.flatMap(({ offering }) => offering.requirements.keys()));
    this.#offeringKeys = [...keys].filter((key) => !book.wellKnown.has(key));
  }

  /** By room for one resource. */
  room(resource: string): Ranking {
    return remembered(this.#rooms, resource, () => this.#ranking(({ room }) => room[resource] ?? 0));
  }

  /** By what the machine has of a resource, as limits count it. */
  capacity(resource: string): Ranking {
    return remembered(this.#capacities, resource, () => this.#ranking(({ type }) => type.capacity[resource] ?? 0));
  }

  /** By the same, smallest first. */
  smallness(resource: string): Ranking {
    return remembered(this.#capacities, `-${resource}`, () =>
      this.#ranking(({ type }) => -(type.capacity[resource] ?? 0)),
    );
  }

  /** Options whose type and offering go with a requirement set (S-501 without the fit). Not to be changed. */
  matching(requirements: number): Bits {
    const known = this.#bySet[requirements];
    if (known !== undefined) return known;
    const bits = this.#match(this.#book.get(requirements));
    this.#bySet[requirements] = bits;
    return bits;
  }

  /** Options that could be in a place, whatever else they ask for: by the keys of the set alone. Not to be changed. */
  inPlace(requirements: number): Bits {
    const known = this.#byPlace[requirements];
    if (known !== undefined) return known;
    const bits = this.#matchKeys(this.#book.get(requirements));
    this.#byPlace[requirements] = bits;
    return bits;
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

  #matchKeys(requirements: Requirements): Bits {
    const bits = this.all.slice();
    for (const requirement of requirements) {
      if (requirement.key !== Label.Hostname) intersectInto(bits, this.#matchKey(requirement));
    }
    return bits;
  }

  #match(requirements: Requirements): Bits {
    const bits = this.#matchKeys(requirements);
    for (const key of this.#offeringKeys) {
      if (requirements.has(key)) continue;
      for (const [index, { offering }] of this.options.entries()) {
        if (!offering.requirements.has(key)) continue;
        // S-112 for this key alone: what nobody else defines may only be excluded.
        if (!Requirements.empty.isCompatible(Requirements.of(offering.requirements.get(key)))) clearBit(bits, index);
      }
    }
    return bits;
  }

  #matchKey(requirement: Requirement): Bits {
    return remembered(this.#byRequirement, canonicalRequirement(requirement), () => {
      const { ofTypes, ofOfferings } = this.#variantsOf(requirement.key);
      const wanted = Requirements.of(requirement);
      const bits = overlapping(ofTypes, wanted);
      intersectInto(bits, overlapping(ofOfferings, wanted));
      return bits;
    });
  }

  #variantsOf(key: string): KeyVariants {
    return remembered(this.#variants, key, () => ({
      ofTypes: this.#variantsBy(key, ({ type }) => type.requirements),
      ofOfferings: this.#variantsBy(key, ({ offering }) => offering.requirements),
    }));
  }

  #variantsBy(key: string, requirementsOf: (option: Option) => Requirements): Variants {
    const absent = bitsFor(this.count);
    const said = new Map<string, { requirements: Requirements; bits: Bits }>();
    for (const [index, option] of this.options.entries()) {
      const requirements = requirementsOf(option);
      if (!requirements.has(key)) {
        setBit(absent, index);
        continue;
      }
      const requirement = requirements.get(key);
      const variant = remembered(said, canonicalRequirement(requirement), () => ({
        requirements: Requirements.of(requirement),
        bits: bitsFor(this.count),
      }));
      setBit(variant.bits, index);
    }
    return { absent, said: [...said.values()] };
  }

  #ranking(valueOf: (option: Option) => number): Ranking {
    return new Ranking(Float64Array.from(this.options, valueOf));
  }
}

/** Instance types of a set of options, each once, cheapest first. */
export function typesIn({ options }: OptionTable, bits: Bits): readonly InstanceType[] {
  return [...new Set(options.filter((_, index) => hasBit(bits, index)).map(({ type }) => type))];
}

function overlapping({ absent, said }: Variants, wanted: Requirements): Bits {
  const bits = absent.slice();
  for (const variant of said) if (variant.requirements.overlaps(wanted)) uniteInto(bits, variant.bits);
  return bits;
}

function compareOptions(a: Option, b: Option): number {
  return (
    compareRates(a.offering.price, b.offering.price) ||
    compareText(a.type.name, b.type.name) ||
    compareOfferings(a.offering, b.offering)
  );
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
