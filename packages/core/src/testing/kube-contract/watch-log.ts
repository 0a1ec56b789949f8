// One watch read to its end in the background, and a way to wait for what it brings.

import type { KubeObject, Resource } from "../../api/index.ts";
import { KubeError, type KubeClient, type WatchEvent, type WatchOptions } from "../../kube/index.ts";

export class WatchLog<T extends KubeObject> {
  readonly events: WatchEvent<T>[] = [];
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #changed = (): void => {};
  #error: unknown;
  #ended = false;

  constructor(client: KubeClient, resource: Resource<T>, options: WatchOptions) {
    this.#done = this.#read(client.watch(resource, { ...options, signal: this.#stop.signal }));
  }

  /** What changed, as `TYPE name`. */
  get changes(): readonly string[] {
    return this.events.flatMap((event) => ("object" in event ? [`${event.type} ${event.object.metadata.name}`] : []));
  }

  /** Waits for an event that fits. */
  async until(fits: (event: WatchEvent<T>) => boolean): Promise<WatchEvent<T>> {
    for (;;) {
      const found = this.events.find(fits);
      if (found !== undefined) return found;
      if (this.#error !== undefined) throw this.#error as Error;
      if (this.#ended) throw new Error(`the watch ended after ${this.changes.join(", ") || "nothing"}`);
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  untilChange(text: string): Promise<WatchEvent<T>> {
    return this.until((event) => "object" in event && `${event.type} ${event.object.metadata.name}` === text);
  }

  /** Resolves when the watch has ended cleanly, rejects when it failed. */
  async end(): Promise<void> {
    await this.#done;
    if (this.#error !== undefined) throw this.#error as Error;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** How the server says that the version is too old, whichever way it chose. */
  async untilExpired(): Promise<number> {
    await this.#done;
    const told = this.events.find((event) => event.type === "ERROR");
    if (told?.type === "ERROR") return told.code;
    return KubeError.is(this.#error) ? this.#error.code : 0;
  }

  async #read(events: AsyncIterable<WatchEvent<T>>): Promise<void> {
    try {
      for await (const event of events) {
        this.events.push(event);
        this.#changed();
      }
    } catch (error) {
      this.#error = error;
    }
    this.#ended = true;
    this.#changed();
  }
}
