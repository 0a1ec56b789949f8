// What the latest look at all NodeOverlays has found: written by their controller, read by whoever plans with prices (OV-6).

import type { OverlayEvaluation } from "../pricing/index.ts";

export class OverlayStore {
  #evaluation: OverlayEvaluation | undefined;

  /** Undefined until the first look: no pool can be used before. */
  get current(): OverlayEvaluation | undefined {
    return this.#evaluation;
  }

  replace(evaluation: OverlayEvaluation): void {
    this.#evaluation = evaluation;
  }
}
