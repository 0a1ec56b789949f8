// Whether disruption and each of its methods come to their turn: what has not run for long is worth a line (D-12).

import { formatDuration, milliseconds, minutes, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

const ABNORMAL: Duration = minutes(15);

export class RunTimes {
  readonly #deps: Pick<ControllerDeps, "clock" | "logger">;
  readonly #ranAt = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(deps: Pick<ControllerDeps, "clock" | "logger">) {
    this.#deps = deps;
  }

  ran(name: string): void {
    this.#ranAt.set(name, this.#deps.clock.now());
    this.#told.delete(name);
  }

  /** What never ran is not missed; each is told once until it runs again. */
  look(): void {
    const { clock, logger } = this.#deps;
    for (const [name, at] of this.#ranAt) {
      const since = clock.now() - at;
      if (since <= ABNORMAL || this.#told.has(name)) continue;
      this.#told.add(name);
      logger.debug("abnormal time between runs", { name, "time-since": formatDuration(milliseconds(since)) });
    }
  }
}
