// How long the event loop does not turn because of the process's own work: what everything else in it has to wait for (S-1016).

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";
import { milliseconds } from "@karpenter-multicloud/core/units";

const BEAT_MS = 10;

export interface EventLoopGapsParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** What this thread has computed so far, in milliseconds. @defaultValue as the operating system counts it */
  readonly computed?: () => number;
}

/** A beat that comes late was waiting for the loop, or the machine was busy with others: only what this thread computed counts. */
export class EventLoopGaps {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #computed: () => number;
  #beat = 0;
  #before = 0;
  #cancel: () => void = () => {};

  constructor({ clock, metrics, computed = ownThread }: EventLoopGapsParts) {
    this.#clock = clock;
    this.#metrics = metrics;
    this.#computed = computed;
  }

  start(): void {
    this.#beat = this.#clock.now();
    this.#before = this.#computed();
    this.#next();
  }

  stop(): void {
    this.#cancel();
  }

  #next(): void {
    this.#cancel = this.#clock.schedule(this.#clock.now() + BEAT_MS, () => {
      this.#look();
      this.#next();
    });
  }

  #look(): void {
    const [now, computed] = [this.#clock.now(), this.#computed()];
    const late = now - this.#beat > 2 * BEAT_MS;
    // The whole time since the last beat, because nobody knows when within it the loop stood still.
    const gap = Math.min(now - this.#beat, computed - this.#before);
    this.#beat = now;
    this.#before = computed;
    if (late && gap > BEAT_MS) this.#metrics.observe("kmc_event_loop_gap_seconds", {}, gap / milliseconds(1000));
  }
}

function ownThread(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
