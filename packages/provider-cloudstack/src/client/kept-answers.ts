// Answers that many ask for, read once and kept for their time (§3).

import type { Clock } from "@karpenter-multicloud/core/runtime";

interface Kept {
  readonly until: number;
  readonly value: Promise<unknown>;
}

export class KeptAnswers {
  readonly #clock: Pick<Clock, "now">;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Those who ask at the same time share one answer; a failure is not kept. */
  keep<T>(key: string, ms: number, read: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known !== undefined && this.#clock.now() < known.until) return known.value as Promise<T>;
    const value = read();
    this.#kept.set(key, { until: this.#clock.now() + ms, value });
    value.catch(() => {
      if (this.#kept.get(key)?.value === value) this.#kept.delete(key);
    });
    return value;
  }

  /** What is kept, or being read now; undefined where there is nothing, or what was read has failed. */
  async peek<T>(key: string): Promise<T | undefined> {
    const known = this.#kept.get(key);
    if (known === undefined || this.#clock.now() >= known.until) return undefined;
    return (known.value as Promise<T>).catch(() => undefined);
  }

  /** Those whose key begins so; everything without. */
  forget(prefix = ""): void {
    for (const key of this.#kept.keys()) if (key.startsWith(prefix)) this.#kept.delete(key);
  }
}
