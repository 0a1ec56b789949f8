// A file of the operator that says about offerings what CloudStack cannot: tags, prices, architecture (C-48). Read anew when it changes.

import { readFile } from "node:fs/promises";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import type { Logger } from "@karpenter-multicloud/core/telemetry";

import type { WireOffering } from "../client/wire.ts";

export interface FiledOffering {
  readonly match: { readonly id?: string; readonly name?: string };
  readonly tags?: Readonly<Record<string, string>>;
  readonly price?: string | number;
  readonly instanceType?: string;
  readonly arch?: "amd64" | "arm64";
  readonly labels?: Readonly<Record<string, string>>;
  readonly exclude?: boolean;
}

const LOOK_AGAIN_MS = 10_000;

export class OfferingsFile {
  readonly #path: string | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #entries: readonly FiledOffering[] = [];
  #nextLook = Number.NEGATIVE_INFINITY;

  constructor(path: string | undefined, clock: Clock, logger: Logger) {
    this.#path = path;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The last good content, while a newer one cannot be read. */
  async entries(): Promise<readonly FiledOffering[]> {
    if (this.#path === undefined || this.#clock.now() < this.#nextLook) return this.#entries;
    this.#nextLook = this.#clock.now() + LOOK_AGAIN_MS;
    try {
      const path = this.#path;
      this.#entries = parse(await this.#clock.during(() => readFile(path, "utf8")));
    } catch (error) {
      this.#logger.warn("the offerings file cannot be used; its last good content counts", { error, path: this.#path });
    }
    return this.#entries;
  }
}

/** The last entry that speaks of an offering counts. */
export function entryFor(entries: readonly FiledOffering[], { id, name }: WireOffering): FiledOffering | undefined {
  return entries.findLast(
    ({ match }) => (match.id === undefined || match.id === id) && (match.name === undefined || match.name === name),
  );
}

function parse(text: string): readonly FiledOffering[] {
  const value: unknown = text.trim() === "" ? [] : JSON.parse(text);
  if (!Array.isArray(value)) throw new Error("the offerings file holds no list");
  const entries = value as readonly FiledOffering[];
  const written = value as readonly Partial<FiledOffering>[];
  const wrong = written.findIndex(({ match }) => match?.id === undefined && match?.name === undefined);
  if (wrong >= 0) throw new Error(`entry ${wrong} of the offerings file names neither match.id nor match.name`);
  return entries;
}
