// Which NodePools' drifted nodes are left alone for a while, because a replacement of theirs came to nothing (DX-31).

import type { Pause } from "../../disruption/index.ts";
import { milliseconds, minutes, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";

interface Failures extends Pause {
  readonly level: number;
}

const FIRST: Duration = minutes(1);
const LONGEST: Duration = minutes(10);

const GAUGE = "kmc_nodepools_drift_backoff_seconds";

export class DriftBackOff {
  readonly #deps: Pick<ControllerDeps, "clock" | "metrics" | "random">;
  readonly #pools = new Map<string, Failures>();

  constructor(deps: Pick<ControllerDeps, "clock" | "metrics" | "random">) {
    this.#deps = deps;
  }

  /** What fails inside a pause had been started before it, and does not make it longer. */
  failed(pool: string, why: string): void {
    const now = this.#deps.clock.now();
    const known = this.#pools.get(pool);
    if (known && now < known.until) return;
    const level = (known?.level ?? 0) + 1;
    const longest = Math.min(LONGEST, FIRST * 2 ** (level - 1));
    const pause = milliseconds(Math.round(longest * (0.5 + this.#deps.random() / 2)));
    this.#pools.set(pool, { level, why: `the last replacement for its NodePool failed (${why})`, until: now + pause });
    this.#deps.metrics.set(GAUGE, { nodepool: pool }, pause / 1000);
  }

  succeeded(pool: string): void {
    if (!this.#pools.delete(pool)) return;
    this.#deps.metrics.set(GAUGE, { nodepool: pool }, 0);
  }

  /** DM-47: a pause that is over is shown as such, and a NodePool that is gone is forgotten. `pools`: names of those there are. */
  show(pools: ReadonlySet<string>): void {
    const now = this.#deps.clock.now();
    for (const [nodepool, { until }] of this.#pools) {
      if (!pools.has(nodepool)) {
        this.#pools.delete(nodepool);
        this.#deps.metrics.remove(GAUGE, { nodepool });
      } else if (until <= now) this.#deps.metrics.set(GAUGE, { nodepool }, 0);
    }
  }

  /** By pool; also those that are over, which a decision does not heed. */
  pauses(): ReadonlyMap<string, Pause> {
    return this.#pools;
  }
}
