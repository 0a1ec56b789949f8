// How far the API's clock is ahead of ours: asked once for all waiting calls, again after six hours or when a signature is refused for it.

import { wallClock } from "./wall-clock.ts";

const LIFETIME_MS = 6 * 3600_000;

export class ServerTime {
  readonly #ask: () => Promise<number>;
  readonly #tell: (seconds: number) => void;
  #delta: { readonly seconds: Promise<number>; readonly at: number } | undefined;

  /** `ask`: the API's time in seconds. `tell` hears of each difference that was found. */
  constructor(ask: () => Promise<number>, tell: (seconds: number) => void = () => {}) {
    this.#ask = ask;
    this.#tell = tell;
  }

  /** Seconds to add to our own time. */
  delta(): Promise<number> {
    const now = wallClock();
    const known = this.#delta;
    if (known !== undefined && now - known.at <= LIFETIME_MS) return known.seconds;
    const seconds = this.#ask().then((time) => {
      const ahead = time - Math.round(wallClock() / 1000);
      this.#tell(ahead);
      return ahead;
    });
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
