// One open watch: it ends with the caller's signal, and when nothing has come over it for two minutes (RT-5).

import type { Clock } from "../runtime/index.ts";

const SILENCE_MS = 120_000;

export class WatchAttempt {
  readonly #clock: Clock;
  readonly #outer: AbortSignal;
  readonly #abort = new AbortController();
  readonly #follow = (): void => this.#abort.abort(this.#outer.reason);
  #lastEventAt: number;
  #cancelTimer = (): void => {};
  #stalled = false;

  constructor(clock: Clock, outer: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    this.#lastEventAt = clock.now();
    if (outer.aborted) this.#follow();
    else outer.addEventListener("abort", this.#follow, { once: true });
    this.#arm();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether silence has ended it. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /** The events, until the attempt ends; a source that does not notice the abort is left behind. */
  async *read<E>(events: AsyncIterable<E>): AsyncGenerator<E, void, undefined> {
    const iterator = events[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.#orAborted(iterator.next());
        if (next === undefined || next.done) return;
        this.#lastEventAt = this.#clock.now();
        yield next.value;
      }
    } finally {
      // Not waited for: a source that hangs would hang this, too.
      Promise.resolve(iterator.return?.()).catch(() => undefined);
    }
  }

  /** Ends it before its time. */
  giveUp(): void {
    this.#abort.abort();
  }

  close(): void {
    this.#cancelTimer();
    this.#outer.removeEventListener("abort", this.#follow);
    this.#abort.abort();
  }

  #arm(): void {
    this.#cancelTimer = this.#clock.schedule(this.#lastEventAt + SILENCE_MS, () => {
      if (this.#clock.now() - this.#lastEventAt < SILENCE_MS) return this.#arm();
      this.#stalled = true;
      this.#abort.abort();
    });
  }

  /** Undefined on abort. A listener of its own for every event, because a shared promise would keep them all alive. */
  #orAborted<R>(work: Promise<R>): Promise<R | undefined> {
    const { signal } = this;
    return new Promise((resolve, reject) => {
      const abort = (): void => resolve(undefined);
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
      const settle =
        <A extends unknown[]>(answer: (...values: A) => void) =>
        (...values: A): void => {
          signal.removeEventListener("abort", abort);
          answer(...values);
        };
      work.then(settle(resolve), settle(reject));
    });
  }
}
