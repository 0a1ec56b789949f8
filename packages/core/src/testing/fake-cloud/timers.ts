// Everything the fake still means to do on its clock, so that a reset or a close can call it off.

import type { Clock } from "../../runtime/index.ts";

export class Timers {
  readonly #clock: Clock;
  readonly #pending = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns what cancels it. */
  after(ms: number, callback: () => void): () => void {
    const stop = this.#clock.schedule(this.#clock.now() + ms, () => {
      this.#pending.delete(cancel);
      callback();
    });
    const cancel = (): void => {
      this.#pending.delete(cancel);
      stop();
    };
    this.#pending.add(cancel);
    return cancel;
  }

  cancelAll(): void {
    for (const cancel of this.#pending) cancel();
  }
}
