// Says once that prices are missing: an event on the NodePool and a log line, and again only for what is new.

import { NodePools, type NodePool } from "../../api/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { MissingPrice } from "./missing-prices.ts";

type Deps = Pick<ControllerDeps, "events" | "logger">;

/** Named in one message; the others are counted. */
const MOST_NAMED = 3;

export class PriceAlarm {
  readonly #deps: Deps;
  readonly #told = new Map<string, ReadonlySet<string>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** `all`: how many there are in total, with and without a price. */
  offerings(pool: NodePool, missing: readonly MissingPrice[], all: number): void {
    const whole =
      missing.length === all ? "no offering has a price" : `${missing.length} of ${all} offerings have none`;
    const effect = "they are bought only when no other will do, and nodes of them are not replaced by cheaper ones";
    this.#tell(pool, "offerings", missing, (named) => `Prices are missing: ${whole} (${named}); ${effect}`);
  }

  nodes(pool: NodePool, missing: readonly MissingPrice[]): void {
    const effect = "it counts in no cost and is not replaced by a cheaper one";
    this.#tell(pool, "nodes", missing, (named) => `Nobody knows what a node costs (${named}); ${effect}`);
  }

  /** Pools that are gone may come back under their name, with gaps of their own. */
  keepOnly(pools: readonly NodePool[]): void {
    const there = new Set(pools.map(({ metadata }) => metadata.uid ?? ""));
    for (const key of this.#told.keys()) if (!there.has(key.slice(key.indexOf("/") + 1))) this.#told.delete(key);
  }

  #tell(
    pool: NodePool,
    what: "offerings" | "nodes",
    missing: readonly MissingPrice[],
    text: (named: string) => string,
  ): void {
    const key = `${what}/${pool.metadata.uid}`;
    const told = this.#told.get(key) ?? new Set();
    this.#told.set(key, new Set(missing.map(({ id }) => id)));
    const fresh = missing.filter(({ id }) => !told.has(id));
    if (fresh.length === 0) return;
    const more = fresh.length - MOST_NAMED;
    const names = fresh.slice(0, MOST_NAMED).map((one) => one.text);
    const message = text(`${names.join("; ")}${more > 0 ? `; and ${more} more` : ""}`);
    this.#deps.logger.warn("prices are missing", {
      NodePool: pool.metadata.name,
      [what]: names,
      count: missing.length,
    });
    this.#deps.events.publish({ resource: NodePools, object: pool, type: "Warning", reason: "PriceMissing", message });
  }
}
