// Which instance types of a pool have an offering, sold out or not, for a set of requirements: worked out once per set, not per pod (S-621).

import { Label } from "../../api/index.ts";
import type { InstanceType, Offering } from "../../provider/index.ts";
import type { Requirement, Requirements } from "../../requirements/index.ts";
import { allBits, bitsFor, hasBit, intersectInto, setBit } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import { canonicalRequirement } from "../compile/requirement-book.ts";
import type { RequirementBook } from "../compile/requirement-book.ts";
import { keep } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";
import type { Template } from "../templates.ts";

/** An instance type's own zones and capacity types are those of available offerings only (S-126); what is sold out still exists. */
export const PLACE_KEYS: readonly string[] = [Label.Zone, Label.CapacityType];

type TypeSet = ReadonlySet<InstanceType>;

export class Sales {
  readonly #book: RequirementBook;
  /** Pools often share one list of types. */
  readonly #tables = new WeakMap<readonly InstanceType[], SaleTable>();
  readonly #kept = new WeakMap<readonly TypeGroup[], Map<TypeSet, readonly TypeGroup[]>>();

  constructor(book: RequirementBook) {
    this.#book = book;
  }

  /** Equal questions get the same object. */
  keep(groups: readonly TypeGroup[], { pool }: Template, requirements: Requirements): readonly TypeGroup[] {
    const sold = this.#tableOf(pool.instanceTypes).typesFor(this.#book.idOf(requirements), requirements);
    const known = this.#kept.get(groups) ?? new Map<TypeSet, readonly TypeGroup[]>();
    this.#kept.set(groups, known);
    const before = known.get(sold);
    if (before !== undefined) return before;
    const all = groups.every(({ options }) => options.every(({ type }) => sold.has(type)));
    const kept = all ? groups : keep(groups, ({ type }) => sold.has(type));
    known.set(sold, kept);
    return kept;
  }

  #tableOf(types: readonly InstanceType[]): SaleTable {
    const table = this.#tables.get(types) ?? new SaleTable(types, this.#book.wellKnown);
    this.#tables.set(types, table);
    return table;
  }
}

class SaleTable {
  readonly #types: readonly InstanceType[];
  readonly #wellKnown: ReadonlySet<string>;
  /** Types sold in the same places share a list; by type, which. */
  readonly #lists: readonly (readonly Offering[])[];
  readonly #listOf: Int32Array;
  readonly #byRequirement = new Map<string, Bits>();
  readonly #byObject = new WeakMap<Requirement, Bits>();
  /** By number of the requirement set, and by the members. */
  readonly #bySet = new Map<number, TypeSet>();
  readonly #byMembers = new Map<string, TypeSet>();

  constructor(types: readonly InstanceType[], wellKnown: ReadonlySet<string>) {
    this.#types = types;
    this.#wellKnown = wellKnown;
    const lists: (readonly Offering[])[] = [];
    const byText = new Map<string, number>();
    this.#listOf = Int32Array.from(types, ({ offerings }) => {
      const text = offerings.map(({ requirements }) => [...requirements].map(canonicalRequirement).join()).join(";");
      const list = byText.get(text) ?? lists.push(offerings) - 1;
      byText.set(text, list);
      return list;
    });
    this.#lists = lists;
  }

  typesFor(id: number, requirements: Requirements): TypeSet {
    const known = this.#bySet.get(id);
    if (known !== undefined) return known;
    const bits = this.#suited(requirements);
    const text = bits.join();
    const set = this.#byMembers.get(text) ?? new Set(this.#types.filter((_, index) => hasBit(bits, index)));
    this.#byMembers.set(text, set);
    this.#bySet.set(id, set);
    return set;
  }

  #suited(requirements: Requirements): Bits {
    const bits = allBits(this.#types.length);
    for (const requirement of requirements) {
      if (!PLACE_KEYS.includes(requirement.key)) intersectInto(bits, this.#saying(requirement));
    }
    const sold = bitsFor(this.#types.length);
    const isSold = this.#lists.map((offerings) => this.#isSold(offerings, requirements));
    if (!isSold.includes(false)) return bits;
    if (!isSold.includes(true)) return sold;
    for (const [index, list] of this.#listOf.entries()) {
      if (isSold[list] === true && hasBit(bits, index)) setBit(sold, index);
    }
    return sold;
  }

  #isSold(offerings: readonly Offering[], requirements: Requirements): boolean {
    return offerings.some((offering) => requirements.isCompatible(offering.requirements, this.#wellKnown));
  }

  /** Types that do not contradict one requirement. */
  #saying(requirement: Requirement): Bits {
    const known = this.#byObject.get(requirement);
    if (known !== undefined) return known;
    const text = canonicalRequirement(requirement);
    const bits = this.#byRequirement.get(text) ?? this.#compare(requirement);
    this.#byRequirement.set(text, bits);
    this.#byObject.set(requirement, bits);
    return bits;
  }

  #compare(requirement: Requirement): Bits {
    const bits = bitsFor(this.#types.length);
    for (const [index, { requirements }] of this.#types.entries()) {
      const { key } = requirement;
      if (!requirements.has(key) || goTogether(requirements.get(key), requirement)) setBit(bits, index);
    }
    return bits;
  }
}

/** S-113; two that a missing label satisfies always do. */
function goTogether(a: Requirement, b: Requirement): boolean {
  return a.hasIntersection(b) || (allowsAbsence(a) && allowsAbsence(b));
}

export function allowsAbsence({ operator }: Requirement): boolean {
  return operator === "NotIn" || operator === "DoesNotExist";
}
