// One read for all who want it at the same time, and none of them gets an answer that was begun before it asked.

import { orAbort } from "../client/abortable.ts";

interface Turn<T> {
  readonly answer: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

export class SharedRead<T> {
  readonly #read: (signal: AbortSignal) => Promise<T>;
  #running: Promise<unknown> | undefined;
  /** Begins when the running one ends; whoever asks meanwhile joins it. */
  #next: Turn<T> | undefined;

  constructor(read: (signal: AbortSignal) => Promise<T>) {
    this.#read = read;
  }

  /** The read is given up only when nobody waits for it any more. */
  async get(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const turn = (this.#next ??= this.#turn());
    turn.waiting++;
    try {
      return await orAbort(turn.answer, signal);
    } finally {
      if (--turn.waiting === 0) this.#leave(turn, signal.reason);
    }
  }

  #turn(): Turn<T> {
    const abort = new AbortController();
    const before = this.#running ?? Promise.resolve();
    const answer = before.then(() => {
      if (this.#next?.abort === abort) this.#next = undefined;
      abort.signal.throwIfAborted();
      return this.#read(abort.signal);
    });
    this.#running = answer.catch(() => {});
    return { answer, abort, waiting: 0 };
  }

  #leave(turn: Turn<T>, reason: unknown): void {
    if (this.#next === turn) this.#next = undefined;
    turn.abort.abort(reason);
  }
}
