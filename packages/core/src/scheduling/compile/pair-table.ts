// Answers by pairs of small integers, without strings or objects: what two requirement sets make, whether they go together.

const EMPTY = -1;
/** Answer for a pair that was never set. */
export const UNKNOWN = -2;

export class PairTable {
  #keysA: Int32Array;
  #keysB: Int32Array;
  #values: Int32Array;
  #mask: number;
  #size = 0;

  constructor(capacity = 256) {
    this.#mask = capacity - 1;
    this.#keysA = new Int32Array(capacity).fill(EMPTY);
    this.#keysB = new Int32Array(capacity);
    this.#values = new Int32Array(capacity);
  }

  /** UNKNOWN when there is none. */
  get(a: number, b: number): number {
    let slot = this.#slotOf(a, b);
    for (;;) {
      const key = this.#keysA[slot] ?? EMPTY;
      if (key === EMPTY) return UNKNOWN;
      if (key === a && this.#keysB[slot] === b) return this.#values[slot] ?? UNKNOWN;
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Of a pair that is not in yet. */
  set(a: number, b: number, value: number): number {
    if (++this.#size * 2 > this.#mask) this.#grow();
    this.#insert(a, b, value);
    return value;
  }

  #insert(a: number, b: number, value: number): void {
    let slot = this.#slotOf(a, b);
    while (this.#keysA[slot] !== EMPTY) slot = (slot + 1) & this.#mask;
    this.#keysA[slot] = a;
    this.#keysB[slot] = b;
    this.#values[slot] = value;
  }

  #slotOf(a: number, b: number): number {
    const mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #grow(): void {
    const [keysA, keysB, values] = [this.#keysA, this.#keysB, this.#values];
    const capacity = (this.#mask + 1) * 2;
    this.#mask = capacity - 1;
    this.#keysA = new Int32Array(capacity).fill(EMPTY);
    this.#keysB = new Int32Array(capacity);
    this.#values = new Int32Array(capacity);
    for (const [slot, a] of keysA.entries()) if (a !== EMPTY) this.#insert(a, keysB[slot] ?? 0, values[slot] ?? 0);
  }
}
