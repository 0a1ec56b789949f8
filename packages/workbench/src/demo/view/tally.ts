// Adds up what happened, from pictures taken all along.

import type { Picture } from "./picture.ts";

/** The last line of `demo --ci`; other programs read it. */
export interface Totals {
  readonly podsBound: number;
  readonly nodesPeak: number;
  readonly nodesEnd: number;
  readonly poolsEnd: number;
  readonly costPerHourPeak: number;
  readonly virtualSeconds: number;
  readonly wallSeconds: number;
}

export class Tally {
  #podsBound = 0;
  #nodesPeak = 0;
  #costPeak = 0;
  #first: number | undefined;
  #last: Picture | undefined;
  #currency = "";

  see(picture: Picture): void {
    this.#first ??= picture.now;
    this.#last = picture;
    this.#currency ||= picture.currency;
    this.#podsBound = Math.max(this.#podsBound, picture.boundPods);
    this.#nodesPeak = Math.max(this.#nodesPeak, picture.nodes.filter((node) => node.phase === "ready").length);
    this.#costPeak = Math.max(this.#costPeak, picture.pricePerHour);
  }

  /** Of the prices in the totals. */
  get currency(): string {
    return this.#currency;
  }

  totals(wallMs: number): Totals {
    const last = this.#last;
    return {
      podsBound: this.#podsBound,
      nodesPeak: this.#nodesPeak,
      nodesEnd: last?.nodes.length ?? 0,
      poolsEnd: last?.pools ?? 0,
      costPerHourPeak: Math.round(this.#costPeak * 1e6) / 1e6,
      virtualSeconds: Math.round(((last?.now ?? 0) - (this.#first ?? 0)) / 1000),
      wallSeconds: Math.round(wallMs / 100) / 10,
    };
  }
}
