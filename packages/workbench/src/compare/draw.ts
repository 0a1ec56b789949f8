// Chance for random scenarios: the same seed draws the same things on every machine.

import { seededRandom } from "@karpenter-multicloud/core/testing";

export interface Draw {
  /** True this often, of 1. */
  happens(share: number): boolean;
  /** Both ends included. */
  between(least: number, most: number): number;
  pick<T>(values: readonly T[]): T;
  /** At least one of them, in their order. */
  some<T>(values: readonly T[]): readonly T[];
}

export function drawFrom(seed: number): Draw {
  const next = seededRandom(seed);
  const happens = (share: number): boolean => next() < share;
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  const pick = <T>(values: readonly T[]): T => {
    const value = values[between(0, values.length - 1)];
    if (value === undefined) throw new RangeError("nothing to pick from");
    return value;
  };
  return {
    happens,
    between,
    pick,
    some: (values) => {
      const drawn = values.filter(() => happens(0.5));
      return drawn.length > 0 ? drawn : [pick(values)];
    },
  };
}
