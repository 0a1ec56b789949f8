// Whether the event loop still turns: a process whose loop stood still for long is restarted by its liveness probe (OP-6).

import type { Clock, EpochMs } from "@karpenter-multicloud/core/runtime";
import { formatDuration, minutes, seconds, type Duration } from "@karpenter-multicloud/core/units";

const BEAT: Duration = seconds(1);
/** Longer is a defect that a restart may cure. */
const LIMIT: Duration = seconds(30);
/** The probe that would have noticed came late itself, so what happened is told for a while. */
const TOLD_FOR: Duration = minutes(1);

export class EventLoopWatch {
  readonly #clock: Clock;
  #beat: EpochMs;
  #worst: { readonly blockedFor: Duration; readonly until: EpochMs } | undefined;
  #cancel: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beat = clock.now();
  }

  start(): void {
    this.#cancel = this.#clock.schedule(this.#clock.now() + BEAT, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  /** A health check: undefined when well. */
  readonly check = (): string | undefined => {
    this.#look();
    if (this.#worst === undefined) return undefined;
    return `the event loop was blocked for ${formatDuration(this.#worst.blockedFor)}`;
  };

  #look(): void {
    const now = this.#clock.now();
    const blockedFor = (now - this.#beat - BEAT) as Duration;
    this.#beat = now;
    if (blockedFor > LIMIT) this.#worst = { blockedFor, until: now + TOLD_FOR };
    else if (this.#worst !== undefined && now >= this.#worst.until) this.#worst = undefined;
  }
}
