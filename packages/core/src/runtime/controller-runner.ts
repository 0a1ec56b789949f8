// Runs one controller: takes keys from its queue, gives each run a signal and a time limit, and turns the outcome into the next wake-up (RT-26, RT-28).

import type { Logger, Metrics } from "../telemetry/index.ts";
import { formatDuration, minutes } from "../units/index.ts";
import type { Duration } from "../units/index.ts";
import type { Clock, EpochMs } from "./clock.ts";
import type { Controller, ReconcileResult } from "./controller.ts";
import { failureKind, retryAfterMs } from "./failure.ts";
import { reconcileFields } from "./reconcile-fields.ts";
import { RetryLimiter } from "./retry-limiter.ts";
import { PRIORITIES, WorkQueue } from "./work-queue.ts";
import type { Priority, QueuedKey } from "./work-queue.ts";

const DEFAULT_RECONCILE_TIMEOUT: Duration = minutes(10);

/** Runs begun in one turn of the event loop, so that watches and leases get theirs (RT-31). */
const STARTS_PER_TURN = 16;

export interface RunnerPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly nextReconcileId: () => string;
}

interface Run {
  readonly abort: AbortController;
  readonly startedAt: EpochMs;
  readonly id: string;
}

type Outcome = "success" | "error" | "requeue" | "requeue_after";

export class ControllerRunner {
  readonly controller: Controller;
  readonly queue: WorkQueue;
  readonly #ports: RunnerPorts;
  readonly #limiter: RetryLimiter;
  readonly #concurrency: number;
  readonly #runs = new Map<string, Run>();
  readonly #onIdle: (() => void)[] = [];
  #open = false;
  #pumpDue = false;

  constructor(controller: Controller, ports: RunnerPorts) {
    this.controller = controller;
    this.#ports = ports;
    this.#concurrency = controller.concurrency ?? 1;
    this.#limiter = new RetryLimiter(ports.clock, controller.rateLimit);
    this.queue = new WorkQueue({ clock: ports.clock, onReady: () => this.#onReady() });
  }

  start(): void {
    const { metrics } = this.#ports;
    const labels = { controller: this.controller.name };
    this.#open = true;
    metrics.set("controller_runtime_max_concurrent_reconciles", labels, this.#concurrency);
    metrics.set("controller_runtime_active_workers", labels, 0);
    this.#pumpSoon();
  }

  /** Takes no further key; what runs goes on. */
  close(): void {
    this.#open = false;
    this.queue.close();
    this.#showDepth();
  }

  abort(reason: Error): void {
    for (const run of this.#runs.values()) run.abort.abort(reason);
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    return this.#runs.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  runningKeys(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /** The gauges that grow by themselves while a run lasts. */
  showRunning(): void {
    const now = this.#ports.clock.now();
    const ages = [...this.#runs.values()].map((run) => (now - run.startedAt) / 1000);
    const labels = this.#queueLabels();
    this.#ports.metrics.set("workqueue_unfinished_work_seconds", labels, sum(ages));
    this.#ports.metrics.set("workqueue_longest_running_processor_seconds", labels, Math.max(0, ...ages));
  }

  #onReady(): void {
    this.#ports.metrics.count("workqueue_adds_total", this.#queueLabels());
    this.#showDepth();
    this.#pumpSoon();
  }

  /** In a later turn: whoever wakes a key never runs a reconcile. A virtual clock waits for it. */
  #pumpSoon(): void {
    if (this.#pumpDue || !this.#open) return;
    this.#pumpDue = true;
    void this.#ports.clock.during(nextTurn).then(() => {
      this.#pumpDue = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (!this.#open) return;
    for (let started = 0; this.#runs.size < this.#concurrency; started++) {
      if (started === STARTS_PER_TURN) {
        this.#pumpSoon();
        break;
      }
      const item = this.queue.take();
      if (item === undefined) break;
      void this.#run(item);
    }
    this.#showDepth();
  }

  async #run(item: QueuedKey): Promise<void> {
    const { clock, metrics, nextReconcileId } = this.#ports;
    const run: Run = { abort: new AbortController(), startedAt: clock.now(), id: nextReconcileId() };
    metrics.observe("workqueue_queue_duration_seconds", this.#queueLabels(), (run.startedAt - item.readySince) / 1000);
    this.#runs.set(item.key, run);
    this.#showWorkers();
    const disarm = clock.schedule(run.startedAt + this.#timeout(), () => this.#timeIsUp(item.key, run));
    let outcome: Outcome;
    try {
      const context = { signal: run.abort.signal, reconcileId: run.id };
      outcome = this.#succeeded(item, await this.controller.reconcile(item.key, context));
    } catch (error) {
      outcome = this.#failed(item, run, error);
    }
    disarm();
    this.#ended(item.key, run, outcome);
  }

  #ended(key: string, run: Run, outcome: Outcome): void {
    const { clock, metrics } = this.#ports;
    const name = this.controller.name;
    const took = (clock.now() - run.startedAt) / 1000;
    metrics.count("controller_runtime_reconcile_total", { controller: name, result: outcome });
    metrics.observe("controller_runtime_reconcile_time_seconds", { controller: name }, took);
    metrics.observe("workqueue_work_duration_seconds", this.#queueLabels(), took);
    this.#runs.delete(key);
    this.#showWorkers();
    this.queue.done(key);
    if (this.#runs.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    this.#pumpSoon();
  }

  #succeeded(item: QueuedKey, result: ReconcileResult | undefined): Outcome {
    const { requeueAfter, requeue = false } = result ?? {};
    if (Number.isNaN(requeueAfter)) throw new TypeError("requeueAfter is not a number");
    if (requeueAfter !== undefined && requeueAfter > 0) {
      this.#limiter.forget(item.key);
      this.queue.addAfter(item.key, requeueAfter, item.priority);
      return "requeue_after";
    }
    // A wait that is over by now (0 or less) means at once; the limiter keeps it from spinning.
    if (requeue || requeueAfter !== undefined) {
      this.#retry(item);
      return "requeue";
    }
    this.#limiter.forget(item.key);
    return "success";
  }

  #failed(item: QueuedKey, run: Run, error: unknown): Outcome {
    const { metrics } = this.#ports;
    const labels = { controller: this.controller.name };
    const kind = failureKind(error);
    if (kind === "observed") return this.#heldBack(item);
    if (!this.#open && run.abort.signal.aborted) return "error";
    if (kind === "conflict") {
      metrics.count("kmc_reconcile_conflicts_total", labels);
      this.#retry(item, retryAfterMs(error));
      return "requeue";
    }
    metrics.count("controller_runtime_reconcile_errors_total", labels);
    if (!(error instanceof Error)) metrics.count("controller_runtime_reconcile_panics_total", labels);
    this.#log(item.key, run.id).error("Reconciler error", { error });
    if (kind === "terminal") {
      metrics.count("controller_runtime_terminal_reconcile_errors_total", labels);
      this.#limiter.forget(item.key);
    } else {
      this.#retry(item, retryAfterMs(error));
    }
    return "error";
  }

  /** Done, as far as observing goes. A controller that only its own requeue wakes must not fall asleep over it. */
  #heldBack(item: QueuedKey): Outcome {
    this.#limiter.forget(item.key);
    if (!this.controller.initialKeys?.includes(item.key)) return "success";
    this.queue.addAfter(item.key, minutes(1), item.priority);
    return "requeue_after";
  }

  #retry(item: { readonly key: string; readonly priority: Priority }, atLeastMs = 0): void {
    const delay = this.#limiter.next(item.key);
    this.#ports.metrics.count("workqueue_retries_total", this.#queueLabels());
    this.queue.addAfter(item.key, Math.max(delay, atLeastMs) as Duration, item.priority);
  }

  /** The key stays taken until the run really ends: two runs of it would be worse than a slow one. */
  #timeIsUp(key: string, run: Run): void {
    const limit = formatDuration(this.#timeout());
    this.#ports.metrics.count("controller_runtime_reconcile_timeouts_total", { controller: this.controller.name });
    this.#log(key, run.id).warn("reconcile exceeded its time limit", { limit });
    run.abort.abort(new Error(`reconciling ${key} in ${this.controller.name} took longer than ${limit}`));
  }

  #timeout(): Duration {
    return this.controller.timeout ?? DEFAULT_RECONCILE_TIMEOUT;
  }

  #log(key: string, id: string): Logger {
    return this.#ports.logger.with(reconcileFields(this.controller, key, id));
  }

  #queueLabels(): { readonly name: string; readonly controller: string } {
    return { name: this.controller.name, controller: this.controller.name };
  }

  #showDepth(): void {
    for (const priority of PRIORITIES) {
      const labels = { ...this.#queueLabels(), priority: String(priority) };
      this.#ports.metrics.set("workqueue_depth", labels, this.queue.depth(priority));
    }
  }

  #showWorkers(): void {
    const labels = { controller: this.controller.name };
    this.#ports.metrics.set("controller_runtime_active_workers", labels, this.#runs.size);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
