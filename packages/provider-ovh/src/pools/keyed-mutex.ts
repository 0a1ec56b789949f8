// One writer at a time per key, in the order of arrival.

export interface WaitMeter {
  now(): number;
  waited(key: string, ms: number): void;
}

export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waits: WaitMeter | undefined;

  constructor(waits?: WaitMeter) {
    this.#waits = waits;
  }

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tails.set(key, promise);
    const since = this.#waits?.now() ?? 0;
    await before;
    this.#waits?.waited(key, this.#waits.now() - since);
    try {
      return await work();
    } finally {
      resolve();
      if (this.#tails.get(key) === promise) this.#tails.delete(key);
    }
  }
}
