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

  /** Marking again extends the time. */
  mark(key: OfferingKey, reason: string, duration: Duration): void {
    const until = this.#now() + duration;
    const id = JSON.stringify([key.instanceType ?? null, key.zone ?? null, key.capacityType ?? null]);
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

/** The key a failure's scope speaks of, as far as offerings can express it. */
export function keyOfScope(scope: FailureScope): OfferingKey {
  const name =
    scope.name === undefined
      ? {}
      : scope.level === "zone"
        ? { zone: scope.name }
        : scope.level === "type"
          ? { instanceType: scope.name }
          : {};
  return {
    ...name,
    ...(scope.zone === undefined ? {} : { zone: scope.zone }),
    ...(scope.capacityType === undefined ? {} : { capacityType: scope.capacityType }),
  };
}

function covers(refused: OfferingKey, asked: Required<OfferingKey>): boolean {
  return (
    (refused.instanceType === undefined || refused.instanceType === asked.instanceType) &&
    (refused.zone === undefined || refused.zone === asked.zone) &&
    (refused.capacityType === undefined || refused.capacityType === asked.capacityType)
  );
}
