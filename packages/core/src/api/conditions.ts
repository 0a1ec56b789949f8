// How the conditions of an object are read and set (LC-1 to LC-7): an immutable list whose root follows its dependents.

import {
  AWAITING_RECONCILIATION,
  NODE_CLAIM_CONDITIONS,
  NODE_OVERLAY_CONDITIONS,
  NODE_POOL_CONDITIONS,
} from "./condition-types.ts";
import type { ConditionFamily } from "./condition-types.ts";
import type { PartialCondition } from "./core-types.ts";
import type { Condition, ConditionStatus, KubeObject, ObjectMeta } from "./meta.ts";
import { jsonEqual } from "./schema/index.ts";
import { fromRfc3339, toRfc3339 } from "./time.ts";

/** Any object that may carry `status.conditions`. */
export interface ConditionedObject extends KubeObject {
  readonly status?: { readonly conditions?: readonly PartialCondition[] };
}

/** What stands in `status.conditions`; empty when there is none. */
export function conditionsOf<C extends PartialCondition>(object: {
  readonly status?: { readonly conditions?: readonly C[] };
}): readonly C[] {
  return object.status?.conditions ?? [];
}

/** The stored condition, not the one that reading through a ConditionSet would create. */
export function getCondition<C extends PartialCondition>(
  object: { readonly status?: { readonly conditions?: readonly C[] } },
  type: string,
): C | undefined {
  return conditionsOf(object).find((condition) => condition.type === type);
}

export function isConditionTrue(
  object: { readonly status?: { readonly conditions?: readonly PartialCondition[] } },
  type: string,
): boolean {
  return getCondition(object, type)?.status === "True";
}

/**
 * The conditions of one object at one moment. Every change answers another set; nothing is written.
 * Missing roots and dependents appear as Unknown since the object's creation (LC-2).
 */
export class ConditionSet {
  readonly #metadata: ObjectMeta;
  readonly #family: ConditionFamily;
  readonly #now: string;
  readonly #stored: readonly Condition[];
  readonly #list: readonly Condition[];

  private constructor(origin: Origin, list: readonly Condition[]) {
    this.#metadata = origin.metadata;
    this.#family = origin.family;
    this.#now = origin.now;
    this.#stored = origin.stored;
    this.#list = list;
  }

  static of(object: ConditionedObject, family: ConditionFamily, nowMs: number): ConditionSet {
    const origin: Origin = {
      metadata: object.metadata,
      family,
      now: toRfc3339(nowMs),
      stored: conditionsOf(object).map(complete),
    };
    const list = origin.stored;
    const missing = [...family.dependents, family.root].filter((type) => !list.some((one) => one.type === type));
    if (missing.length === 0) return new ConditionSet(origin, list);
    const created = missing.map((type) => awaiting(type, object.metadata, origin.now));
    return new ConditionSet(origin, ordered([...list, ...created], family.root));
  }

  static forNodeClaim(claim: ConditionedObject, nowMs: number): ConditionSet {
    return ConditionSet.of(claim, NODE_CLAIM_CONDITIONS, nowMs);
  }

  static forNodePool(pool: ConditionedObject, nowMs: number): ConditionSet {
    return ConditionSet.of(pool, NODE_POOL_CONDITIONS, nowMs);
  }

  static forNodeOverlay(overlay: ConditionedObject, nowMs: number): ConditionSet {
    return ConditionSet.of(overlay, NODE_OVERLAY_CONDITIONS, nowMs);
  }

  /** The same list, for changes that happen at a later moment. */
  at(nowMs: number): ConditionSet {
    return this.#with(this.#list, toRfc3339(nowMs));
  }

  get(type: string): Condition | undefined {
    return this.#list.find((condition) => condition.type === type);
  }

  is(type: string, status: ConditionStatus): boolean {
    return this.get(type)?.status === status;
  }

  get root(): Condition | undefined {
    return this.get(this.#family.root);
  }

  /**
   * LC-3, LC-4: the time moves only with the status. Without a reason True takes the type's name, Unknown awaits reconciliation.
   * The root follows at once (LC-5).
   */
  set(type: string, status: ConditionStatus, reason?: string, message?: string): ConditionSet {
    const existing = this.get(type);
    const defaults = status === "Unknown" ? AWAITING_RECONCILIATION : { reason: type, message: "" };
    const next: Condition = {
      type,
      status,
      reason: reason ?? defaults.reason,
      message: message ?? (reason === undefined ? defaults.message : ""),
      lastTransitionTime: existing?.status === status ? existing.lastTransitionTime : this.#now,
      ...observed(this.#metadata),
    };
    if (existing !== undefined && jsonEqual(existing, next)) return this;
    const others = this.#list.filter((condition) => condition.type !== type).map((one) => this.#bumpWhileDeleting(one));
    const changed = this.#with(ordered([...others, next], this.#family.root));
    return type === this.#family.root ? changed : changed.#recomputed();
  }

  /** Sets the condition to the status it has, so that its observedGeneration is the object's. */
  refresh(type: string): ConditionSet {
    const existing = this.get(type);
    return existing === undefined ? this : this.set(type, existing.status, existing.reason, existing.message);
  }

  /** LC-7. @throws Error for the root and its dependents, which always exist */
  clear(type: string): ConditionSet {
    if (type === this.#family.root || this.#family.dependents.includes(type)) {
      throw new Error(`condition ${type} cannot be removed: ${this.#family.root} depends on it`);
    }
    if (this.get(type) === undefined) return this;
    return this.#with(this.#list.filter((condition) => condition.type !== type));
  }

  toList(): readonly Condition[] {
    return this.#list;
  }

  /** Whether the list differs from the stored one, created Unknowns included. */
  get changed(): boolean {
    return !jsonEqual(this.#list, this.#stored);
  }

  #with(list: readonly Condition[], now = this.#now): ConditionSet {
    const origin: Origin = { metadata: this.#metadata, family: this.#family, now, stored: this.#stored };
    return new ConditionSet(origin, list);
  }

  #bumpWhileDeleting(condition: Condition): Condition {
    return this.#metadata.deletionTimestamp === undefined ? condition : { ...condition, ...observed(this.#metadata) };
  }

  #recomputed(): ConditionSet {
    const unhealthy = this.#list
      .filter((condition) => this.#family.dependents.includes(condition.type) && !this.#isHealthy(condition))
      .toSorted((a, b) => timeOf(b) - timeOf(a));
    if (unhealthy.length === 0) return this.set(this.#family.root, "True");
    const failed = unhealthy.some((condition) => condition.status === "False" && this.#isCurrent(condition));
    const message = unhealthy.map((condition) => `${condition.type}=${condition.status}`).join(", ");
    return failed
      ? this.set(this.#family.root, "False", "UnhealthyDependents", message)
      : this.set(this.#family.root, "Unknown", "ReconcilingDependents", message);
  }

  #isHealthy(condition: Condition): boolean {
    return condition.status === "True" && this.#isCurrent(condition);
  }

  #isCurrent(condition: Condition): boolean {
    return (condition.observedGeneration ?? 0) === (this.#metadata.generation ?? 0);
  }
}

interface Origin {
  readonly metadata: ObjectMeta;
  readonly family: ConditionFamily;
  readonly now: string;
  readonly stored: readonly Condition[];
}

/** Conditions of older objects may lack reason and message. */
function complete(condition: PartialCondition): Condition {
  const { reason = "", message = "", lastTransitionTime = "" } = condition;
  return { ...condition, reason, message, lastTransitionTime };
}

function awaiting(type: string, metadata: ObjectMeta, now: string): Condition {
  const lastTransitionTime = metadata.creationTimestamp ?? now;
  return { type, status: "Unknown", ...AWAITING_RECONCILIATION, lastTransitionTime, ...observed(metadata) };
}

function observed(metadata: ObjectMeta): { observedGeneration?: number } {
  return metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };
}

/** LC-6: oldest transition first, root last; equal times keep their order. */
function ordered(list: readonly Condition[], root: string): readonly Condition[] {
  return list.toSorted((a, b) => Number(a.type === root) - Number(b.type === root) || timeOf(a) - timeOf(b));
}

function timeOf(condition: Condition): number {
  try {
    return fromRfc3339(condition.lastTransitionTime);
  } catch {
    return 0;
  }
}
