// Which nodes are left alone for a while because a command for them came to nothing (DX-31, DX-35).

import { toRfc3339 } from "../../api/index.ts";
import { hours, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

interface Failure {
  readonly count: number;
  readonly until: number;
  readonly why: string;
}

const LONGEST: Duration = hours(1);

export class NodeBackOff {
  readonly #clock: ControllerDeps["clock"];
  readonly #failures = new Map<string, Failure>();

  constructor({ clock }: Pick<ControllerDeps, "clock">) {
    this.#clock = clock;
  }

  /** Each failure after the first doubles the pause. */
  failed(nodes: readonly string[], why: string, first: Duration): void {
    const now = this.#clock.now();
    for (const [name, { until }] of this.#failures) if (until + LONGEST < now) this.#failures.delete(name);
    for (const name of nodes) {
      const count = (this.#failures.get(name)?.count ?? 0) + 1;
      this.#failures.set(name, { count, why, until: now + Math.min(LONGEST, first * 2 ** (count - 1)) });
    }
  }

  /** By node name: why not now. */
  paused(): ReadonlyMap<string, string> {
    const now = this.#clock.now();
    const paused = [...this.#failures].filter(([, { until }]) => until > now);
    return new Map(
      paused.map(([name, { why, until }]) => [
        name,
        `the last command for it failed (${why}); it is tried again at ${toRfc3339(until)}`,
      ]),
    );
  }
}
