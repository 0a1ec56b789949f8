// Which of many identical log lines are written (OP-12).

/** Identical lines written within one second before sampling starts, and then one in so many. */
const FIRST = 100;
const THEREAFTER = 100;
/** Distinct messages remembered within one second. */
const MOST_MESSAGES = 10_000;

export class LineSampler {
  readonly #counts = new Map<string, number>();
  #second = -1;
  #dropped = 0;

  /** Lines not written so far. */
  get dropped(): number {
    return this.#dropped;
  }

  admits(level: string, message: string, epochMs: number): boolean {
    const second = Math.floor(epochMs / 1000);
    if (second !== this.#second || this.#counts.size >= MOST_MESSAGES) {
      this.#counts.clear();
      this.#second = second;
    }
    const key = `${level} ${message}`;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    const admitted = count <= FIRST || (count - FIRST) % THEREAFTER === 0;
    if (!admitted) this.#dropped += 1;
    return admitted;
  }
}
