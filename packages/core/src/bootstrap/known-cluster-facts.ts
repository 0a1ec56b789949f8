// What machines must know of the cluster, asked for once in a while and not for every machine.

import type { Clock } from "../runtime/index.ts";
import { discoverClusterFacts } from "./cluster-facts.ts";
import type { ClusterFactOverrides, ClusterFacts, ClusterFactSources } from "./cluster-facts.ts";

const KEPT_MS = 5 * 60_000;

export class KnownClusterFacts {
  readonly #sources: ClusterFactSources;
  readonly #clock: Pick<Clock, "now">;
  readonly #known = new Map<string, { readonly facts: ClusterFacts; readonly until: number }>();

  constructor(sources: ClusterFactSources, clock: Pick<Clock, "now">) {
    this.#sources = sources;
    this.#clock = clock;
  }

  /** @throws BootstrapError ClusterFactsMissing naming what neither the class nor the cluster tells */
  async of(overrides: ClusterFactOverrides, signal: AbortSignal): Promise<ClusterFacts> {
    const key = JSON.stringify(overrides);
    const known = this.#known.get(key);
    if (known !== undefined && this.#clock.now() < known.until) return known.facts;
    const facts = await discoverClusterFacts(this.#sources, overrides, signal);
    this.#known.set(key, { facts, until: this.#clock.now() + KEPT_MS });
    return facts;
  }
}
