// The demo as plain lines: one per step and per decision, for logs and for people without a terminal.

import { clock } from "./live-view.ts";
import type { Picture } from "./picture.ts";

export class PlainView {
  readonly #out: NodeJS.WritableStream;
  #step = "";
  #seen = 0;

  constructor(out: NodeJS.WritableStream) {
    this.#out = out;
  }

  draw(picture: Picture): void {
    if (picture.step !== this.#step) {
      this.#step = picture.step;
      this.#out.write(`${clock(picture.now)} == ${picture.step}\n`);
    }
    for (const decision of picture.decisions.slice(this.#seen)) {
      this.#out.write(`${clock(decision.at)}    ${decision.verdict} ${decision.subject}: ${decision.detail}\n`);
    }
    this.#seen = picture.decisions.length;
  }

  close(): void {
    // Nothing to restore.
  }
}
