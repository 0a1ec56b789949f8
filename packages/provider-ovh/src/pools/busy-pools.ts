// Keeps quiet towards a pool that MKS is changing: 5, 10, 20, then 30 seconds between tries (O-53).

const STEPS_MS = [5_000, 10_000, 20_000, 30_000];
/** A person hears of it only after this time. */
const WARN_AFTER_MS = 5 * 60_000;

export class BusyPools {
  readonly #now: () => number;
  readonly #pools = new Map<string, { readonly since: number; readonly tries: number; readonly nextAt: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  isQuiet(poolId: string): boolean {
    return this.#now() < (this.#pools.get(poolId)?.nextAt ?? Number.NEGATIVE_INFINITY);
  }

  refused(poolId: string): void {
    const now = this.#now();
    const { since, tries } = this.#pools.get(poolId) ?? { since: now, tries: 0 };
    const step = STEPS_MS[Math.min(tries, STEPS_MS.length - 1)] ?? 30_000;
    this.#pools.set(poolId, { since, tries: tries + 1, nextAt: now + step });
  }

  accepted(poolId: string): void {
    this.#pools.delete(poolId);
  }

  isWorthTelling(poolId: string): boolean {
    const known = this.#pools.get(poolId);
    return known !== undefined && this.#now() - known.since >= WARN_AFTER_MS;
  }
}
