// The local mirror of the cluster: one reflector and one informer per resource, shared by everybody (RT-1).

import type { KubeObject, Resource } from "../api/index.ts";
import type { Clock } from "../runtime/index.ts";
import type { Logger, Metrics } from "../telemetry/index.ts";
import type { Duration } from "../units/index.ts";
import type { Indexes, Informer, KubeCache } from "./cache.ts";
import type { KubeReader, ObjectKey } from "./client.ts";
import { MirrorInformer } from "./informer.ts";
import { Reflector } from "./reflector.ts";

export interface MirrorOptions {
  readonly client: KubeReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** 0 ≤ x < 1 */
  readonly random: () => number;
  readonly metrics?: Metrics;
  /** Resources that the server need not know; without them there are simply no objects (RT-13). @defaultValue none */
  readonly optional?: readonly Resource[];
  /** Lets others run in the middle of a long list. @defaultValue it is taken in one piece */
  readonly giveWay?: () => Promise<void>;
}

interface Mirrored {
  readonly informer: MirrorInformer<KubeObject>;
  readonly resource: Resource;
}

export class Mirror implements KubeCache {
  readonly #options: MirrorOptions;
  readonly #optional: ReadonlySet<string>;
  readonly #mirrored = new Map<string, Mirrored>();
  readonly #waiting = new Set<() => void>();
  readonly #reflectors: {
    readonly resource: Resource;
    readonly reflector: Pick<Reflector<KubeObject>, "behindSince" | "lastHeard" | "lastProgress" | "relist">;
  }[] = [];
  #signal: AbortSignal | undefined;

  constructor(options: MirrorOptions) {
    this.#options = options;
    this.#optional = new Set((options.optional ?? []).map(idOf));
  }

  informer<T extends KubeObject>(resource: Resource<T>, indexes?: Indexes<T>): Informer<T> {
    const informer = this.#of(resource) ?? this.#add(resource);
    if (indexes !== undefined) informer.addIndexes(indexes);
    return informer;
  }

  peek<T extends KubeObject>(resource: Resource<T>, key: ObjectKey): T | undefined {
    return this.#of(resource)?.get(key);
  }

  start(signal: AbortSignal): void {
    if (this.#signal !== undefined) throw new Error("the mirror has been started already");
    this.#signal = signal;
    for (const mirrored of this.#mirrored.values()) this.#run(mirrored, signal);
  }

  async waitForSync({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    signal.throwIfAborted();
    if (this.#allSynced()) return;
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (signal.aborted) reject(signal.reason as Error);
        else if (!this.#allSynced()) return;
        else resolve();
        this.#waiting.delete(look);
        signal.removeEventListener("abort", look);
      };
      this.#waiting.add(look);
      signal.addEventListener("abort", look, { once: true });
    });
  }

  apply<T extends KubeObject>(resource: Resource<T>, object: T): void {
    this.#of(resource)?.apply(object);
  }

  forget<T extends KubeObject>(resource: Resource<T>, object: T): void {
    this.#of(resource)?.forget(object);
  }

  /** Resources whose first list has not arrived, or that are required and absent. */
  unsynced(): readonly Resource[] {
    return [...this.#mirrored.values()].filter(({ informer }) => !informer.hasSynced).map(({ resource }) => resource);
  }

  /** Resources whose reflector has done nothing at all for longer than this: no event, bookmark, list, new watch or error. */
  stalled(limit: Duration): readonly Resource[] {
    const now = this.#options.clock.now();
    return this.#reflectors
      .filter(({ reflector }) => now - reflector.lastProgress > limit)
      .map(({ resource }) => resource);
  }

  behindSince(resource: Resource): number | undefined {
    return this.#reflectors.find((each) => idOf(each.resource) === idOf(resource))?.reflector.behindSince;
  }

  /** Before each scrape: how long ago each watch delivered anything (M-45). */
  showAges(): void {
    const { clock, metrics } = this.#options;
    for (const { resource, reflector } of this.#reflectors) {
      if (reflector.lastHeard === undefined) continue;
      const age = (clock.now() - reflector.lastHeard) / 1000;
      metrics?.set("karpenter_watch_last_event_age_seconds", { resource: resource.plural }, age);
    }
  }

  #of<T extends KubeObject>(resource: Resource<T>): MirrorInformer<T> | undefined {
    return this.#mirrored.get(idOf(resource))?.informer as unknown as MirrorInformer<T> | undefined;
  }

  #add<T extends KubeObject>(resource: Resource<T>): MirrorInformer<T> {
    const { clock, logger, metrics, giveWay } = this.#options;
    const informer = new MirrorInformer<T>({
      resource: resource.plural,
      clock,
      logger,
      ...(metrics === undefined ? {} : { metrics }),
      ...(giveWay && { giveWay }),
      optional: this.#optional.has(idOf(resource)),
      onSynced: () => {
        for (const look of this.#waiting) look();
      },
      onOverdue: () => this.#reflectors.find((each) => each.resource === resource)?.reflector.relist(),
    });
    const mirrored = { informer: informer as unknown as MirrorInformer<KubeObject>, resource };
    this.#mirrored.set(idOf(resource), mirrored);
    if (this.#signal !== undefined) this.#run(mirrored, this.#signal);
    return informer;
  }

  #run({ informer, resource }: Mirrored, signal: AbortSignal): void {
    const { client, clock, logger, random, metrics } = this.#options;
    const reflector = new Reflector({
      resource,
      client,
      clock,
      logger,
      random,
      ...(metrics === undefined ? {} : { metrics }),
      sink: informer,
    });
    this.#reflectors.push({ resource, reflector });
    reflector
      .run(signal)
      .finally(() => informer.close())
      .catch((error: unknown) => logger.error("a reflector ended", { resource: resource.plural, error }));
  }

  #allSynced(): boolean {
    return this.unsynced().length === 0;
  }
}

function idOf({ group, plural }: Resource): string {
  return `${group}/${plural}`;
}
