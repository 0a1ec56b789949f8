// Which timer is next: by deadline, then by creation, so that equal runs fire in equal order.

import type { EpochMs } from "@karpenter-multicloud/core/runtime";

export interface Timer {
  readonly at: EpochMs;
  readonly sequence: number;
  /** Undefined once cancelled or fired. */
  callback: (() => void) | undefined;
}

/** A binary heap. Cancelled timers stay until they come up or outnumber the living ones. */
export class TimerQueue {
  #heap: Timer[] = [];
  #sequence = 0;
  #cancelled = 0;

  /** The number the next timer will get. */
  get sequence(): number {
    return this.#sequence;
  }

  add(at: EpochMs, callback: () => void): Timer {
    const timer: Timer = { at, sequence: this.#sequence++, callback };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return timer;
  }

  cancel(timer: Timer): void {
    if (timer.callback === undefined) return;
    timer.callback = undefined;
    this.#cancelled++;
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#rebuild();
  }

  peek(): Timer | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (top.callback !== undefined) return top;
      this.#cancelled--;
      this.#removeTop();
    }
    return undefined;
  }

  /** The earliest callback, now taken out. */
  take(): (() => void) | undefined {
    const top = this.peek();
    if (top === undefined) return undefined;
    const { callback } = top;
    top.callback = undefined;
    this.#removeTop();
    return callback;
  }

  #rebuild(): void {
    this.#heap = this.#heap.filter((timer) => timer.callback !== undefined).sort(byTime);
    this.#cancelled = 0;
  }

  #removeTop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, parent)) return;
      at = parent;
    }
  }

  #sink(from: number): void {
    for (let at = from; ;) {
      const left = 2 * at + 1;
      const earlier = this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfEarlier(earlier, at)) return;
      at = earlier;
    }
  }

  #isEarlier(child: number, other: number): boolean {
    const a = this.#heap[child];
    const b = this.#heap[other];
    return a !== undefined && b !== undefined && byTime(a, b) < 0;
  }

  #swapIfEarlier(lower: number, upper: number): boolean {
    const a = this.#heap[lower];
    const b = this.#heap[upper];
    if (a === undefined || b === undefined || byTime(a, b) >= 0) return false;
    this.#heap[lower] = b;
    this.#heap[upper] = a;
    return true;
  }
}

function byTime(a: Timer, b: Timer): number {
  return a.at - b.at || a.sequence - b.sequence;
}
