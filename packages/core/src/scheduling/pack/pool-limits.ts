// How much each NodePool may still grow while the plan grows (S-312): every claim counts as the largest machine it may become.

import { firstBit, intersectInto, isEmpty } from "../compile/bits.ts";
import type { Bits } from "../compile/bits.ts";
import type { PoolTable } from "../compile/pool-table.ts";
import type { CompiledProblem } from "../compile/problem.ts";
import { LimitLedger } from "../limits.ts";
import type { Resources } from "../../units/index.ts";

/** The pseudo-resource that counts machines. */
const NODES = "nodes";

interface PoolLimits {
  readonly limits: Resources;
  /** Limited resources, machines excepted. */
  readonly limited: readonly string[];
  readonly used: Record<string, number>;
  /** Options that one more machine may be, as of `version`. */
  options: Bits;
  isFresh: boolean;
}

export class PoolState {
  readonly #pools: readonly PoolLimits[];
  readonly #bookings: (Float64Array | undefined)[] = [];

  constructor({ pools, input }: CompiledProblem) {
    const ledger = new LimitLedger(input.nodePools, input.nodes);
    this.#pools = pools.map(({ template: { name }, options }) => {
      const limits = ledger.limits(name);
      const limited = Object.keys(limits).filter((resource) => resource !== NODES);
      return { limits, limited, used: { ...ledger.used(name) }, options: options.all, isFresh: false };
    });
  }

  /** Options within the limits; undefined when there is none. Not to be changed. */
  optionsOf(pool: PoolTable): Bits | undefined {
    const state = this.#pools[pool.index];
    if (state === undefined) return undefined;
    if (!state.isFresh) refresh(state, pool);
    return isEmpty(state.options) ? undefined : state.options;
  }

  used(pool: PoolTable): Resources {
    return this.#pools[pool.index]?.used ?? {};
  }

  /** Books a claim at the largest of its options instead of at what it was booked before; the surplus is given back. */
  rebook(pool: PoolTable, claim: number, options: Bits): void {
    const state = this.#pools[pool.index];
    if (state === undefined || (state.limited.length === 0 && state.limits[NODES] === undefined)) return;
    const before = this.#bookings[claim];
    const booking = before ?? new Float64Array(state.limited.length);
    if (before === undefined) state.used[NODES] = (state.used[NODES] ?? 0) + 1;
    const isNothing = firstBit(options) < 0;
    for (let index = 0; index < state.limited.length; index++) {
      const resource = state.limited[index] ?? "";
      const ranking = pool.options.capacity(resource);
      const largest = isNothing ? 0 : ranking.valueAt(ranking.firstIn(options, 0));
      state.used[resource] = (state.used[resource] ?? 0) + largest - (booking[index] ?? 0);
      booking[index] = largest;
    }
    this.#bookings[claim] = booking;
    state.isFresh = false;
  }
}

function refresh(state: PoolLimits, { options }: PoolTable): void {
  state.isFresh = true;
  const { limits, limited, used } = state;
  if ((used[NODES] ?? 0) + 1 > (limits[NODES] ?? Number.POSITIVE_INFINITY)) {
    state.options = new Uint32Array(options.all.length);
    return;
  }
  const left = options.all.slice();
  for (const resource of limited) {
    const rest = (limits[resource] ?? 0) - (used[resource] ?? 0);
    const within = options.smallness(resource).atLeast(-rest);
    if (within !== undefined) intersectInto(left, within);
  }
  state.options = left;
}
