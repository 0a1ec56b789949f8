// Until when this process may write: set by the thread that renews the lease, read by the one that works (RT-35, RT-36).

import type { Duration } from "../../units/index.ts";
import { longestSince, type Moment } from "./moment.ts";

const MONOTONIC = 0;
const WALL = 1;
/** Leading, or not (any more). */
const OPEN = 2;
const CELLS = 3;
const MICROS = 1000;

export class LeaseFence {
  /** Handed to the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #cells: BigInt64Array;
  readonly #validFor: Duration;

  constructor(validFor: Duration, memory = new SharedArrayBuffer(CELLS * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cells = new BigInt64Array(memory);
    this.#validFor = validFor;
  }

  /** A reader between the two stores sees one old clock, which only makes it more careful. */
  renewed(at: Moment): void {
    Atomics.store(this.#cells, WALL, toMicros(at.wall));
    Atomics.store(this.#cells, MONOTONIC, toMicros(at.monotonic));
    Atomics.store(this.#cells, OPEN, 1n);
  }

  close(): void {
    Atomics.store(this.#cells, OPEN, 0n);
  }

  permits(now: Moment): boolean {
    if (Atomics.load(this.#cells, OPEN) !== 1n) return false;
    const monotonic = fromMicros(Atomics.load(this.#cells, MONOTONIC));
    const wall = fromMicros(Atomics.load(this.#cells, WALL));
    return longestSince({ monotonic, wall }, now) < this.#validFor;
  }
}

function toMicros(ms: number): bigint {
  return BigInt(Math.floor(ms * MICROS));
}

function fromMicros(micros: bigint): number {
  return Number(micros) / MICROS;
}
