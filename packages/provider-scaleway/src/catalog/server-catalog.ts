// What each zone sells and has in stock: asked anew by the clock, and the last good answer kept when the API fails (W-1, W-2).

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger, Metrics } from "@karpenter-multicloud/core/telemetry";
import type { Duration } from "@karpenter-multicloud/core/units";

import type { ScalewayClient } from "../client/scaleway-client.ts";
import type { WireType } from "../client/wire.ts";

export interface ZoneListing {
  readonly zone: string;
  readonly types: ReadonlyMap<string, WireType>;
  /** available, scarce or shortage; a type that is missing is not known about, which means available. */
  readonly stock: ReadonlyMap<string, string>;
}

export interface Catalogue {
  /** Changes with the content. */
  readonly version: string;
  readonly zones: readonly ZoneListing[];
}

interface Kept<Value> {
  readonly value: Value;
  readonly text: string;
  readonly version: number;
  readonly fetchedAt: number;
  readonly nextAt: number;
}

interface Book<Value> {
  readonly what: string;
  readonly ttl: Duration;
  readonly keep: number;
  readonly fetch: (zone: string, signal: AbortSignal) => Promise<ReadonlyMap<string, Value>>;
  readonly kept: Map<string, Kept<ReadonlyMap<string, Value>>>;
  readonly running: Map<string, Promise<void>>;
}

export interface CatalogParts {
  readonly client: Pick<ScalewayClient, "serverTypes" | "availability">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly catalogTtl: Duration;
  readonly availabilityTtl: Duration;
}

const RETRY_MS = 30_000;
/** A list older than this is worth nothing. */
const KEEP_TYPES_MS = 24 * 3600_000;
/** Afterwards everything counts as available (T-17). */
const KEEP_STOCK_MS = 10 * 60_000;

export class ServerCatalog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #types: Book<WireType>;
  readonly #stock: Book<string>;
  /** Also of lists that were dropped since. */
  readonly #readAt = new Map<string, number>();
  #versions = 0;

  constructor({ client, clock, logger, metrics, catalogTtl, availabilityTtl }: CatalogParts) {
    this.#clock = clock;
    this.#logger = logger;
    this.#types = book("server types", catalogTtl, KEEP_TYPES_MS, async (zone, signal) => {
      const types = await client.serverTypes(zone, signal);
      this.#readAt.set(zone, clock.now());
      metrics.set("karpenter_scaleway_catalog_last_refresh_timestamp_seconds", { zone }, clock.now() / 1000);
      return new Map(types.map((type) => [type.name, type]));
    });
    this.#stock = book("availability", availabilityTtl, KEEP_STOCK_MS, (zone, signal) =>
      client.availability(zone, signal),
    );
  }

  /**
   * Zones whose list cannot be had are left out while another one's can.
   * @throws ScalewayApiError, WireError when there is none at all
   */
  async of(zones: readonly string[], signal: AbortSignal): Promise<Catalogue> {
    const results = await Promise.allSettled(zones.map((zone) => this.#listing(zone, signal)));
    signal.throwIfAborted();
    const found = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failed = results.find((result) => result.status === "rejected");
    if (found.length === 0 && failed !== undefined) throw failed.reason;
    const version = found.map(({ version: own }) => own).join("+");
    return { version, zones: found.map(({ listing }) => listing) };
  }

  /** W-1: whether the lists of all these zones were read once, and none of them within a day. */
  isTooOld(zones: readonly string[]): boolean {
    const since = this.#clock.now() - KEEP_TYPES_MS;
    return zones.every((zone) => (this.#readAt.get(zone) ?? Number.POSITIVE_INFINITY) < since);
  }

  async #listing(
    zone: string,
    signal: AbortSignal,
  ): Promise<{ readonly version: string; readonly listing: ZoneListing }> {
    const [types, stock] = await Promise.all([
      this.#read(this.#types, zone, signal),
      this.#read(this.#stock, zone, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        this.#logger.warn("the availability of server types is not known", { error, zone });
        return undefined;
      }),
    ]);
    return {
      version: `${zone}:${types.version}.${stock?.version ?? "?"}`,
      listing: { zone, types: types.value, stock: stock?.value ?? new Map() },
    };
  }

  async #read<Value>(from: Book<Value>, zone: string, signal: AbortSignal): Promise<Kept<ReadonlyMap<string, Value>>> {
    const known = from.kept.get(zone);
    if (known === undefined || this.#clock.now() >= known.nextAt) {
      const running = from.running.get(zone) ?? this.#refresh(from, zone, signal);
      from.running.set(zone, running);
      await running.finally(() => from.running.delete(zone));
    }
    const kept = from.kept.get(zone);
    if (kept === undefined) throw new Error(`${from.what} of ${zone} were not read`);
    return kept;
  }

  async #refresh<Value>(from: Book<Value>, zone: string, signal: AbortSignal): Promise<void> {
    const known = from.kept.get(zone);
    try {
      const value = await from.fetch(zone, signal);
      const text = JSON.stringify([...value]);
      const version = known?.text === text ? known.version : ++this.#versions;
      const now = this.#clock.now();
      from.kept.set(zone, { value, text, version, fetchedAt: now, nextAt: now + from.ttl });
    } catch (error) {
      const now = this.#clock.now();
      if (known === undefined || now - known.fetchedAt > from.keep) {
        from.kept.delete(zone);
        throw error;
      }
      this.#logger.warn(`using the last known ${from.what}`, { error, zone });
      from.kept.set(zone, { ...known, nextAt: now + RETRY_MS });
    }
  }
}

function book<Value>(what: string, ttl: Duration, keep: number, fetch: Book<Value>["fetch"]): Book<Value> {
  return { what, ttl, keep, fetch, kept: new Map(), running: new Map() };
}
