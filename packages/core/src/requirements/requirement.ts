// One requirement on one label: a set of values or all values but some, integer bounds, and how many values must stay possible (S-101…S-110).

import type { RequirementSpec } from "../api/index.ts";
import { compareText } from "../units/index.ts";
import { boundsOf, crossing, intersectBounds, OPEN, within } from "./bounds.ts";
import type { Bounds } from "./bounds.ts";
import { normalizeKey } from "./keys.ts";

/** What a requirement amounts to, once bounds are looked at separately (S-103). */
export type DerivedOperator = "In" | "NotIn" | "Exists" | "DoesNotExist";

const NONE: ReadonlySet<string> = new Set();
const SHOWN_VALUES = 5;

/** Immutable. */
export class Requirement {
  /** Normalised (S-102). */
  readonly key: string;
  /** True: all values but `values`; false: only `values`. */
  readonly complement: boolean;
  /** In code-point order. */
  readonly values: ReadonlySet<string>;
  readonly gte: number | undefined;
  readonly lte: number | undefined;
  readonly minValues: number | undefined;

  private constructor(
    key: string,
    complement: boolean,
    values: ReadonlySet<string>,
    bounds: Bounds,
    minValues: number | undefined,
  ) {
    this.key = key;
    this.complement = complement;
    this.values = values;
    this.gte = bounds.gte;
    this.lte = bounds.lte;
    this.minValues = minValues;
  }

  /** Never throws: an operator or a bound that cannot be read allows no value. What is wrong with it is said by requirementErrors. */
  static of(key: string, operator: string, values: readonly string[] = [], minValues?: number): Requirement {
    const normalized = normalizeKey(key);
    const make = (complement: boolean, set: ReadonlySet<string>, bounds: Bounds = OPEN): Requirement =>
      new Requirement(normalized, complement, set, bounds, minValues);
    switch (operator) {
      case "In":
        return make(false, sortedSet(values));
      case "NotIn":
        return make(true, sortedSet(values));
      case "Exists":
        return make(true, NONE);
      case "Gt":
      case "Gte":
      case "Lt":
      case "Lte": {
        const bounds = boundsOf(operator, values[0]);
        return bounds === undefined ? make(false, NONE) : make(true, NONE, bounds);
      }
      default:
        return make(false, NONE);
    }
  }

  get operator(): DerivedOperator {
    if (this.complement) return this.values.size > 0 ? "NotIn" : "Exists";
    return this.values.size > 0 ? "In" : "DoesNotExist";
  }

  has(value: string): boolean {
    return this.values.has(value) !== this.complement && within(value, this);
  }

  /** S-105. Both must be about the same key; the result has this one's. */
  intersection(other: Requirement): Requirement {
    if (this === other || other.saysNothing) return this;
    if (this.saysNothing) return other;
    const minValues = larger(this.minValues, other.minValues);
    const bounds = intersectBounds(this, other);
    if (crossing(bounds)) return new Requirement(this.key, false, NONE, OPEN, minValues);
    if (this.complement && other.complement) {
      const excluded = [...this.values, ...other.values].filter((value) => within(value, bounds));
      return new Requirement(this.key, true, sortedSet(excluded), bounds, minValues);
    }
    const [source, filter] = this.complement ? [other, this] : [this, other];
    const kept = new Set<string>();
    for (const value of source.values) {
      if (filter.values.has(value) !== filter.complement && within(value, bounds)) kept.add(value);
    }
    if (!this.complement && kept.size === this.values.size && minValues === this.minValues) return this;
    return new Requirement(this.key, false, kept, OPEN, minValues);
  }

  /** Whether the intersection allows a value, without building it (S-107). Two complements always do unless bounds cross (S-106). */
  hasIntersection(other: Requirement): boolean {
    const bounds = intersectBounds(this, other);
    if (crossing(bounds)) return false;
    if (this.complement && other.complement) return true;
    const swap = this.complement || (!other.complement && other.values.size < this.values.size);
    const [source, filter] = swap ? [other, this] : [this, other];
    for (const value of source.values) {
      if (filter.values.has(value) !== filter.complement && within(value, bounds)) return true;
    }
    return false;
  }

  /** S-108: one allowed value, always the same one; empty when there is none. */
  any(): string {
    if (!this.complement) return this.values.values().next().value ?? "";
    const last = this.lte ?? Number.MAX_SAFE_INTEGER;
    for (let integer = this.gte ?? 0; integer <= last; integer++) {
      if (!this.values.has(String(integer))) return String(integer);
    }
    return "";
  }

  /** The value when exactly one is allowed. */
  single(): string | undefined {
    return !this.complement && this.values.size === 1 ? this.values.values().next().value : undefined;
  }

  /** With another minimum number of values, or none. */
  withMinValues(minValues: number | undefined): Requirement {
    return new Requirement(this.key, this.complement, this.values, this, minValues);
  }

  /** S-109. More than one entry when bounds or exclusions have to be said separately; none names a negative integer, which CRDs refuse. */
  toSpecs(): RequirementSpec[] {
    const { key } = this;
    const minValues = this.minValues === undefined ? {} : { minValues: this.minValues };
    const specs: RequirementSpec[] = [];
    if (this.gte !== undefined) {
      specs.push({ key, operator: "Gte", values: [String(Math.max(0, this.gte))], ...minValues });
    }
    if (this.lte !== undefined) {
      specs.push(
        this.lte < 0
          ? { key, operator: "Lt", values: ["0"], ...minValues }
          : { key, operator: "Lte", values: [String(this.lte)], ...minValues },
      );
    }
    if (this.values.size > 0) specs.push({ key, operator: this.operator, values: [...this.values], ...minValues });
    if (specs.length === 0) specs.push({ key, operator: this.operator, ...minValues });
    return specs;
  }

  /** S-110. */
  toString(): string {
    const parts = [`${this.key} ${this.operator}`];
    if (this.values.size > 0) parts.push(`[${shownValues(this.values)}]`);
    if (this.gte !== undefined) parts.push(`>=${this.gte}`);
    if (this.lte !== undefined) parts.push(`<=${this.lte}`);
    if (this.minValues !== undefined) parts.push(`minValues ${this.minValues}`);
    return parts.join(" ");
  }

  /** Exists without anything else: intersecting with it changes nothing. */
  private get saysNothing(): boolean {
    return (
      this.complement &&
      this.values.size === 0 &&
      this.gte === undefined &&
      this.lte === undefined &&
      this.minValues === undefined
    );
  }
}

function sortedSet(values: readonly string[]): ReadonlySet<string> {
  return values.length < 2 ? new Set(values) : new Set(values.toSorted(compareText));
}

function shownValues(values: ReadonlySet<string>): string {
  const all = [...values];
  const shown = all.slice(0, SHOWN_VALUES).join(" ");
  return all.length > SHOWN_VALUES ? `${shown} and ${all.length - SHOWN_VALUES} others` : shown;
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.max(a, b);
}
