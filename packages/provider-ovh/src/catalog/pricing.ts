// Refreshes the prices in the background; whoever needs a price takes what is there and never waits (O-36).

import axios from "axios";

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { hours, minutes } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";

import { baseUrl } from "../client/endpoints.ts";
import type { Shop } from "../client/endpoints.ts";
import { PriceBook } from "./price-book.ts";
import { parseCatalogue } from "./price-list.ts";

const LARGEST_CATALOGUE = 64 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

export interface Catalogue {
  /** JSON. */
  readonly text: string;
  readonly etag?: string;
}

/** Undefined: it still is the one with this `etag`. */
export type FetchCatalogue = (
  shop: Shop,
  etag: string | undefined,
  signal: AbortSignal,
) => Promise<Catalogue | undefined>;

/** The public catalogue: no credentials are sent. */
export const fetchCatalogue: FetchCatalogue = async ({ endpoint, subsidiary }, etag, signal) => {
  const { status, data, headers } = await axios.get<string>(`${baseUrl(endpoint)}/order/catalog/public/cloud`, {
    params: { ovhSubsidiary: subsidiary },
    headers: etag === undefined ? {} : { "If-None-Match": etag },
    signal,
    timeout: TIMEOUT_MS,
    maxContentLength: LARGEST_CATALOGUE,
    maxRedirects: 0,
    responseType: "text",
    transformResponse: (text: string) => text,
    validateStatus: (code) => code === 200 || code === 304,
  });
  if (status === 304) return undefined;
  const given: unknown = headers["etag"];
  return { text: data, ...(typeof given === "string" ? { etag: given } : {}) };
};

export interface PricingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly fetch: FetchCatalogue;
  /** Until a class says more. */
  readonly shop: Shop;
  /** Undefined: the bundled prices are used for ever. */
  readonly interval?: Duration;
}

export class Pricing {
  readonly #options: PricingOptions;
  #shop: Shop;
  #etag: string | undefined;
  #book = new PriceBook();
  #version = 0;
  #nextAt = Number.NEGATIVE_INFINITY;
  #running = false;
  #failure: string | undefined;
  #readAt: number | undefined;

  constructor(options: PricingOptions) {
    this.#options = options;
    this.#shop = options.shop;
  }

  /** O-35: the account's own list, once it is known which one that is; read at the next occasion. */
  use(shop: Shop): void {
    if (shop.subsidiary === this.#shop.subsidiary && shop.endpoint.name === this.#shop.endpoint.name) return;
    this.#shop = shop;
    this.#etag = undefined;
    this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  /** Changes with the prices. */
  get version(): number {
    return this.#version;
  }

  get book(): PriceBook {
    return this.#book;
  }

  /** Why the prices are not live; undefined when they are, or when nobody asked for live ones. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** When the catalogue was last read; undefined while the bundled prices are used. */
  get readAt(): number | undefined {
    return this.#readAt;
  }

  get isDue(): boolean {
    return this.#options.interval !== undefined && !this.#running && this.#options.clock.now() >= this.#nextAt;
  }

  /** Never throws: without an answer the last prices stay, and an hour at most passes until the next try. */
  async refresh(signal: AbortSignal): Promise<void> {
    const { clock, logger, fetch, random, interval } = this.#options;
    if (interval === undefined || this.#running) return;
    this.#running = true;
    const shop = this.#shop;
    try {
      const catalogue = await clock.during(() => fetch(shop, this.#etag, signal));
      // Another list is wanted by now: it is due at once.
      if (shop !== this.#shop) return;
      if (catalogue !== undefined) this.#take(catalogue);
      this.#readAt = clock.now();
      this.#failure = undefined;
      this.#nextAt = clock.now() + interval * (1 + random() / 10);
    } catch (error) {
      if (shop !== this.#shop) return;
      this.#failure = error instanceof Error ? error.message : String(error);
      const wait = Math.min(interval, this.#book.source === "live" ? hours(1) : minutes(10));
      this.#nextAt = clock.now() + wait * (1 + random() / 10);
      if (!signal.aborted)
        logger.warn("the order catalogue could not be read", { error, priceSource: this.#book.source });
    } finally {
      this.#running = false;
    }
  }

  #take({ text, etag }: Catalogue): void {
    this.#book = new PriceBook(parseCatalogue(JSON.parse(text)));
    this.#etag = etag;
    this.#version++;
  }
}
