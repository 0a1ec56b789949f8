// What is due next: values ordered by their time, equal times in the order they came.

import type { EpochMs } from "./clock.ts";

export interface Deadline<T> {
  readonly at: EpochMs;
  readonly value: T;
}

interface Entry<T> extends Deadline<T> {
  readonly order: number;
}

/** A binary heap. Nothing is taken out early: the owner overlooks values it no longer wants. */
export class DeadlineHeap<T> {
  readonly #entries: Entry<T>[] = [];
  #order = 0;

  get size(): number {
    return this.#entries.length;
  }

  push(at: EpochMs, value: T): void {
    const entry: Entry<T> = { at, value, order: this.#order++ };
    let index = this.#entries.length;
    this.#entries.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#entries[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      this.#entries[index] = above;
      index = parent;
    }
    this.#entries[index] = entry;
  }

  peek(): Deadline<T> | undefined {
    return this.#entries[0];
  }

  pop(): Deadline<T> | undefined {
    const first = this.#entries[0];
    const last = this.#entries.pop();
    if (first !== undefined && last !== undefined && first !== last) this.#sink(last);
    return first;
  }

  #sink(entry: Entry<T>): void {
    const entries = this.#entries;
    let index = 0;
    for (;;) {
      const left = entries[2 * index + 1];
      const right = entries[2 * index + 2];
      if (left === undefined) break;
      const takeRight = right !== undefined && isBefore(right, left);
      const child = takeRight ? right : left;
      if (!isBefore(child, entry)) break;
      entries[index] = child;
      index = 2 * index + (takeRight ? 2 : 1);
    }
    entries[index] = entry;
  }
}

function isBefore<T>(a: Entry<T>, b: Entry<T>): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}
