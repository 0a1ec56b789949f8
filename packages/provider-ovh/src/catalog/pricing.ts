// Refreshes the prices in the background; whoever needs a price takes what is there and never waits (O-36).

import axios from "axios";

import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";
import { hours, minutes } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";

import { baseUrl } from "../client/endpoints.ts";
import type { Endpoint } from "../client/endpoints.ts";
import { PriceBook } from "./price-book.ts";
import { parseCatalogue } from "./price-list.ts";

const LARGEST_CATALOGUE = 64 * 1024 * 1024;
const TIMEOUT_MS = 120_000;

/** Answers the catalogue as JSON text. */
export type FetchCatalogue = (subsidiary: string, signal: AbortSignal) => Promise<string>;

/** The public catalogue: no credentials are sent. */
export function catalogueOf(endpoint: Endpoint): FetchCatalogue {
  return async (subsidiary, signal) => {
    const { data } = await axios.get<string>(`${baseUrl(endpoint)}/order/catalog/public/cloud`, {
      params: { ovhSubsidiary: subsidiary },
      signal,
      timeout: TIMEOUT_MS,
      maxContentLength: LARGEST_CATALOGUE,
      maxRedirects: 0,
      responseType: "text",
      transformResponse: (text: string) => text,
    });
    return data;
  };
}

export interface PricingOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly fetch: FetchCatalogue;
  readonly subsidiary: string;
  /** Undefined: the bundled prices are used for ever. */
  readonly interval?: Duration;
}

export class Pricing {
  readonly #options: PricingOptions;
  #book = new PriceBook();
  #version = 0;
  #nextAt = Number.NEGATIVE_INFINITY;
  #running = false;
  #failure: string | undefined;
  #readAt: number | undefined;

  constructor(options: PricingOptions) {
    this.#options = options;
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
    const { clock, logger, fetch, subsidiary, random, interval } = this.#options;
    if (interval === undefined || this.#running) return;
    this.#running = true;
    try {
      const text = await clock.during(() => fetch(subsidiary, signal));
      this.#book = new PriceBook(parseCatalogue(JSON.parse(text)));
      this.#version++;
      this.#readAt = clock.now();
      this.#failure = undefined;
      this.#nextAt = clock.now() + interval * (1 + random() / 10);
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
      const wait = Math.min(interval, this.#book.source === "live" ? hours(1) : minutes(10));
      this.#nextAt = clock.now() + wait * (1 + random() / 10);
      if (!signal.aborted)
        logger.warn("the order catalogue could not be read", { error, priceSource: this.#book.source });
    } finally {
      this.#running = false;
    }
  }
}
