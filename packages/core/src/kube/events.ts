// Writes what controllers tell users as core/v1 Events, in the background and at best effort: a lost event never fails a reconcile.

import { Events, apiVersionOf } from "../api/index.ts";
import type { KubeEvent, KubeObject } from "../api/index.ts";
import { failureKind } from "../runtime/index.ts";
import type { Clock } from "../runtime/index.ts";
import { silentMetrics } from "../telemetry/index.ts";
import type { Logger, Metrics } from "../telemetry/index.ts";
import type { KubeClient } from "./client.ts";
import { isAlreadyExists, isNotFound } from "./errors.ts";
import { EventCorrelator, remember } from "./event-correlator.ts";
import type { EventNote, EventRecorder } from "./event-recorder.ts";

/** Notes waiting to be written (RT-32). */
const MOST_PENDING = 1000;
const LONGEST_MESSAGE = 1024;
/** Of the object's name within the event's, which may have 253 characters. */
const LONGEST_NAME = 220;
/** Where events about objects without a namespace live (UX-3a). */
const CLUSTER_NAMESPACE = "default";

export interface KubeEventRecorderOptions {
  readonly client: Pick<KubeClient, "create" | "patch">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shown as the event's source. */
  readonly component: "karpenter";
  /** Counts what was dropped. */
  readonly metrics?: Metrics;
  /** Aborted when nothing may be written any more. */
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly note: EventNote;
  /** Of the event whose count an equal one raises. */
  readonly key: string;
  readonly message: string;
  readonly at: string;
}

interface Written {
  readonly name: string;
  readonly namespace: string;
  readonly count: number;
}

export class KubeEventRecorder implements EventRecorder {
  readonly #options: KubeEventRecorderOptions;
  readonly #metrics: Metrics;
  readonly #correlator: EventCorrelator;
  readonly #pending: Pending[] = [];
  readonly #written = new Map<string, Written>();
  #draining: Promise<void> | undefined;
  #names = 0;
  #dropped = 0;

  constructor(options: KubeEventRecorderOptions) {
    this.#options = options;
    this.#metrics = options.metrics ?? silentMetrics;
    this.#correlator = new EventCorrelator(options.clock);
  }

  /** Notes lost to a full buffer, a flood or a failed write; repeated ones are not lost. */
  get dropped(): number {
    return this.#dropped;
  }

  publish<T extends KubeObject>(note: EventNote<T>): void {
    const known: EventNote = note;
    const verdict = this.#correlator.judge(known);
    if (verdict.kind === "repeated") return;
    if (verdict.kind === "flood") return this.#drop("spam");
    if (this.#pending.length >= MOST_PENDING) {
      this.#correlator.forget(known);
      return this.#drop("buffer");
    }
    const { key, message } = verdict;
    this.#pending.push({ note: known, key, message: shortened(message), at: this.#time() });
    this.#draining ??= this.#drain();
  }

  /** Resolves when everything published so far was written or given up. */
  async flush(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    // Never within publish: the first write starts in a later step.
    await Promise.resolve();
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      try {
        await this.#write(next);
      } catch (error) {
        this.#failed(next, error);
      }
    }
    this.#draining = undefined;
  }

  async #write(pending: Pending): Promise<void> {
    const earlier = this.#written.get(pending.key);
    const written = (earlier && (await this.#raise(earlier, pending))) ?? (await this.#create(pending));
    remember(this.#written, pending.key, written);
  }

  /** Undefined when the earlier event has expired meanwhile. */
  async #raise(earlier: Written, { message, at }: Pending): Promise<Written | undefined> {
    const { name, namespace } = earlier;
    const count = earlier.count + 1;
    const body = { count, message, lastTimestamp: at };
    try {
      await this.#options.client.patch(Events, { name, namespace }, { type: "merge", body }, this.#call());
      return { name, namespace, count };
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #create(pending: Pending, lastTry = false): Promise<Written> {
    const event = this.#event(pending);
    const { name = "", namespace = CLUSTER_NAMESPACE } = event.metadata;
    try {
      await this.#options.client.create(Events, event, this.#call());
      return { name, namespace, count: 1 };
    } catch (error) {
      // Another process took the name in the same millisecond; the next name differs.
      if (isAlreadyExists(error) && !lastTry) return this.#create(pending, true);
      throw error;
    }
  }

  #event({ note, message, at }: Pending): KubeEvent {
    const { resource, object, type, reason } = note;
    const { name = "", namespace, uid } = object.metadata;
    const { component, clock } = this.#options;
    const unique = `${clock.now().toString(16)}${(this.#names++ % 0x10000).toString(16).padStart(4, "0")}`;
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: `${name.slice(0, LONGEST_NAME)}.${unique}`, namespace: namespace ?? CLUSTER_NAMESPACE },
      involvedObject: {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
      },
      type,
      reason,
      message,
      count: 1,
      firstTimestamp: at,
      lastTimestamp: at,
      source: { component },
      reportingComponent: component,
      reportingInstance: "",
    };
  }

  #failed(pending: Pending, error: unknown): void {
    if (failureKind(error) === "observed") return;
    // The next equal note gets another chance.
    this.#correlator.forget(pending.note);
    this.#drop("failed");
    if (this.#options.signal?.aborted === true) return;
    this.#options.logger.warn("writing an event failed", { reason: pending.note.reason, error });
  }

  #drop(reason: "buffer" | "spam" | "failed"): void {
    this.#dropped += 1;
    this.#metrics.count("kmc_events_dropped_total", { reason });
  }

  #time(): string {
    return new Date(this.#options.clock.now()).toISOString().replace(/\.\d{3}Z$/, "Z");
  }

  #call(): { readonly signal?: AbortSignal } {
    const { signal } = this.#options;
    return signal === undefined ? {} : { signal };
  }
}

function shortened(message: string): string {
  return message.length <= LONGEST_MESSAGE ? message : `${message.slice(0, LONGEST_MESSAGE - 1)}…`;
}
