// How fast calls go out: as set, or four fifths of what the server says it allows, whichever is slower (C-6).

import type { Pace } from "@karpenter-multicloud/core/provider";

import type { Capabilities } from "./wire-account.ts";

const PART = 0.8;

export class ApiPace implements Pace {
  readonly #wanted: Required<Pace>;
  #limit: Capabilities["apiLimit"];

  constructor(wanted: Required<Pace>) {
    this.#wanted = wanted;
  }

  get perSecond(): number {
    const { perSecond } = this.#wanted;
    return this.#limit === undefined
      ? perSecond
      : Math.min(perSecond, (PART * this.#limit.calls) / this.#limit.seconds);
  }

  /** What a quiet time has saved up must not break the limit either. */
  get burst(): number {
    const { burst } = this.#wanted;
    return this.#limit === undefined ? burst : Math.min(burst, Math.max(1, Math.floor(PART * this.#limit.calls)));
  }

  get maxInFlight(): number {
    return this.#wanted.maxInFlight;
  }

  /** True when that changes the pace. */
  keepTo(limit: Capabilities["apiLimit"]): boolean {
    const before = this.perSecond;
    this.#limit = limit;
    return this.perSecond !== before;
  }
}
