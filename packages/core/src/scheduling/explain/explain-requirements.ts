// Which requirement no instance type meets, and what they offer instead.

import type { InstanceType } from "../../provider/index.ts";
import type { Requirement, Requirements } from "../../requirements/index.ts";
import { compareText } from "../../units/index.ts";
import { canonicalRequirement } from "../compile/requirement-book.ts";
import { allowsAbsence, PLACE_KEYS } from "./explain-sales.ts";
import { typesOf } from "../placement/instance-filter.ts";
import type { TypeGroup } from "../placement/instance-filter.ts";
import type { Finding } from "./pool-finding.ts";

const SHOWN = 5;

/** `asks` opens the sentence: "needs" kubernetes.io/arch In [arm64], instance types offer amd64. */
export function noTypeFinding(groups: readonly TypeGroup[], requirements: Requirements, asks: string): Finding {
  const range = rangeOf(groups);
  const blocking = [...requirements].find((requirement) => range.lacks(requirement));
  if (blocking === undefined) {
    const all = [...requirements].filter((requirement) => range.lacksInPart(requirement));
    const text = `${asks} ${all.map(String).join(", ")}, and no instance type has all of that`;
    return { reason: "NoInstanceType", short: text, detail: text };
  }
  const { key } = blocking;
  const offered = range.offered(key);
  const text = `${asks} ${blocking.toString()}, instance types offer ${offered}`;
  const fix = "ask for one of these, or allow other instance types in the NodePool";
  return { reason: "RequirementMismatch", short: text, detail: text, fix, key, wanted: blocking.toString(), offered };
}

const ranges = new WeakMap<readonly TypeGroup[], TypeRange>();

/** Many pods are turned away by the same types. */
function rangeOf(groups: readonly TypeGroup[]): TypeRange {
  const known = ranges.get(groups);
  if (known !== undefined) return known;
  const range = new TypeRange(typesOf(groups));
  ranges.set(groups, range);
  return range;
}

/** What the types say about one key. */
interface KeyRange {
  /** Some type says nothing, so anything goes. */
  readonly isOpen: boolean;
  /** Each different requirement once. */
  readonly said: readonly Requirement[];
  readonly offered: string;
}

class TypeRange {
  readonly #types: readonly InstanceType[];
  readonly #byKey = new Map<string, KeyRange>();
  readonly #inPart = new WeakMap<Requirement, boolean>();

  constructor(types: readonly InstanceType[]) {
    this.#types = types;
  }

  /** No type meets it. */
  lacks(requirement: Requirement): boolean {
    const { isOpen, said } = this.#rangeOf(requirement.key);
    return !isOpen && !said.some((own) => overlaps(own, requirement));
  }

  /** Some type does not meet it. */
  lacksInPart(requirement: Requirement): boolean {
    const known = this.#inPart.get(requirement);
    if (known !== undefined) return known;
    const answer = this.#types.some((type) => !admits(type, requirement));
    this.#inPart.set(requirement, answer);
    return answer;
  }

  offered(key: string): string {
    return this.#rangeOf(key).offered;
  }

  #rangeOf(key: string): KeyRange {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const all = this.#types.flatMap((type) => saidBy(type, key));
    const values = all.flatMap(({ complement, values }) => (complement ? [] : [...values]));
    const range = {
      isOpen: !PLACE_KEYS.includes(key) && this.#types.some(({ requirements }) => !requirements.has(key)),
      said: [...new Map(all.map((each) => [canonicalRequirement(each), each])).values()],
      offered: listed([...new Set(values)].toSorted(compareText)),
    };
    this.#byKey.set(key, range);
    return range;
  }
}

function admits(type: InstanceType, requirement: Requirement): boolean {
  const { key } = requirement;
  if (!PLACE_KEYS.includes(key) && !type.requirements.has(key)) return true;
  return saidBy(type, key).some((own) => overlaps(own, requirement));
}

/** Of places by each offering, of everything else by the type. */
function saidBy({ requirements, offerings }: InstanceType, key: string): readonly Requirement[] {
  return PLACE_KEYS.includes(key)
    ? offerings.map((offering) => offering.requirements.get(key))
    : [requirements.get(key)];
}

function overlaps(own: Requirement, requirement: Requirement): boolean {
  return own.hasIntersection(requirement) || (own.operator === "DoesNotExist" && allowsAbsence(requirement));
}

function listed(values: readonly string[]): string {
  if (values.length === 0) return "none";
  const shown = values.slice(0, SHOWN).join(", ");
  return values.length > SHOWN ? `${shown} and ${values.length - SHOWN} others` : shown;
}
