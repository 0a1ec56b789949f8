// How far the API's clock is ahead of ours: asked once for all waiting calls, again after six hours or when a signature is refused for it.

import { wallClock } from "./wall-clock.ts";

const LIFETIME_MS = 6 * 3600_000;

export class ServerTime {
  readonly #ask: () => Promise<number>;
  #delta: { readonly seconds: Promise<number>; readonly at: number } | undefined;

  /** `ask`: the API's time in seconds. */
  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /** Seconds to add to our own time. */
  delta(): Promise<number> {
    const now = wallClock();
    const known = this.#delta;
    if (known !== undefined && now - known.at <= LIFETIME_MS) return known.seconds;
    const seconds = this.#ask().then((time) => time - Math.round(wallClock() / 1000));
    this.#delta = { seconds, at: now };
    // A failure is told to those who wait for it, and not to the next one.
    seconds.catch(() => {
      if (this.#delta?.seconds === seconds) this.#delta = undefined;
    });
    return seconds;
  }

  forget(): void {
    this.#delta = undefined;
  }
}
