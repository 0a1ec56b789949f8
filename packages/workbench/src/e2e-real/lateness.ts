// How long the machine kept a process waiting that wants nothing but to look at the clock: no test may take that for slowness of the product.

import type { Clock } from "@karpenter-multicloud/core/runtime";
import { milliseconds } from "@karpenter-multicloud/core/units";

const BEAT = milliseconds(100);
/** Timers are never quite on time. */
const USUAL_MS = 20;

export class Lateness {
  #ms = 0;

  /** Until the signal ends it. */
  async watch(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = clock.now();
      await clock.sleep(BEAT, { signal }).catch(() => undefined);
      const late = clock.now() - before - BEAT;
      if (late > USUAL_MS) this.#ms += late;
    }
  }

  /** In all since the start. */
  get ms(): number {
    return this.#ms;
  }
}
