// The clock of a world that runs in real time, with a way to wait for what must come true.

import { SystemClock } from "@karpenter-multicloud/core/runtime";
import { milliseconds, type Duration } from "@karpenter-multicloud/core/units";

const POLL = milliseconds(100);

export class RealClock extends SystemClock {
  /** False when the time is over. */
  async until(
    predicate: () => boolean | Promise<boolean>,
    { timeout }: { readonly timeout: Duration },
  ): Promise<boolean> {
    const deadline = this.now() + timeout;
    while (!(await predicate())) {
      if (this.now() >= deadline) return false;
      await this.sleep(POLL);
    }
    return true;
  }
}
