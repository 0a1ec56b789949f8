// How long a round may keep the process to itself before everybody else has a turn: leases and watches never wait long (S-1016).

import { milliseconds, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

/** Well under the 50 ms that others may have to wait, for a single step of a solve takes a while too. */
const LENGTH: Duration = milliseconds(20);

export class Turn {
  readonly #deps: Pick<ControllerDeps, "clock" | "giveWay">;
  readonly #signal: AbortSignal;
  #startedAt: number;

  constructor(deps: Pick<ControllerDeps, "clock" | "giveWay">, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
    this.#startedAt = deps.clock.now();
  }

  /** Whether it is time to give way; never where there is nobody to give way to. */
  isOver(): boolean {
    const { clock, giveWay } = this.#deps;
    return giveWay !== undefined && clock.now() - this.#startedAt >= LENGTH;
  }

  /** Work that pauses by itself, with everybody else's in its pauses. @throws as next */
  async through<T>(steps: Generator<unknown, T, undefined>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (this.isOver()) await this.next();
    }
  }

  /** Goes on when the others have had theirs. @throws the signal's reason when the round was ended meanwhile */
  async next(): Promise<void> {
    await this.rest();
    this.#signal.throwIfAborted();
  }

  /** The same for work that has begun to change things and tells what became of each, also after an end. */
  async rest(): Promise<void> {
    const { clock, giveWay } = this.#deps;
    await giveWay?.();
    this.#startedAt = clock.now();
  }
}
