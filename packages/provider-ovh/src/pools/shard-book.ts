// Pool names that turned out to be unusable, and for how long: they belong to someone else, or their template was edited.

import type { Duration } from "@karpenter-multicloud/core/units";

export class ShardBook {
  readonly #now: () => number;
  readonly #avoided = new Map<string, { readonly why: string; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  avoid(name: string, why: string, duration: Duration): void {
    this.#avoided.set(name, { why, until: this.#now() + duration });
  }

  isAvoided(name: string): boolean {
    return (this.#avoided.get(name)?.until ?? Number.NEGATIVE_INFINITY) > this.#now();
  }
}
