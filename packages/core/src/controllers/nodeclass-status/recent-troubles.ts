// Remembers for a minute what an account was refused: a look at a class only reads, and would not notice (T-41, T-61).

import type { Clock } from "../../runtime/index.ts";
import type { Finding } from "./finding.ts";

const KEEP_MS = 60_000;

export class RecentTroubles {
  readonly #clock: Pick<Clock, "now">;
  readonly #byAccount = new Map<string, { readonly finding: Finding; readonly until: number }>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** `account` is whatever the refusal holds for: a key, a class. */
  note(account: string, finding: Finding): void {
    this.#byAccount.set(account, { finding, until: this.#clock.now() + KEEP_MS });
  }

  /** What was found lately; undefined when there is nothing, or it was long ago. */
  recent(account: string): Finding | undefined {
    const last = this.#byAccount.get(account);
    return last !== undefined && this.#clock.now() < last.until ? last.finding : undefined;
  }
}
