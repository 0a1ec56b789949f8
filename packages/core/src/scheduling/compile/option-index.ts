// What a NodePool can buy, cheapest first, and which of it goes with one requirement; nothing in here knows of a solve, so it outlives it (S-1005, S-1015).

import { Label } from "../../api/index.ts";
import { compareOfferings } from "../../pricing/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import { Requirements } from "../../requirements/index.ts";
import type { Requirement } from "../../requirements/index.ts";
import { compareRates, compareText } from "../../units/index.ts";
import type { Resources } from "../../units/index.ts";
import { allBits, bitsFor, intersectInto, setBit, uniteInto } from "./bits.ts";
import type { Bits } from "./bits.ts";
import { Ranking } from "./ranking.ts";
import { canonicalRequirement } from "./requirement-book.ts";

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
  readonly said: readonly Variant[];
}

interface Variant {
  readonly requirements: Requirements;
  readonly bits: Bits;
}

/** Requirements that are kept with their options; pods of many workloads ask for many different things in time. */
const MOST_REQUIREMENTS = 5000;

export class OptionIndex {
  /** By price, then type name: the first member of any set is its cheapest. */
  readonly options: readonly Option[];
  readonly all: Bits;
  /** In the order of their cheapest option; and by option the index of its type in there. */
  readonly types: readonly InstanceType[];
  readonly typeOf: Int32Array;
  /** In code-point order of the capacity types. */
  readonly byCapacityType: readonly { readonly name: string; readonly options: Bits }[];
  /** At the index of each group. */
  readonly byGroup: readonly Bits[];
  /** Keys that offerings define. */
  readonly offeringKeys: readonly string[];
  readonly #rankings = new Map<string, Ranking>();
  readonly #variants = new Map<string, KeyVariants>();
  readonly #byObject = new WeakMap<Requirement, Bits>();
  readonly #byText = new Map<string, Bits>();
  readonly #demanding = new Map<string, Bits>();

  constructor(options: readonly Option[]) {
    this.options = options.toSorted(compareOptions);
    this.all = allBits(options.length);
    const none = (): Bits => bitsFor(options.length);
    const types = new Map<InstanceType, number>();
    this.typeOf = Int32Array.from(this.options, ({ type }) => numberIn(types, type));
    this.types = [...types.keys()];
    const byCapacityType = new Map<string, Bits>();
    const byGroup: Bits[] = [];
    for (const [index, { offering, group }] of this.options.entries()) {
      const capacityType = offering.requirements.get(Label.CapacityType).single();
      if (capacityType !== undefined) setBit(remembered(byCapacityType, capacityType, none), index);
      while (byGroup.length <= group) byGroup.push(none());
      setBit(byGroup[group] ?? none(), index);
    }
    this.byCapacityType = [...byCapacityType]
      .map(([name, those]) => ({ name, options: those }))
      .toSorted((a, b) => compareText(a.name, b.name));
    this.byGroup = byGroup;
    this.offeringKeys = keysIn(options);
  }

  /** `name` stands for the values: the same name always comes with the same ones. */
  ranking(name: string, valueOf: (option: Option) => number): Ranking {
    return remembered(this.#rankings, name, () => new Ranking(Float64Array.from(this.options, valueOf)));
  }

  /** Options whose type and offering both have a value that the requirement allows, or say nothing. Not to be changed. */
  matching(requirement: Requirement): Bits {
    const known = this.#byObject.get(requirement);
    if (known !== undefined) return known;
    if (this.#byText.size >= MOST_REQUIREMENTS) this.#byText.clear();
    const bits = remembered(this.#byText, canonicalRequirement(requirement), () => {
      const { ofTypes, ofOfferings } = this.#variantsOf(requirement.key);
      const wanted = Requirements.of(requirement);
      const matching = overlapping(ofTypes, wanted);
      intersectInto(matching, overlapping(ofOfferings, wanted));
      return matching;
    });
    this.#byObject.set(requirement, bits);
    return bits;
  }

  /** Options whose offering insists on a key that nobody else need know (S-112): what leaves it undefined cannot use them. */
  demanding(key: string): Bits {
    return remembered(this.#demanding, key, () => {
      const bits = bitsFor(this.options.length);
      for (const [index, { offering }] of this.options.entries()) {
        if (!offering.requirements.has(key)) continue;
        if (!Requirements.empty.isCompatible(Requirements.of(offering.requirements.get(key)))) setBit(bits, index);
      }
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
    const absent = bitsFor(this.options.length);
    const byObject = new Map<Requirement, Variant>();
    const said = new Map<string, Variant>();
    for (const [index, option] of this.options.entries()) {
      const requirements = requirementsOf(option);
      if (!requirements.has(key)) {
        setBit(absent, index);
        continue;
      }
      const requirement = requirements.get(key);
      const variant = remembered(byObject, requirement, () =>
        remembered(said, canonicalRequirement(requirement), () => ({
          requirements: Requirements.of(requirement),
          bits: bitsFor(this.options.length),
        })),
      );
      setBit(variant.bits, index);
    }
    return { absent, said: [...said.values()] };
  }
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

function keysIn(options: readonly Option[]): readonly string[] {
  const keys = new Set<string>();
  for (const { offering } of options) for (const { key } of offering.requirements) keys.add(key);
  return [...keys];
}

function numberIn<K>(numbers: Map<K, number>, key: K): number {
  return remembered(numbers, key, () => numbers.size);
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
