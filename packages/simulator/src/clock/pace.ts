// How virtual time follows real time: `speed` virtual seconds to one real second.

import type { EpochMs } from "@karpenter-multicloud/core/runtime";

/** After a longer delay (a busy process, a held clock) time goes on from where it stood instead of rushing after. */
const LAG_LIMIT_MS = 100;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export class Pace {
  readonly #speed: number;
  #anchor: { readonly real: number; readonly virtual: EpochMs } | undefined;
  #waiting: { readonly from: EpochMs; readonly to: EpochMs } | undefined;
  #wake: (() => void) | undefined;

  constructor(speed: number) {
    if (!(speed > 0) || !Number.isFinite(speed)) throw new RangeError(`clock speed ${speed} is not a positive number`);
    this.#speed = speed;
  }

  /** The virtual time while waiting, undefined otherwise. */
  get flowing(): EpochMs | undefined {
    if (this.#waiting === undefined || this.#anchor === undefined) return undefined;
    const passed = (performance.now() - this.#anchor.real) * this.#speed;
    const { from, to } = this.#waiting;
    return Math.min(to, Math.max(from, Math.floor(this.#anchor.virtual + passed)));
  }

  /** True when real time has reached virtual `to`; false after interrupt(). Infinity waits for interrupt only. */
  async reach(from: EpochMs, to: EpochMs): Promise<boolean> {
    const real = performance.now();
    const due = (virtual: EpochMs, anchor: { real: number; virtual: EpochMs }): number =>
      anchor.real + (virtual - anchor.virtual) / this.#speed;
    if (this.#anchor === undefined || Math.abs(real - due(from, this.#anchor)) > LAG_LIMIT_MS) {
      this.#anchor = { real, virtual: from };
    }
    const wait = due(to, this.#anchor) - real;
    if (wait <= 0) return true;
    this.#waiting = { from, to };
    const reached = await new Promise<boolean>((resolve) => {
      const timer =
        wait === Infinity
          ? undefined
          : setTimeout(() => resolve(wait <= LONGEST_TIMEOUT_MS), Math.min(wait, LONGEST_TIMEOUT_MS));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(false);
      };
    });
    this.#waiting = undefined;
    this.#wake = undefined;
    return reached;
  }

  interrupt(): void {
    this.#waiting = undefined;
    this.#wake?.();
  }
}
