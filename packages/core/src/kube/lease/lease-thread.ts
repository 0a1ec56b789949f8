// Leadership by a lease that a thread of its own holds.

import { Worker } from "node:worker_threads";
import type { Logger, Metrics } from "../../telemetry/index.ts";
import type { ObjectKey } from "../client.ts";
import type { Leadership } from "./leadership.ts";
import { LeaseFence } from "./lease-fence.ts";
import type { LeaseCommand, LeaseReport, LeaseWorkerData } from "./lease-messages.ts";
import { LEASE_TIMINGS, type LeaseTimings } from "./lease-record.ts";
import { machineMoment } from "./machine-time.ts";

export interface LeaseThreadOptions {
  readonly key: Required<ObjectKey>;
  /** New for each process: `<hostname>_<uuid>`. */
  readonly identity: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** @defaultValue KUBECONFIG, ~/.kube/config, then the pod's service account */
  readonly kubeconfig?: string;
  readonly userAgent: string;
  /** @defaultValue 15 s, 10 s, 2 s */
  readonly timings?: LeaseTimings;
}

/** The file runs as source and as built: what is beside this one has the same ending. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "./lease-worker.ts" : "./lease-worker.js",
  import.meta.url,
);

/** Starts to want the lease at once. */
export function electInThread(options: LeaseThreadOptions): Leadership {
  return new LeaseThread(options);
}

class LeaseThread implements Leadership {
  readonly lost: Promise<string>;
  readonly #options: LeaseThreadOptions;
  readonly #fence: LeaseFence;
  readonly #worker: Worker;
  readonly #won = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<void>();
  #isReleased = false;

  constructor(options: LeaseThreadOptions) {
    this.#options = options;
    const { key, identity, kubeconfig, userAgent, timings = LEASE_TIMINGS } = options;
    this.#fence = new LeaseFence(timings.renewDeadline);
    this.lost = this.#lost.promise;
    // Whoever does not ask must not be surprised by a rejection.
    this.#won.promise.catch(() => {});
    const data: LeaseWorkerData = {
      key,
      identity,
      timings,
      fence: this.#fence.memory,
      userAgent,
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    };
    this.#showStatus(0);
    // The flags of the process are about what the process runs, not about this file.
    this.#worker = new Worker(WORKER_FILE, { workerData: data, name: "lease", execArgv: [] });
    this.#worker.on("message", (report: LeaseReport) => this.#take(report));
    this.#worker.on("error", (error) => this.#broken("the thread that renews the lease failed", error));
    this.#worker.on("exit", () => this.#broken("the thread that renews the lease ended"));
  }

  readonly permitted = (): boolean => this.#fence.permits(machineMoment());

  won(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(signal.reason as Error);
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      this.#won.promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    const command: LeaseCommand = "release";
    this.#worker.postMessage(command);
    await this.#ended.promise;
    this.#showStatus(0);
    await this.#worker.terminate();
  }

  #take(report: LeaseReport): void {
    const { logger, metrics, identity, key } = this.#options;
    const lease = `${key.namespace}/${key.name}`;
    switch (report.type) {
      case "acquired":
        logger.info("became the leader", { lease, identity });
        this.#showStatus(1);
        this.#won.resolve();
        break;
      case "lost":
        this.#showStatus(0);
        this.#lost.resolve(report.why);
        break;
      case "slow-path":
        metrics.count("leader_election_slowpath_total", { name: key.name });
        break;
      case "failed":
        logger.warn(report.what, { lease, error: report.error });
        break;
      case "ended":
        this.#ended.resolve();
        break;
    }
  }

  #broken(why: string, error?: unknown): void {
    this.#fence.close();
    this.#ended.resolve();
    if (this.#isReleased) return;
    if (error !== undefined) this.#options.logger.error(why, { error });
    this.#won.reject(new Error(why, { cause: error }));
    this.#lost.resolve(why);
  }

  #showStatus(status: 0 | 1): void {
    this.#options.metrics.set("leader_election_master_status", { name: this.#options.key.name }, status);
  }
}
