// Time for tests: it moves only when told to, and everything that falls due on the way happens in order.

import { DeadlineHeap } from "../runtime/index.ts";
import type { Clock, EpochMs } from "../runtime/index.ts";
import type { Duration } from "../units/index.ts";

/** Event loop turns after each timer, so that what it woke can finish. */
const TURNS = 4;
const PATIENCE_MS = 1000;

interface Timer {
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  #now: EpochMs;
  readonly #patienceMs: number;
  readonly #heap = new DeadlineHeap<Timer>();
  readonly #timers = new Set<Timer>();
  readonly #working = new Set<symbol>();

  /** `patienceMs`: milliseconds of this thread's own running for which work under `during` may hold a timer back. */
  constructor(startEpochMs: EpochMs = Date.UTC(2026, 0, 1), patienceMs: number = PATIENCE_MS) {
    this.#now = startEpochMs;
    this.#patienceMs = patienceMs;
  }

  now(): EpochMs {
    return this.#now;
  }

  sleep(duration: Duration, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      if (!(duration > 0)) return resolve();
      const abort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = this.schedule(this.#now + duration, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  schedule(at: EpochMs, callback: () => void): () => void {
    const timer: Timer = { callback };
    this.#timers.add(timer);
    this.#heap.push(at, timer);
    return () => this.#timers.delete(timer);
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    const id = Symbol("work");
    this.#working.add(id);
    try {
      return await work();
    } finally {
      this.#working.delete(id);
    }
  }

  /** Moves on by `ms`; timers that become due meanwhile, also ones set on the way, fire at their own time. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    for (;;) {
      const due = this.#next();
      if (due === undefined || due.at > until) break;
      this.#heap.pop();
      this.#timers.delete(due.value);
      this.#now = Math.max(this.#now, due.at);
      due.value.callback();
      await this.settle();
    }
    this.#now = until;
  }

  /** Lets everything that needs no time finish. Work that never settles is waited for once, briefly. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
    const giveUpAt = timeOfOwn() + this.#patienceMs;
    while (this.#working.size > 0 && timeOfOwn() < giveUpAt) {
      await nextTurn();
      if (this.#working.size === 0) for (let turn = 0; turn < TURNS; turn++) await nextTurn();
    }
    this.#working.clear();
  }

  /** Timers and sleeps that have not fired. */
  pending(): number {
    return this.#timers.size;
  }

  /** When the next of them is due. */
  nextDue(): EpochMs | undefined {
    return this.#next()?.at;
  }

  #next(): { readonly at: EpochMs; readonly value: Timer } | undefined {
    for (;;) {
      const first = this.#heap.peek();
      if (first === undefined || this.#timers.has(first.value)) return first;
      this.#heap.pop();
    }
  }
}

/**
 * Milliseconds that this thread has run. Waiting in turns of the event loop is running, so they pass as on the wall, except while
 * others have the machine: what could not get on then is not given up for having been slow.
 */
function timeOfOwn(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
