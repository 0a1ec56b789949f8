// When the next planning round starts: pods that arrive together are planned together (S-211, S-212, S-214).

import type { Duration } from "../../units/index.ts";

export interface BatchOptions {
  /** The window closes when nothing new was seen for this long, … */
  readonly idle: Duration;
  /** … or this long after it opened. */
  readonly max: Duration;
  /** A pod that a round could not help is looked at again after this time. */
  readonly retry: Duration;
}

/** More pods than this at once are a burst, of which most are still being created when the longest wait is over (S-214). */
const BURST = 5000;

/** Level-triggered: it is shown all who wait, as often as one likes, and finds out itself who is new. */
export class BatchWindow {
  readonly #options: BatchOptions;
  readonly #inWindow = new Set<string>();
  readonly #solvedAt = new Map<string, number>();
  #openedAt = 0;
  #lastNewAt = 0;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  see(waiting: Iterable<string>, now: number): void {
    const all = new Set(waiting);
    for (const uid of this.#solvedAt.keys()) if (!all.has(uid)) this.#solvedAt.delete(uid);
    for (const uid of this.#inWindow) if (!all.has(uid)) this.#inWindow.delete(uid);
    for (const uid of all) {
      if (this.#inWindow.has(uid) || now < this.#retryAt(uid)) continue;
      if (this.#inWindow.size === 0) this.#openedAt = now;
      this.#inWindow.add(uid);
      this.#lastNewAt = now;
    }
  }

  /** What the last round found out about these no longer holds; the next look at them counts as the first. */
  again(uids: Iterable<string>): void {
    for (const uid of uids) this.#solvedAt.delete(uid);
  }

  /** When to plan; undefined while nobody waits. */
  closesAt(): number | undefined {
    if (this.#inWindow.size === 0) return undefined;
    const { idle, max } = this.#options;
    const longest = this.#inWindow.size > BURST ? 2 * max : max;
    return Math.min(this.#lastNewAt + idle, this.#openedAt + longest);
  }

  /** When the first of those already planned is looked at again. */
  nextRetryAt(): number | undefined {
    let next: number | undefined;
    for (const [uid, at] of this.#solvedAt) {
      if (this.#inWindow.has(uid)) continue;
      const retry = at + this.#options.retry;
      if (next === undefined || retry < next) next = retry;
    }
    return next;
  }

  /** A round was done for all in the window; the next newcomer opens another one, and so do those it could not keep its word to. */
  solved(now: number, letDown: Iterable<string> = []): void {
    for (const uid of this.#inWindow) this.#solvedAt.set(uid, now);
    this.#inWindow.clear();
    for (const uid of letDown) {
      this.#solvedAt.delete(uid);
      this.#inWindow.add(uid);
      this.#openedAt = this.#lastNewAt = now;
    }
  }

  #retryAt(uid: string): number {
    const solved = this.#solvedAt.get(uid);
    return solved === undefined ? 0 : solved + this.#options.retry;
  }
}
