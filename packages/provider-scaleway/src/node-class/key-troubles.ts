// Remembers for a minute that the key was refused something: a look at the class reads only, and would not notice (§9, T-41).

import type { Clock } from "@karpenter-multicloud/core/runtime";

import type { Finding } from "./inspection.ts";

const KEEP_MS = 60_000;

export class KeyTroubles {
  readonly #clock: Pick<Clock, "now">;
  #last: { readonly finding: Finding; readonly until: number } | undefined;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  note(finding: Finding): void {
    this.#last = { finding, until: this.#clock.now() + KEEP_MS };
  }

  /** What was found lately; undefined when there is nothing, or it was long ago. */
  recent(): Finding | undefined {
    return this.#last !== undefined && this.#clock.now() < this.#last.until ? this.#last.finding : undefined;
  }
}
