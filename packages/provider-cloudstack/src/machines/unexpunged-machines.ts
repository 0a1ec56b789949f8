// Counts machines that were destroyed and not expunged (C-84): users do not see them any more, so they are counted until the server's cleaner has surely come.

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Metrics } from "@karpenter-multicloud/core/telemetry";

const CLEANED_AFTER_MS = 48 * 3_600_000;

export class UnexpungedMachines {
  readonly #clock: Pick<Clock, "now">;
  /** Since when, by machine. */
  readonly #since = new Map<string, number>();

  constructor(clock: Pick<Clock, "now">, metrics: Metrics) {
    this.#clock = clock;
    metrics.hold("karpenter_cloudstack_unexpunged_vms", "", [{ labels: {}, value: () => this.#count() }]);
  }

  add(id: string): void {
    this.#since.set(id, this.#clock.now());
  }

  remove(id: string): void {
    this.#since.delete(id);
  }

  #count(): number {
    const now = this.#clock.now();
    for (const [id, since] of this.#since) if (now - since >= CLEANED_AFTER_MS) this.#since.delete(id);
    return this.#since.size;
  }
}
