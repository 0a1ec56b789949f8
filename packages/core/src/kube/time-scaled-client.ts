// A client for a process whose clock runs faster than the cluster's: every instant in an object is read in our time and written in the cluster's.

import type { KubeObject, Resource } from "../api/index.ts";
import type { ScaledClock } from "../runtime/index.ts";
import type { KubeClient, ObjectList, WatchEvent, WatchOptions } from "./client.ts";

type Times = Pick<ScaledClock, "fromReal" | "toReal">;

/** Ages stay comparable with our durations; what Kubernetes itself counts (leases, watches, grace periods) is not touched. */
export function createTimeScaledClient(client: KubeClient, times: Times): KubeClient {
  const read = <T>(object: T): T => mapped(object, (at) => times.fromReal(at)) as T;
  const written = <T>(object: T): T => mapped(object, (at) => times.toReal(at)) as T;
  return {
    get: async (resource, key, options) => read(await client.get(resource, key, options)),
    list: async <T extends KubeObject>(resource: Resource<T>, options = {}) =>
      read<ObjectList<T>>(await client.list(resource, options)),
    watch: (resource, options) => watchInOurTime(client, resource, options, read),
    create: async (resource, object, options) => read(await client.create(resource, written(object), options)),
    update: async (resource, object, options) => read(await client.update(resource, written(object), options)),
    patch: async (resource, key, patch, options) => read(await client.patch(resource, key, written(patch), options)),
    delete: (resource, key, options) => client.delete(resource, key, options),
    updateStatus: async (resource, object, options) =>
      read(await client.updateStatus(resource, written(object), options)),
    patchStatus: async (resource, key, patch, options) =>
      read(await client.patchStatus(resource, key, written(patch), options)),
    evict: (key, options) => client.evict(key, options),
    bind: (key, nodeName, options) => client.bind(key, nodeName, options),
  };
}

async function* watchInOurTime<T extends KubeObject>(
  client: KubeClient,
  resource: Resource<T>,
  options: WatchOptions,
  read: <V>(value: V) => V,
): AsyncIterable<WatchEvent<T>> {
  for await (const event of client.watch(resource, options)) {
    yield "object" in event ? { ...event, object: read(event.object) } : event;
  }
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** With milliseconds where there are any: a second of the cluster's is a minute of ours. */
function mapped(value: unknown, map: (at: number) => number): unknown {
  if (typeof value === "string") {
    if (!INSTANT.test(value)) return value;
    return new Date(Math.round(map(Date.parse(value)))).toISOString().replace(".000Z", "Z");
  }
  if (Array.isArray(value)) return value.map((item: unknown) => mapped(item, map));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapped(item, map)]));
}
