// Figures of a run, for people who compare runs: one line each on standard error. Nothing fails because of a figure.

export class Figures {
  readonly #title: string;
  readonly #started = performance.now();
  readonly #parts: string[] = [];

  constructor(title: string) {
    this.#title = title;
  }

  /** Seconds since the start of the run. */
  mark(what: string): void {
    this.note(what, `${((performance.now() - this.#started) / 1000).toFixed(1)} s`);
  }

  note(what: string, value: string | number): void {
    this.#parts.push(`${what} ${value}`);
  }

  print(): void {
    process.stderr.write(`${this.#title}: ${this.#parts.join(", ")}\n`);
  }
}
