// How often one and the same trouble is told again: after a minute, then after twice the time, every 15 minutes in the end (DX-26).

import { milliseconds, minutes, type Duration } from "../../units/index.ts";

const FIRST: Duration = minutes(1);
const LONGEST: Duration = minutes(15);

interface Told {
  readonly at: number;
  readonly wait: Duration;
}

export class GrowingInterval {
  readonly #told = new Map<string, Told>();

  /** For how long nothing more is to be told of it from now on; undefined: it was told not long ago. */
  tell(key: string, now: number): Duration | undefined {
    const known = this.#told.get(key);
    if (known && now < known.at + known.wait) return undefined;
    const wait = known ? milliseconds(Math.min(LONGEST, 2 * known.wait)) : FIRST;
    this.#told.set(key, { at: now, wait });
    return wait;
  }

  /** It is over; the next one is told at once. */
  forget(key: string): void {
    this.#told.delete(key);
  }
}
