// Remembers which offerings a cloud refused lately, by scope, so that the next plan avoids exactly those (LC-21).

import type { Duration } from "../../units/index.ts";
import type { FailureScope } from "../errors.ts";
import type { Availability } from "../instance-type.ts";

/** What is asked about, or was refused. Absent fields mean "any". */
export interface OfferingKey {
  readonly instanceType?: string;
  readonly zone?: string;
  readonly capacityType?: string;
}

interface Refusal {
  readonly key: OfferingKey;
  readonly until: number;
  readonly reason: string;
}

/** Times are epoch milliseconds handed in by the caller, so that this stays free of a clock. */
export class UnavailableOfferings {
  readonly #now: () => number;
  readonly #refusals = new Map<string, Refusal>();
  #version = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Changes whenever an entry appears or expires: part of the version of instance type lists. */
  get version(): number {
    this.#sweep();
    return this.#version;
  }

  /** Refusals that count now. */
  get size(): number {
    this.#sweep();
    return this.#refusals.size;
  }

  /** What is avoided now. */
  keys(): readonly OfferingKey[] {
    this.#sweep();
    return [...this.#refusals.values()].map(({ key }) => key);
  }

  /** What was refused under this very key may be asked for again: it was just given. */
  clear(key: OfferingKey): void {
    if (this.#refusals.delete(idOf(key))) this.#version++;
  }

  /** Marking again extends the time. */
  mark(key: OfferingKey, reason: string, duration: Duration): void {
    const until = this.#now() + duration;
    const id = idOf(key);
    const known = this.#refusals.get(id);
    if (known && known.until >= until) return;
    this.#refusals.set(id, { key, until, reason });
    this.#version++;
  }

  /** The entry that lasts longest wins. */
  availability(key: Required<OfferingKey>): Availability {
    this.#sweep();
    let worst: Refusal | undefined;
    for (const refusal of this.#refusals.values()) {
      if (!covers(refusal.key, key)) continue;
      if (!worst || refusal.until > worst.until) worst = refusal;
    }
    return worst ? { available: false, reason: worst.reason, until: worst.until } : { available: true };
  }

  #sweep(): void {
    const now = this.#now();
    for (const [id, refusal] of this.#refusals) {
      if (refusal.until > now) continue;
      this.#refusals.delete(id);
      this.#version++;
    }
  }
}

/** What a scope's names stand for, as far as the provider can tell. */
export interface ScopeReach {
  typesOfFamily?(family: string): readonly string[];
  zonesOfRegion?(region: string): readonly string[];
}

/**
 * The keys a failure's scope speaks of. Empty when offerings cannot express it: then only what was asked for itself may be
 * avoided, for a key that is too wide takes everything out.
 */
export function keysOfScope(scope: FailureScope, reach: ScopeReach = {}): readonly OfferingKey[] {
  const { level, name, capacityType } = scope;
  const kind = capacityType === undefined ? {} : { capacityType };
  const zone = scope.zone === undefined ? {} : { zone: scope.zone };
  switch (level) {
    case "machine":
      return [];
    case "type":
      return name === undefined ? [] : [{ instanceType: name, ...zone, ...kind }];
    case "family": {
      const types = name === undefined ? [] : (reach.typesOfFamily?.(name) ?? []);
      return types.map((instanceType) => ({ instanceType, ...zone, ...kind }));
    }
    case "zone": {
      const named = name ?? scope.zone;
      return named === undefined ? [] : [{ zone: named, ...kind }];
    }
    case "region": {
      const zones = name === undefined ? [] : (reach.zonesOfRegion?.(name) ?? []);
      return zones.map((each) => ({ zone: each, ...kind }));
    }
    case "account":
      return [kind];
  }
}

function idOf(key: OfferingKey): string {
  return JSON.stringify([key.instanceType ?? null, key.zone ?? null, key.capacityType ?? null]);
}

function covers(refused: OfferingKey, asked: Required<OfferingKey>): boolean {
  return (
    (refused.instanceType === undefined || refused.instanceType === asked.instanceType) &&
    (refused.zone === undefined || refused.zone === asked.zone) &&
    (refused.capacityType === undefined || refused.capacityType === asked.capacityType)
  );
}
