// A mirror over the in-memory server on a clock that tests move, and a view of the server that lags behind.

import { ConfigMaps, CUSTOM_RESOURCES, type ConfigMap, type KubeObject, type Resource } from "../api/index.ts";
import type { ObjectChange } from "../runtime/index.ts";
import { FakeClock } from "./fake-clock.ts";
import { InMemoryKube, type InMemoryKubeOptions } from "./in-memory-kube/index.ts";
import { MemoryLogger } from "./memory-logger.ts";
import {
  Mirror,
  type Informer,
  type MirrorOptions,
  type KubeReader,
  type WatchEvent,
  type WatchOptions,
} from "../kube/index.ts";

export interface MirrorFixture {
  readonly clock: FakeClock;
  readonly kube: InMemoryKube;
  readonly logger: MemoryLogger;
  readonly mirror: Mirror;
  readonly stop: AbortController;
  /** Times of the requests of a verb, in milliseconds since the start. */
  calls(verb: "list" | "watch"): readonly number[];
}

export const START = Date.UTC(2026, 0, 1);

export function aMirror(
  options: Partial<MirrorOptions> & { readonly server?: Partial<InMemoryKubeOptions> } = {},
): MirrorFixture {
  const { server, ...own } = options;
  const clock = new FakeClock(START);
  const logger = new MemoryLogger();
  const requests: { readonly verb: string; readonly at: number }[] = [];
  const kube = new InMemoryKube({
    now: () => clock.now(),
    customResources: CUSTOM_RESOURCES,
    schedule: (ms, callback) => clock.schedule(clock.now() + ms, callback),
    ...server,
    faults: (call) => {
      if (call.phase === "before") requests.push({ verb: call.verb, at: clock.now() - START });
      return server?.faults?.(call);
    },
  });
  const mirror = new Mirror({ client: kube, clock, logger, random: () => 0.5, ...own });
  return {
    clock,
    kube,
    logger,
    mirror,
    stop: new AbortController(),
    calls: (verb) => requests.filter((request) => request.verb === verb).map(({ at }) => at),
  };
}

/** Starts the mirror of one resource and waits for its first list. */
export async function follow<T extends KubeObject>(
  fixture: MirrorFixture,
  resource: Resource<T>,
): Promise<Informer<T>> {
  const informer = fixture.mirror.informer(resource);
  fixture.mirror.start(fixture.stop.signal);
  await fixture.mirror.waitForSync({ signal: fixture.stop.signal });
  return informer;
}

export function aConfig(name: string, labels: Record<string, string> = {}): ConfigMap {
  return { metadata: { name, namespace: "default", labels } };
}

export const keyOfConfig = (name: string): { name: string; namespace: string } => ({ name, namespace: "default" });

export function label(kube: InMemoryKube, name: string, value: string): Promise<ConfigMap> {
  return kube.patch(ConfigMaps, keyOfConfig(name), { type: "merge", body: { metadata: { labels: { value } } } });
}

/** What a handler hears, as `+name=value`, `~name=value` and `-name`; initial changes in brackets. */
export function listen(informer: Informer<ConfigMap>): string[] {
  const heard: string[] = [];
  informer.onChange((change) => heard.push(textOf(change)));
  return heard;
}

function textOf({ before, after, initial }: ObjectChange<ConfigMap>): string {
  const value = after?.metadata.labels?.["value"];
  const what = after?.metadata.name ?? before?.metadata.name ?? "";
  const sign = after === undefined ? "-" : before === undefined ? "+" : "~";
  const text = `${sign}${what}${value === undefined ? "" : `=${value}`}`;
  return initial ? `[${text}]` : text;
}

/** Lists are current, but what a watch brings is held back until it is let through. */
export class LaggingReader implements KubeReader {
  readonly #kube: InMemoryKube;
  #held = true;
  #release = (): void => {};

  constructor(kube: InMemoryKube) {
    this.#kube = kube;
  }

  get: KubeReader["get"] = (resource, key, options) => this.#kube.get(resource, key, options);
  list: KubeReader["list"] = (resource, options) => this.#kube.list(resource, options);

  /** Lets everything through that was held back, and all that comes later. */
  release(): void {
    this.#held = false;
    this.#release();
  }

  hold(): void {
    this.#held = true;
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    for await (const event of this.#kube.watch(resource, options)) {
      while (this.#held) {
        await new Promise<void>((resolve) => {
          this.#release = resolve;
        });
      }
      yield event;
    }
  }
}
