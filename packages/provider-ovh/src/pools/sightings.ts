// Tells what was seen once from what was seen again some time later: one odd answer of the API must not have consequences.

const FORGET_MS = 24 * 3600_000;
const TIDY_SIZE = 1000;

export class Sightings {
  readonly #now: () => number;
  /** What happened before was not watched. */
  readonly bornAt: number;
  readonly #first = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
    this.bornAt = now();
  }

  /** True from the second sighting on, at least ten seconds (or `apartMs`) after the first. */
  confirmed(key: string, apartMs = 10_000): boolean {
    return this.age(key) >= apartMs;
  }

  /** Milliseconds since the first sighting, which may be this one. */
  age(key: string): number {
    const now = this.#now();
    const first = this.#first.get(key);
    if (first === undefined) this.#note(key, now);
    return now - (first ?? now);
  }

  /** Without counting as one. */
  wasSeen(key: string): boolean {
    return this.#first.has(key);
  }

  /** True the first time. */
  once(key: string): boolean {
    if (this.#first.has(key)) return false;
    this.#note(key, this.#now());
    return true;
  }

  clear(key: string): void {
    this.#first.delete(key);
  }

  /** Forgets what has this prefix and is not in `keep`. */
  retain(prefix: string, keep: ReadonlySet<string>): void {
    for (const key of this.#first.keys()) if (key.startsWith(prefix) && !keep.has(key)) this.#first.delete(key);
  }

  /** What happened once and never again is forgotten after a day. */
  #note(key: string, now: number): void {
    if (this.#first.size >= TIDY_SIZE) {
      for (const [old, at] of this.#first) if (now - at > FORGET_MS) this.#first.delete(old);
    }
    this.#first.set(key, now);
  }
}
