// How many requests came within one second of the wall.

import { wallMs } from "./wall-time.ts";

export class RequestRate {
  #second = 0;
  #count = 0;

  /** Counts one; true for the first one of its second that is too many. No limit is 0. */
  passes(most: number): boolean {
    const second = Math.floor(wallMs() / 1000);
    this.#count = second === this.#second ? this.#count + 1 : 1;
    this.#second = second;
    return most !== 0 && this.#count === most + 1;
  }
}
