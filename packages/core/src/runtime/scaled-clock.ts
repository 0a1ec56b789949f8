// A clock that runs N times faster than another one: hours of waiting pass in minutes on a stage whose cluster keeps real time.

import { milliseconds, type Duration } from "../units/index.ts";
import type { Clock, EpochMs } from "./clock.ts";

export interface TimeScale {
  /** 60: a minute passes in a second. */
  readonly factor: number;
  /** At this moment both times are the same; whole seconds, so that these stay whole. */
  readonly origin: EpochMs;
}

export class ScaledClock implements Clock {
  readonly #real: Clock;
  readonly #scale: TimeScale;

  constructor(real: Clock, scale: TimeScale) {
    if (!(scale.factor > 0)) throw new RangeError(`time scale ${scale.factor} is not above 0`);
    this.#real = real;
    this.#scale = scale;
  }

  now(): EpochMs {
    return Math.floor(this.fromReal(this.#real.now()));
  }

  /** What our clock shows when the real one shows `at`. */
  fromReal(at: EpochMs): EpochMs {
    const { factor, origin } = this.#scale;
    return origin + (at - origin) * factor;
  }

  /** What the real clock shows when ours shows `at`. */
  toReal(at: EpochMs): EpochMs {
    const { factor, origin } = this.#scale;
    return origin + (at - origin) / factor;
  }

  sleep(duration: Duration, options?: { readonly signal?: AbortSignal }): Promise<void> {
    return this.#real.sleep(milliseconds(duration / this.#scale.factor), options);
  }

  schedule(at: EpochMs, callback: () => void): () => void {
    return this.#real.schedule(this.toReal(at), callback);
  }

  during<T>(work: () => Promise<T>): Promise<T> {
    return this.#real.during(work);
  }
}

/** "60" or "60@2026-01-31T08:00:00Z"; processes that compare their times need the same origin. @throws RangeError saying what is wrong */
export function parseTimeScale(text: string, now: EpochMs): TimeScale {
  const [number = "", since] = text.trim().split("@");
  const factor = Number(number);
  const origin = since === undefined ? now : Date.parse(since);
  if (!Number.isFinite(factor) || factor <= 0 || number.trim() === "" || Number.isNaN(origin)) {
    throw new RangeError(`"${text}" is no time scale: write 60 or 60@2026-01-31T08:00:00Z`);
  }
  return { factor, origin: Math.floor(origin / 1000) * 1000 };
}
