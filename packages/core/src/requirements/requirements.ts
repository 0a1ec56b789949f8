// A set of requirements, one per key, and the two ways sets are compared: compatible (directional, S-112) and intersects (S-113).

import { Label } from "../api/index.ts";
import type { RequirementSpec } from "../api/index.ts";
import { compareText } from "../units/index.ts";
import { intersectionConflict, undefinedConflict } from "./conflict.ts";
import type { RequirementConflict } from "./conflict.ts";
import { normalizeKey, normalizeValue } from "./keys.ts";
import type { Normalization } from "./keys.ts";
import { Requirement } from "./requirement.ts";

/** An entry as NodePools and pods write it. */
export interface RequirementLike {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
  readonly minValues?: number;
}

/** Immutable; iterates in key order. A key that is absent reads as Exists (S-111). */
export class Requirements implements Iterable<Requirement> {
  static readonly empty: Requirements = new Requirements(new Map());
  readonly #byKey: ReadonlyMap<string, Requirement>;

  /** The map must be in key order. */
  private constructor(byKey: ReadonlyMap<string, Requirement>) {
    this.#byKey = byKey;
  }

  static of(...requirements: readonly Requirement[]): Requirements {
    return Requirements.empty.with(...requirements);
  }

  static fromSpecs(specs: readonly RequirementLike[], normalization?: Normalization): Requirements {
    return Requirements.of(...specs.map((spec) => fromSpec(spec, normalization)));
  }

  /** Each label as In with its one value. */
  static fromLabels(labels: Readonly<Record<string, string>> | undefined, normalization?: Normalization): Requirements {
    const specs = Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "In", values: [value] }));
    return Requirements.fromSpecs(specs, normalization);
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Requirement {
    return this.#byKey.get(key) ?? Requirement.of(key, "Exists");
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  /** In code-point order. */
  keys(): readonly string[] {
    return [...this.#byKey.keys()];
  }

  [Symbol.iterator](): Iterator<Requirement> {
    return this.#byKey.values();
  }

  /** Narrowed by more requirements; returns itself when they change nothing. */
  with(...requirements: readonly Requirement[]): Requirements {
    return this.#narrowed(requirements);
  }

  merge(other: Requirements): Requirements {
    if (other.size === 0 || other === this) return this;
    return this.size === 0 ? other : this.#narrowed(other);
  }

  without(...keys: readonly string[]): Requirements {
    if (!keys.some((key) => this.#byKey.has(key))) return this;
    return new Requirements(new Map([...this.#byKey].filter(([key]) => !keys.includes(key))));
  }

  /** S-112 as a plain answer: cheap, for loops over many candidates. */
  isCompatible(other: Requirements, allowUndefined?: ReadonlySet<string>): boolean {
    for (const wanted of other) {
      if (this.#isUndefined(wanted, allowUndefined)) return false;
    }
    return this.overlaps(other);
  }

  /** S-113 as a plain answer. */
  overlaps(other: Requirements): boolean {
    const [few, many] = this.size <= other.size ? [this, other] : [other, this];
    for (const requirement of few) {
      const counterpart = many.#byKey.get(requirement.key);
      if (counterpart !== undefined && isDisjoint(requirement, counterpart)) return false;
    }
    return true;
  }

  /**
   * Whether what `other` asks for can be met here: S-112, then S-113; the first conflict in key order of each.
   * Directional: keys that only this set has never matter. `allowUndefined` are keys that need not be defined here.
   */
  compatible(other: Requirements, allowUndefined?: ReadonlySet<string>): RequirementConflict | undefined {
    if (this.isCompatible(other, allowUndefined)) return undefined;
    return this.conflicts(other, allowUndefined)[0];
  }

  /** Whether keys of both share a value each (S-113); the first conflict in key order. */
  intersects(other: Requirements): RequirementConflict | undefined {
    if (this.overlaps(other)) return undefined;
    return this.#disjoint(other)[0];
  }

  /** All that compatible would name. */
  conflicts(other: Requirements, allowUndefined?: ReadonlySet<string>): readonly RequirementConflict[] {
    const missing = [...other].filter((wanted) => this.#isUndefined(wanted, allowUndefined));
    const keys = this.keys();
    return [...missing.map((wanted) => undefinedConflict(wanted, keys, allowUndefined)), ...this.#disjoint(other)];
  }

  toSpecs(): RequirementSpec[] {
    return [...this].flatMap((requirement) => requirement.toSpecs());
  }

  /** S-110: without the hostname, which tells people nothing. */
  toString(): string {
    return [...this]
      .filter((requirement) => requirement.key !== Label.Hostname)
      .map(String)
      .join(", ");
  }

  #narrowed(requirements: Iterable<Requirement>): Requirements {
    const byKey = new Map(this.#byKey);
    let changed = false;
    for (const requirement of requirements) {
      const known = byKey.get(requirement.key);
      const next = known === undefined ? requirement : known.intersection(requirement);
      changed ||= next !== known;
      byKey.set(requirement.key, next);
    }
    if (!changed) return this;
    if (byKey.size === this.size) return new Requirements(byKey);
    return new Requirements(new Map([...byKey].sort(([a], [b]) => compareText(a, b))));
  }

  #isUndefined(wanted: Requirement, allowUndefined: ReadonlySet<string> | undefined): boolean {
    if (this.#byKey.has(wanted.key) || allowUndefined?.has(wanted.key)) return false;
    return !isNegative(wanted);
  }

  #disjoint(other: Requirements): RequirementConflict[] {
    const found: RequirementConflict[] = [];
    for (const wanted of other) {
      const offered = this.#byKey.get(wanted.key);
      if (offered !== undefined && isDisjoint(offered, wanted)) found.push(intersectionConflict(wanted, offered));
    }
    return found;
  }
}

function fromSpec(spec: RequirementLike, normalization: Normalization | undefined): Requirement {
  const key = normalizeKey(spec.key, normalization?.keys);
  const values = (spec.values ?? []).map((value) => normalizeValue(key, value, normalization));
  return Requirement.of(key, spec.operator, values, spec.minValues);
}

/** NotIn and DoesNotExist are satisfied by a label that is not there, so two of them always go together. */
function isNegative(requirement: Requirement): boolean {
  const { operator } = requirement;
  return operator === "NotIn" || operator === "DoesNotExist";
}

function isDisjoint(a: Requirement, b: Requirement): boolean {
  return !a.hasIntersection(b) && !(isNegative(a) && isNegative(b));
}
