// Which nodes are left alone for a while because a command for them came to nothing (DX-31, DX-35).

import type { Pause } from "../../disruption/index.ts";
import { hours, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

interface Failure extends Pause {
  readonly count: number;
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
    this.#forget(now);
    for (const name of nodes) {
      const count = (this.#failures.get(name)?.count ?? 0) + 1;
      const until = now + Math.min(LONGEST, first * 2 ** (count - 1));
      this.#failures.set(name, { count, why: `the last command for it failed (${why})`, until });
    }
  }

  /** For a node that is there and unused, and may be of use soon; not even when it is empty does it go. */
  hold(name: string, why: string, time: Duration): void {
    const now = this.#clock.now();
    this.#forget(now);
    const count = this.#failures.get(name)?.count ?? 0;
    this.#failures.set(name, { count, why, until: now + time, alsoEmpty: true });
  }

  /** By node name. */
  paused(): ReadonlyMap<string, Pause> {
    const now = this.#clock.now();
    return new Map([...this.#failures].filter(([, { until }]) => until > now));
  }

  /** Also those whose pause is over. */
  haveFailed(): ReadonlySet<string> {
    return new Set([...this.#failures].flatMap(([name, { count }]) => (count > 0 ? [name] : [])));
  }

  #forget(now: number): void {
    for (const [name, { until }] of this.#failures) if (until + LONGEST < now) this.#failures.delete(name);
  }
}
