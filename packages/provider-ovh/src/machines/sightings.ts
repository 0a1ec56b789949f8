// Tells what was seen once from what was seen again some time later: one odd answer of the API must not have consequences.

export class Sightings {
  readonly #now: () => number;
  readonly #first = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** True from the second sighting on, at least ten seconds (or `apartMs`) after the first. */
  confirmed(key: string, apartMs = 10_000): boolean {
    return this.age(key) >= apartMs;
  }

  /** Milliseconds since the first sighting, which may be this one. */
  age(key: string): number {
    const now = this.#now();
    const first = this.#first.get(key);
    if (first === undefined) this.#first.set(key, now);
    return now - (first ?? now);
  }

  /** Without counting as one. */
  wasSeen(key: string): boolean {
    return this.#first.has(key);
  }

  /** True the first time. */
  once(key: string): boolean {
    if (this.#first.has(key)) return false;
    this.#first.set(key, this.#now());
    return true;
  }

  clear(key: string): void {
    this.#first.delete(key);
  }

  /** Forgets what has this prefix and is not in `keep`. */
  retain(prefix: string, keep: ReadonlySet<string>): void {
    for (const key of this.#first.keys()) if (key.startsWith(prefix) && !keep.has(key)) this.#first.delete(key);
  }
}
