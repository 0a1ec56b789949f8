// Watches: each is a queue that fills while changes are stored, so that its reader is never behind by more than promise callbacks.

import type { WatchEvent } from "../../kube/index.ts";
import { deepFreeze, type Stored } from "./json.ts";
import type { Change, Store } from "./store.ts";

export type ObjectTest = (object: Stored) => boolean;

export interface WatchScope {
  readonly table: string;
  /** Namespace, labels and fields. */
  readonly selects: ObjectTest;
  /** Changes up to this version are not told. */
  readonly after: number;
}

export type StoredEvent = WatchEvent<Stored>;

/** One reader's queue. */
export class WatchChannel {
  readonly #queue: StoredEvent[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(event: StoredEvent): void {
    if (this.#ended) return;
    this.#queue.push(event);
    this.#wake?.();
  }

  /** What is queued is still read. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Undefined at the end. */
  async next(): Promise<StoredEvent | undefined> {
    while (this.#queue.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return this.#queue.shift();
  }
}

export class WatchHub {
  readonly #open = new Map<WatchChannel, WatchScope>();

  constructor(store: Store) {
    store.onChange((change) => {
      for (const [channel, scope] of this.#open) {
        const event = eventFor(change, scope);
        if (event !== undefined) channel.push(event);
      }
    });
  }

  get size(): number {
    return this.#open.size;
  }

  /** A channel that first carries `missed`, then everything that is stored from now on. */
  open(scope: WatchScope, missed: readonly Change[]): WatchChannel {
    const channel = new WatchChannel();
    for (const change of missed) {
      const event = eventFor(change, scope);
      if (event !== undefined) channel.push(event);
    }
    this.#open.set(channel, scope);
    return channel;
  }

  close(channel: WatchChannel): void {
    this.#open.delete(channel);
    channel.end();
  }

  closeAll(): void {
    for (const channel of this.#open.keys()) this.close(channel);
  }
}

/** A change as one watch sees it: an object that starts or stops being selected comes or goes. */
function eventFor(change: Change, { table, selects, after: told }: WatchScope): StoredEvent | undefined {
  if (change.table !== table || change.version <= told) return undefined;
  const { before, after } = change;
  const selectedBefore = before !== undefined && selects(before);
  const selectedNow = !change.removed && selects(after);
  if (selectedNow) return { type: selectedBefore ? "MODIFIED" : "ADDED", object: after };
  return selectedBefore ? { type: "DELETED", object: lastSelected(before, change) } : undefined;
}

/** What left the selection is told in its last selected state, with the version of the change. */
function lastSelected(before: Stored, change: Change): Stored {
  if (change.removed) return change.after;
  const resourceVersion = String(change.version);
  return deepFreeze({ ...before, metadata: { ...before.metadata, resourceVersion } });
}
