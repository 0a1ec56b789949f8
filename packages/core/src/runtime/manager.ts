// Starts all controllers once the caches are filled, wires what wakes them, and stops them in order.

import type { Logger, Metrics } from "../telemetry/index.ts";
import { formatDuration, minutes, seconds } from "../units/index.ts";
import type { Duration } from "../units/index.ts";
import type { Clock } from "./clock.ts";
import { ControllerRunner } from "./controller-runner.ts";
import type { Controller, Trigger } from "./controller.ts";
import type { WatchedObjects } from "./watched-objects.ts";
import { reconcileIds } from "./reconcile-id.ts";

/** Longer means that something is wrong with the API server or our rights (RT-10). */
const SYNC_LIMIT: Duration = minutes(2);

export interface ControllerManagerOptions {
  /** Started by its owner; the manager only waits for it. */
  readonly cache: WatchedObjects;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly random: () => number;
  /** How long running reconciles may go on undisturbed at a stop, so that a cloud's answer is still stored (OP-9). @defaultValue 20 s */
  readonly undisturbedFor?: Duration;
  /** How long a stop waits in all. @defaultValue 30 s */
  readonly stopWithin?: Duration;
}

export interface QueueSnapshot {
  readonly controller: string;
  readonly ready: number;
  readonly waiting: number;
  readonly running: readonly string[];
}

export class ControllerManager {
  readonly #options: ControllerManagerOptions;
  readonly #runners = new Map<string, ControllerRunner>();
  readonly #nextReconcileId: () => string;
  #state: "new" | "syncing" | "running" | "stopped" = "new";

  constructor(options: ControllerManagerOptions) {
    this.#options = options;
    this.#nextReconcileId = reconcileIds(options.random);
  }

  /** Also asks the cache for what the controllers watch, so that it can fill before `start`. */
  add(...controllers: readonly Controller[]): void {
    if (this.#state !== "new") throw new Error("controllers must be added before the manager starts");
    const { cache, clock, logger, metrics } = this.#options;
    for (const controller of controllers) {
      if (this.#runners.has(controller.name)) throw new Error(`controller ${controller.name} was added twice`);
      for (const trigger of controller.triggers) cache.informer(trigger.resource);
      const ports = { clock, logger, metrics, nextReconcileId: this.#nextReconcileId };
      this.#runners.set(controller.name, new ControllerRunner(controller, ports));
    }
  }

  /**
   * Runs until the signal aborts and the reconciles that were running then have ended, or too long has passed.
   * Rejects when the caches do not fill in time.
   */
  async start(signal: AbortSignal): Promise<void> {
    if (this.#state !== "new") throw new Error("the manager was started before");
    this.#state = "syncing";
    if (!(await this.#waitForCaches(signal))) {
      this.#state = "stopped";
      return;
    }
    this.#state = "running";
    const unsubscribe = [...this.#runners.values()].flatMap((runner) => this.#wire(runner));
    await aborted(signal);
    this.#state = "stopped";
    for (const stop of unsubscribe) stop();
    await this.#stop();
  }

  /** True between filled caches and the stop. */
  get running(): boolean {
    return this.#state === "running";
  }

  /** Wakes a key of a controller by hand; the key of a singleton is its name. */
  wake(controller: string, key: string = controller): void {
    const runner = this.#runners.get(controller);
    if (runner === undefined) throw new Error(`there is no controller ${controller} to wake`);
    runner.queue.add(key);
  }

  /** What each controller has to do, in the order they were added. */
  queues(): readonly QueueSnapshot[] {
    return [...this.#runners.values()].map((runner) => ({
      controller: runner.controller.name,
      ready: runner.queue.depth(),
      waiting: runner.queue.waiting,
      running: runner.runningKeys(),
    }));
  }

  /** Refreshes the gauges that grow with time; called before metrics are read. */
  showRunning(): void {
    for (const runner of this.#runners.values()) runner.showRunning();
  }

  async #waitForCaches(signal: AbortSignal): Promise<boolean> {
    const { cache, clock } = this.#options;
    const limit = new AbortController();
    const disarm = clock.schedule(clock.now() + SYNC_LIMIT, () => limit.abort());
    try {
      await cache.waitForSync({ signal: AbortSignal.any([signal, limit.signal]) });
    } catch (cause) {
      if (!signal.aborted && !limit.signal.aborted) throw cause;
    } finally {
      disarm();
    }
    if (signal.aborted) return false;
    if (!limit.signal.aborted) return true;
    const missing = this.#unsynced().join(", ");
    throw new Error(`caches were not filled within ${formatDuration(SYNC_LIMIT)}, missing: ${missing}`);
  }

  #unsynced(): readonly string[] {
    const triggers = [...this.#runners.values()].flatMap((runner) => runner.controller.triggers);
    const missing = triggers.filter((trigger) => !this.#options.cache.informer(trigger.resource).hasSynced);
    return [...new Set(missing.map((trigger) => trigger.resource.plural))];
  }

  #wire(runner: ControllerRunner): (() => void)[] {
    const unsubscribe = runner.controller.triggers.map((trigger) => this.#subscribe(runner, trigger));
    const unfeed = runner.controller.feed?.((key) => runner.queue.add(key));
    if (unfeed) unsubscribe.push(unfeed);
    for (const key of runner.controller.initialKeys ?? []) runner.queue.add(key);
    runner.start();
    return unsubscribe;
  }

  #subscribe(runner: ControllerRunner, trigger: Trigger): () => void {
    return this.#options.cache.informer(trigger.resource).onChange((change) => {
      for (const key of trigger.keys(change)) runner.queue.add(key, change.initial ? -100 : 0);
    });
  }

  async #stop(): Promise<void> {
    const { clock, logger, undisturbedFor = seconds(20), stopWithin = seconds(30) } = this.#options;
    const runners = [...this.#runners.values()];
    for (const runner of runners) runner.close();
    if (runners.every((runner) => runner.runningKeys().length === 0)) return;
    const stopAll = (): void => {
      for (const runner of runners) runner.abort(new Error("the controllers are stopping"));
    };
    const timers: (() => void)[] = [clock.schedule(clock.now() + undisturbedFor, stopAll)];
    const tooLong = new Promise<void>((resolve) => {
      timers.push(clock.schedule(clock.now() + stopWithin, resolve));
    });
    await Promise.race([Promise.all(runners.map((runner) => runner.idle())), tooLong]);
    for (const cancel of timers) cancel();
    for (const snapshot of this.queues().filter(({ running }) => running.length > 0)) {
      logger.warn("stopped while reconciles were running", { controller: snapshot.controller, keys: snapshot.running });
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
