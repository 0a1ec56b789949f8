// How much a NodePool may still grow (S-312). Counts what exists, then every claim of the plan at the largest it may become.

import { addResources, allocatableFrom, exceeded, maxResources } from "../units/index.ts";
import type { Resources } from "../units/index.ts";
import type { InstanceType } from "../provider/index.ts";
import type { NodeInput, PoolInput } from "./problem.ts";

/** The pseudo-resource that counts machines. */
const NODES = "nodes";

interface PoolLedger {
  readonly limits: Resources;
  /** Of the limited resources at least. */
  used: Resources;
}

export class LimitLedger {
  readonly #pools = new Map<string, PoolLedger>();

  constructor(pools: readonly PoolInput[], nodes: readonly NodeInput[]) {
    const sums = new Map<string, Record<string, number>>();
    for (const { nodePool } of pools) {
      const name = nodePool.metadata.name ?? "";
      const limits = limitsOf(nodePool.spec.limits);
      const used = Object.fromEntries(Object.keys(limits).map((resource) => [resource, 0]));
      this.#pools.set(name, { limits, used });
      sums.set(name, used);
    }
    for (const { nodePool = "", capacity } of nodes) {
      const used = sums.get(nodePool);
      for (const resource in used) {
        used[resource] = (used[resource] ?? 0) + (resource === NODES ? 1 : (capacity[resource] ?? 0));
      }
    }
  }

  limits(pool: string): Resources {
    return this.#pools.get(pool)?.limits ?? {};
  }

  used(pool: string): Resources {
    return this.#pools.get(pool)?.used ?? {};
  }

  /** The limited resources that one more machine of this type would exceed. */
  exceededBy(pool: string, type: InstanceType): readonly string[] {
    const ledger = this.#pools.get(pool);
    if (ledger === undefined) return [];
    return exceeded(addResources(ledger.used, countedOnce(type.capacity)), ledger.limits);
  }

  /**
   * Books a claim at the largest of its types instead of at what it was booked before, and answers the new booking.
   * Shrinking gives the surplus back.
   */
  rebook(pool: string, before: Resources, types: readonly InstanceType[]): Resources {
    const booking = maxResources(...types.map(({ capacity }) => countedOnce(capacity)));
    const ledger = this.#pools.get(pool);
    if (ledger !== undefined) {
      const released = Object.fromEntries(Object.entries(before).map(([resource, amount]) => [resource, -amount]));
      ledger.used = addResources(ledger.used, booking, released);
    }
    return booking;
  }
}

/** A limit too large to count is no limit: no cluster gets there. */
function limitsOf(list: Readonly<Record<string, string | number>> | undefined): Resources {
  const limits: Record<string, number> = {};
  for (const [resource, text] of Object.entries(list ?? {})) {
    try {
      Object.assign(limits, allocatableFrom({ [resource]: text }));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return limits;
}

export function countedOnce(capacity: Resources): Resources {
  return { ...capacity, [NODES]: 1 };
}
