// What time it is in the simulation: it jumps to the next timer when nobody has anything left to do at the present one.
//
// Nothing left to do means: no during() is running, and for several turns of the event loop nobody touched the clock.
// A turn ends when all promise callbacks have run, so whatever goes on in memory only is finished by then; whatever
// leaves the process must be inside during().

import type { Clock, EpochMs } from "@karpenter-multicloud/core/runtime";
import type { Duration } from "@karpenter-multicloud/core/units";
import { ForkedClock, sleepOn } from "@karpenter-multicloud/core/testing";
import { Pace } from "./clock/pace.ts";
import { TimerQueue } from "./clock/timer-queue.ts";

export interface VirtualClockOptions {
  /** @defaultValue 2026-01-01T00:00:00Z */
  readonly start?: EpochMs;
  /** Virtual seconds per real second, or as fast as the work allows. @defaultValue "fast" */
  readonly speed?: "fast" | number;
  /** Turns of the event loop without any activity before time moves. @defaultValue 4 */
  readonly quietTurns?: number;
}

export interface UntilOptions {
  /** Virtual time after which the answer is false. */
  readonly timeout: Duration;
  /** Ask only this often. @defaultValue whenever the world is quiet, before time moves */
  readonly every?: Duration;
}

interface Waiter {
  readonly holds: () => boolean | Promise<boolean>;
  readonly settle: (answer: boolean) => void;
  readonly fail: (error: unknown) => void;
  expired: boolean;
}

const DEFAULT_START = Date.UTC(2026, 0, 1);

export class VirtualClock implements Clock {
  readonly #timers = new TimerQueue();
  readonly #waiters = new Set<Waiter>();
  readonly #pace: Pace | undefined;
  readonly #quietTurns: number;
  #now: EpochMs;
  #holds = 0;
  #activity = 0;
  #free = false;
  #drivers = 0;
  #pump: object | undefined;
  #wake: (() => void) | undefined;

  constructor(options: VirtualClockOptions = {}) {
    const { start = DEFAULT_START, speed = "fast", quietTurns = 4 } = options;
    this.#now = start;
    this.#quietTurns = quietTurns;
    this.#pace = speed === "fast" ? undefined : new Pace(speed);
  }

  now(): EpochMs {
    return this.#pace?.flowing ?? this.#now;
  }

  schedule(at: EpochMs, callback: () => void): () => void {
    if (Number.isNaN(at)) throw new RangeError("a timer needs a time");
    this.#touch();
    const timer = this.#timers.add(at, callback);
    return () => this.#timers.cancel(timer);
  }

  sleep(duration: Duration, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return sleepOn(this, duration, options.signal);
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#holds++;
    this.#touch();
    try {
      return await work();
    } finally {
      this.#holds--;
      this.#touch();
    }
  }

  /** A child clock whose timers can all be dropped at once, as a crash does. */
  fork(): ForkedClock {
    return new ForkedClock(this);
  }

  /** Lets time move from now on. Without it, time only moves while until(), idle() or advance() wait. */
  run(): void {
    this.#free = true;
    this.#start();
  }

  stop(): void {
    this.#free = false;
    if (this.#drivers === 0) this.#halt();
  }

  /** Number of during() that have not settled. */
  get inFlight(): number {
    return this.#holds;
  }

  /** Waits until the predicate holds (true) or the time is over (false). */
  async until(predicate: () => boolean | Promise<boolean>, options: UntilOptions): Promise<boolean> {
    const deadline = this.now() + options.timeout;
    return this.#drive(() =>
      options.every === undefined
        ? this.#whenQuiet(predicate, deadline)
        : this.#poll(predicate, deadline, options.every),
    );
  }

  /** Resolves when nothing is in flight, before time moves further. */
  async idle(): Promise<void> {
    await this.#drive(() => this.#whenQuiet(() => true));
  }

  /** Lets this much time pass; returns when all that falls due on the way, to the last instant, has settled. */
  async advance(duration: Duration): Promise<void> {
    const end = this.now() + duration;
    const cancel = this.schedule(end, () => {});
    const isOver = (): boolean => this.#now >= end && (this.#timers.peek()?.at ?? Infinity) > end;
    await this.#drive(() => this.#whenQuiet(isOver)).finally(cancel);
  }

  async #drive<T>(wait: () => Promise<T>): Promise<T> {
    this.#drivers++;
    this.#start();
    try {
      return await wait();
    } finally {
      this.#drivers--;
      if (this.#drivers === 0 && !this.#free) this.#halt();
    }
  }

  #whenQuiet(holds: Waiter["holds"], deadline?: EpochMs): Promise<boolean> {
    let cancel = (): void => {};
    return new Promise<boolean>((settle, fail) => {
      const waiter: Waiter = { holds, settle, fail, expired: false };
      this.#waiters.add(waiter);
      this.#touch();
      if (deadline !== undefined) cancel = this.schedule(deadline, () => (waiter.expired = true));
    }).finally(() => cancel());
  }

  async #poll(holds: Waiter["holds"], deadline: EpochMs, every: Duration): Promise<boolean> {
    for (;;) {
      if (await this.during(async () => holds())) return true;
      if (this.now() >= deadline) return false;
      await this.sleep(Math.min(every, deadline - this.now()) as Duration);
    }
  }

  #touch(): void {
    this.#activity++;
    const flowing = this.#pace?.flowing;
    if (flowing !== undefined) this.#now = flowing;
    this.#pace?.interrupt();
    this.#wake?.();
  }

  #start(): void {
    if (this.#pump !== undefined) return;
    const pump = {};
    this.#pump = pump;
    void this.#work(() => this.#pump === pump);
  }

  #halt(): void {
    this.#pump = undefined;
    this.#touch();
  }

  async #work(isCurrent: () => boolean): Promise<void> {
    while (isCurrent()) {
      await this.#quiet(isCurrent);
      if (!isCurrent()) return;
      if (await this.#askWaiters()) continue;
      const seen = this.#activity;
      const next = this.#timers.peek()?.at ?? Infinity;
      const at = Math.max(next, this.#now);
      const reached = await this.#reach(at);
      if (reached && seen === this.#activity && isCurrent()) this.#fire(at);
    }
  }

  async #reach(at: EpochMs): Promise<boolean> {
    if (this.#pace !== undefined) return this.#pace.reach(this.#now, at);
    if (at === Infinity) await this.#change();
    return at !== Infinity;
  }

  /** Everything due at `at`, in order, except what these callbacks add: that comes after the next quiet. */
  #fire(at: EpochMs): void {
    this.#now = at;
    this.#touch();
    const before = this.#timers.sequence;
    for (let top = this.#timers.peek(); top !== undefined; top = this.#timers.peek()) {
      if (top.at > at || top.sequence >= before) return;
      try {
        this.#timers.take()?.();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  async #quiet(isCurrent: () => boolean): Promise<void> {
    let seen = this.#activity;
    for (let turns = 0; turns < this.#quietTurns && isCurrent();) {
      await (this.#holds > 0 ? this.#change() : new Promise<void>((resolve) => setImmediate(resolve)));
      turns = seen === this.#activity ? turns + 1 : 0;
      seen = this.#activity;
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  /** True when somebody got an answer and may now act at the present time. */
  async #askWaiters(): Promise<boolean> {
    let answered = false;
    for (const waiter of this.#waiters) {
      try {
        const holds = await waiter.holds();
        if (!holds && !waiter.expired) continue;
        waiter.settle(holds);
      } catch (error) {
        waiter.fail(error);
      }
      this.#waiters.delete(waiter);
      answered = true;
    }
    return answered;
  }
}
