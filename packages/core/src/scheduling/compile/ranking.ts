// One number per option, sorted once: which options have at least so much, and which of a set has most (S-1006).

import { bitsFor, hasBit, setBit } from "./bits.ts";
import type { Bits } from "./bits.ts";

export class Ranking {
  readonly #values: Float64Array;
  /** Options, largest value first. */
  readonly #order: Int32Array;
  /** Distinct values, ascending, and for each the options that have at least that much. */
  #steps: Float64Array | undefined;
  #rows: readonly Bits[] = [];
  readonly #none: Bits;

  constructor(values: Float64Array) {
    this.#values = values;
    this.#order = Int32Array.from(values.keys()).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0) || a - b);
    this.#none = bitsFor(values.length);
  }

  /** Options with at least this much; undefined when all have. */
  atLeast(amount: number): Bits | undefined {
    const steps = this.#steps ?? this.#build();
    let low = 0;
    let high = steps.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((steps[middle] ?? 0) < amount) low = middle + 1;
      else high = middle;
    }
    return low === 0 && steps.length > 0 ? undefined : (this.#rows[low] ?? this.#none);
  }

  /** Rank of the member of the set with the largest value, looking from rank `from` on; the count when none is left. */
  firstIn(options: Bits, from: number): number {
    const order = this.#order;
    let rank = from;
    while (rank < order.length && !hasBit(options, order[rank] ?? 0)) rank++;
    return rank;
  }

  /** -Infinity beyond the last rank. */
  valueAt(rank: number): number {
    const option = this.#order[rank];
    return option === undefined ? Number.NEGATIVE_INFINITY : (this.#values[option] ?? 0);
  }

  #build(): Float64Array {
    const steps = Float64Array.from(new Set(this.#values)).sort();
    const rows: Bits[] = steps.length === 0 ? [] : Array.from({ length: steps.length });
    let row = bitsFor(this.#values.length);
    let rank = 0;
    for (let step = steps.length - 1; step >= 0; step--) {
      row = row.slice();
      const least = steps[step] ?? 0;
      while (rank < this.#order.length && this.valueAt(rank) >= least) setBit(row, this.#order[rank++] ?? 0);
      rows[step] = row;
    }
    this.#rows = rows;
    this.#steps = steps;
    return steps;
  }
}
