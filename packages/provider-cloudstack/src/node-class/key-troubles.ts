// Remembers for a minute what the account was refused: a look at a class only reads, and would not notice (T-61).

import type { Clock } from "@karpenter-multicloud/core/runtime";

import type { Finding } from "./inspection.ts";

const KEEP_MS = 60_000;

export class KeyTroubles {
  readonly #clock: Pick<Clock, "now">;
  readonly #byClass = new Map<string, { readonly finding: Finding; readonly until: number }>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  note(className: string, finding: Finding): void {
    this.#byClass.set(className, { finding, until: this.#clock.now() + KEEP_MS });
  }

  /** What was found lately; undefined when there is nothing, or it was long ago. */
  recent(className: string): Finding | undefined {
    const last = this.#byClass.get(className);
    return last !== undefined && this.#clock.now() < last.until ? last.finding : undefined;
  }
}
