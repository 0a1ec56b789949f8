// Luck that repeats itself: the same seed draws the same things on every machine.

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Both ends included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  /** True this often, of 1. */
  happens(share: number): boolean {
    return this.#next() < share;
  }

  pick<T extends string | number | boolean | object>(list: readonly T[]): T {
    const drawn = list[this.integer(0, list.length - 1)];
    if (drawn === undefined) throw new RangeError("nothing to pick from");
    return drawn;
  }

  /** At least one of them, in their order. */
  some<T extends string | number | boolean | object>(list: readonly T[], share: number): readonly T[] {
    const drawn = list.filter(() => this.happens(share));
    return drawn.length > 0 ? drawn : [this.pick(list)];
  }

  list<T>(least: number, most: number, make: (index: number) => T): readonly T[] {
    return Array.from({ length: this.integer(least, most) }, (_, index) => make(index));
  }

  /** Mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
