// Chance that repeats itself: one seed, one sequence, on every machine.

export interface Random {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** Each value equally likely. */
  pick<T>(values: readonly T[]): T;
}

/** S-902: the seed that all workloads start from. */
const BENCH_SEED = 42;

/** The mulberry32 generator: 32 bits of state, plenty for workloads. */
export function seededRandom(seed: number = BENCH_SEED): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    pick: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError("nothing to pick from");
      return value;
    },
  };
}
