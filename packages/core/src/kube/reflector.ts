// Follows one resource on the server: lists it, watches it, and starts over when the watch cannot be resumed (RT-1 to RT-6).

import type { KubeObject, Resource } from "../api/index.ts";
import type { Clock } from "../runtime/index.ts";
import type { Logger, Metrics } from "../telemetry/index.ts";
import { Backoff } from "./backoff.ts";
import type { KubeReader, WatchEvent } from "./client.ts";
import { isExpired, isNotFound, KubeError } from "./errors.ts";
import { listAll } from "./list-all.ts";
import { WatchAttempt } from "./watch-attempt.ts";

/** Where a reflector delivers. Calls come in the order of the server. */
export interface ReflectorSink<T> {
  /** A list is about to be asked for; what is in it is not older than this moment. */
  listing(): void;
  /** All objects there are. Nothing else comes before it is done. */
  replace(objects: readonly T[]): void | Promise<void>;
  change(type: "ADDED" | "MODIFIED" | "DELETED", object: T): void;
  /** The server does not know the resource. */
  absent(): void;
}

export interface ReflectorParts<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly client: KubeReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly metrics?: Metrics;
  readonly sink: ReflectorSink<T>;
}

type RestartReason = "expired" | "closed" | "error" | "stalled" | "asked";

const SHORT_WATCH_MS = 1000;
const REPEAT_MS = 60_000;
const SILENCES = 2;
const NEVER = Number.NEGATIVE_INFINITY;

export class Reflector<T extends KubeObject> {
  readonly #parts: ReflectorParts<T>;
  readonly #backoff: Backoff;
  readonly #logger: Logger;
  /** Where the next watch resumes; undefined asks for a list. */
  #version: string | undefined;
  #listed = false;
  #lastComplaint = NEVER;
  #lastHeard: number | undefined;
  #lastProgress: number;
  #behindSince: number | undefined;
  #attempt: WatchAttempt | undefined;
  #listWanted = false;
  /** Watches in a row over which nothing came. */
  #silences = 0;

  constructor(parts: ReflectorParts<T>) {
    this.#parts = parts;
    this.#backoff = new Backoff(parts.clock, parts.random);
    this.#logger = parts.logger.with({ resource: parts.resource.plural });
    this.#lastProgress = parts.clock.now();
  }

  /** When the server last delivered anything, bookmarks included, in epoch milliseconds; undefined before the first list. */
  get lastHeard(): number | undefined {
    return this.#lastHeard;
  }

  /** When it last heard something, gave a silent watch up or was refused: one that works never lets minutes pass (OP-6). */
  get lastProgress(): number {
    return this.#lastProgress;
  }

  /** Since when lists or watches fail, in epoch milliseconds; undefined while the server is followed. */
  get behindSince(): number | undefined {
    return this.#behindSince;
  }

  /** The watch is not believed any more: it is given up for a list that is begun after this. */
  relist(): void {
    this.#listWanted = true;
    this.#attempt?.giveUp();
  }

  /** Resolves after the abort; nothing else ends it. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wait = await this.#round(signal);
      if (wait > 0) await this.#sleep(wait, signal);
    }
  }

  /** One list or one watch. Answers how long to wait before the next. */
  async #round(signal: AbortSignal): Promise<number> {
    try {
      if (this.#version === undefined || this.#listWanted) {
        await this.#list(signal);
        return 0;
      }
      return await this.#watch(this.#version, signal);
    } catch (error) {
      return signal.aborted ? 0 : this.#recover(error);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, sink, metrics } = this.#parts;
    this.#listWanted = false;
    sink.listing();
    this.#version = undefined;
    const { items, resourceVersion } = await listAll(client, resource, { signal });
    if (signal.aborted) return;
    if (this.#listed) metrics?.count("kmc_cache_relists_total", { resource: resource.plural });
    this.#listed = true;
    this.#heard();
    this.#version = resourceVersion;
    await sink.replace(items);
  }

  async #watch(version: string, signal: AbortSignal): Promise<number> {
    const { clock, client, resource, random } = this.#parts;
    const startedAt = clock.now();
    const attempt = new WatchAttempt(clock, signal);
    this.#attempt = attempt;
    try {
      const events = client.watch(resource, {
        resourceVersion: version,
        allowWatchBookmarks: true,
        timeoutSeconds: 300 + Math.floor(random() * 301),
        signal: attempt.signal,
      });
      for await (const event of attempt.read(events)) this.#take(event);
    } finally {
      this.#attempt = undefined;
      attempt.close();
    }
    if (signal.aborted) return 0;
    this.#restarted(attempt.stalled ? "stalled" : this.#listWanted ? "asked" : "closed");
    if (attempt.stalled) this.#silent();
    return clock.now() - startedAt < SHORT_WATCH_MS ? this.#backoff.next() : 0;
  }

  #heard(): void {
    this.#lastHeard = this.#parts.clock.now();
    this.#lastProgress = this.#lastHeard;
    this.#behindSince = undefined;
    this.#silences = 0;
  }

  /** A server that sends no bookmarks is quiet, one that lost the watch is silent: the second time a list tells. */
  #silent(): void {
    this.#lastProgress = this.#parts.clock.now();
    this.#logger.warn("nothing came over the watch, opening it again");
    if (++this.#silences >= SILENCES) this.#version = undefined;
  }

  #take(event: WatchEvent<T>): void {
    this.#heard();
    switch (event.type) {
      case "ADDED":
      case "MODIFIED":
      case "DELETED":
        this.#parts.sink.change(event.type, event.object);
        this.#version = event.object.metadata.resourceVersion;
        return;
      case "BOOKMARK":
        this.#version = event.resourceVersion;
        return;
      case "ERROR":
        throw new KubeError(event.code, event.code === 410 ? "Expired" : "Unknown", event.message);
      default:
        throw new Error(`unknown watch event ${JSON.stringify((event as { readonly type?: unknown }).type)}`);
    }
  }

  /** What a failure means for the next round, and how long to wait for it. */
  #recover(error: unknown): number {
    this.#lastProgress = this.#parts.clock.now();
    if (isNotFound(error)) return this.#absent();
    this.#behindSince ??= this.#lastProgress;
    if (isExpired(error) || !KubeError.is(error)) this.#version = undefined;
    this.#restarted(isExpired(error) ? "expired" : "error");
    if (isExpired(error)) this.#logger.debug("the watch is too old to be resumed, listing again");
    else if (KubeError.is(error) && error.code === 403) this.#complain("may not list or watch this resource", error);
    else this.#logger.warn("list or watch failed", { error });
    return this.#backoff.next(KubeError.is(error) ? error.retryAfterSeconds : undefined);
  }

  #absent(): number {
    this.#version = undefined;
    this.#parts.sink.absent();
    return REPEAT_MS;
  }

  /** A missing permission is said once a minute, not with every attempt (RT-14). */
  #complain(message: string, error: KubeError): void {
    const now = this.#parts.clock.now();
    if (now - this.#lastComplaint < REPEAT_MS) return;
    this.#lastComplaint = now;
    this.#logger.error(message, { error, group: this.#parts.resource.group });
  }

  #restarted(reason: RestartReason): void {
    this.#parts.metrics?.count("karpenter_watch_restarts_total", { resource: this.#parts.resource.plural, reason });
  }

  async #sleep(wait: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.clock.sleep(wait as Parameters<Clock["sleep"]>[0], { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
