// How one watch lives: where it begins, its bookmarks, and how it ends.

import type { WatchOptions } from "../../kube/index.ts";
import { KubeError } from "../../kube/index.ts";
import { expiredWatch } from "./answers.ts";
import type { Stored } from "./json.ts";
import type { Store } from "./store.ts";
import type { StoredEvent, WatchChannel, WatchHub, WatchScope } from "./watch-hub.ts";

/** Calls back once after `ms`; the answer cancels it. */
export type Schedule = (ms: number, callback: () => void) => () => void;

export interface WatchParts {
  readonly store: Store;
  readonly hub: WatchHub;
  readonly schedule: Schedule;
  readonly bookmarkEveryMs: number;
  /** How "too old" is told: as a single event, the usual form, or as a refusal of the request. */
  readonly expiredAs: "event" | "error";
}

/** A last bookmark comes this long before a timed watch ends. */
const BOOKMARK_BEFORE_END_MS = 2000;

export async function* watchObjects(
  parts: WatchParts,
  scope: Omit<WatchScope, "after">,
  options: WatchOptions,
): AsyncGenerator<StoredEvent, void, undefined> {
  const { signal } = options;
  if (signal?.aborted) return;
  const channel = openChannel(parts, scope, options.resourceVersion);
  if (channel === undefined) {
    const error = expiredWatch(Number(options.resourceVersion), parts.store.forgotten);
    if (parts.expiredAs === "error") throw error;
    yield { type: "ERROR", code: error.code, reason: error.reason, message: error.message };
    return;
  }
  const close = (): void => parts.hub.close(channel);
  const cancelTimers = armTimers(parts, channel, options);
  signal?.addEventListener("abort", close, { once: true });
  try {
    for (let event = await channel.next(); event !== undefined; event = await channel.next()) {
      if (signal?.aborted) return;
      yield event;
    }
  } finally {
    cancelTimers();
    signal?.removeEventListener("abort", close);
    close();
  }
}

/** Undefined when the version is too old. */
function openChannel(
  { store, hub }: WatchParts,
  scope: Omit<WatchScope, "after">,
  version: string,
): WatchChannel | undefined {
  if (version === "" || version === "0") {
    const channel = hub.open({ ...scope, after: store.version }, []);
    for (const [, object] of store.snapshot(scope.table, store.version) ?? []) {
      if (scope.selects(object)) channel.push({ type: "ADDED", object });
    }
    return channel;
  }
  const from = /^[0-9]+$/.test(version) ? Number(version) : Number.NaN;
  if (Number.isNaN(from)) {
    throw new KubeError(500, "Unknown", `resourceVersion: Invalid value: ${JSON.stringify(version)}: invalid syntax`);
  }
  const missed = store.since(from);
  return missed === undefined ? undefined : hub.open({ ...scope, after: from }, missed);
}

function armTimers(parts: WatchParts, channel: WatchChannel, options: WatchOptions): () => void {
  const { store, schedule, bookmarkEveryMs } = parts;
  const cancels = new Map<string, () => void>();
  const bookmark = (): void => channel.push({ type: "BOOKMARK", resourceVersion: String(store.version) });
  const repeat = (): void => {
    cancels.set(
      "bookmark",
      schedule(bookmarkEveryMs, () => (bookmark(), repeat())),
    );
  };
  if (options.allowWatchBookmarks) repeat();
  if (options.timeoutSeconds !== undefined) {
    const end = options.timeoutSeconds * 1000;
    if (options.allowWatchBookmarks) {
      cancels.set("last bookmark", schedule(Math.max(0, end - BOOKMARK_BEFORE_END_MS), bookmark));
    }
    cancels.set(
      "end",
      schedule(end, () => channel.end()),
    );
  }
  return () => {
    for (const cancel of cancels.values()) cancel();
  };
}

export function selectsNamespace(namespace: string | undefined): (object: Stored) => boolean {
  return (object) => namespace === undefined || object.metadata.namespace === namespace;
}
