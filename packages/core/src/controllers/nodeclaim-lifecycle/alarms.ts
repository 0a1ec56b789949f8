// Appointments of claims whose reconcile failed: the back-off of the failure must not make their deadlines late (LC-31, LC-32).

import type { Clock } from "../../runtime/index.ts";
import type { Duration } from "../../units/index.ts";

export class Alarms {
  readonly #clock: Clock;
  readonly #pending = new Map<string, () => void>();
  #enqueue: (key: string) => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As the controller's feed. */
  readonly feed = (enqueue: (key: string) => void): (() => void) => {
    this.#enqueue = enqueue;
    return () => {
      this.#enqueue = () => {};
      for (const key of this.#pending.keys()) this.clear(key);
    };
  };

  /** Replaces an earlier one of the same key. */
  set(key: string, after: Duration): void {
    this.clear(key);
    const cancel = this.#clock.schedule(this.#clock.now() + after, () => {
      this.#pending.delete(key);
      this.#enqueue(key);
    });
    this.#pending.set(key, cancel);
  }

  clear(key: string): void {
    this.#pending.get(key)?.();
    this.#pending.delete(key);
  }
}
