// The API server as one process sees it that may crash: after the drop of its clock no answer and no event reaches it any more.

import type { KubeObject } from "@karpenter-multicloud/core/api";
import type { KubeClient, WatchEvent } from "@karpenter-multicloud/core/kube";
import type { ForkedClock } from "@karpenter-multicloud/core/testing";

/** A request that was on its way has its effect; one made after the drop never arrives. */
export function crashableKube(kube: KubeClient, process: ForkedClock): KubeClient {
  const call = async <R>(request: () => Promise<R>): Promise<R> => {
    if (process.dropped) return never();
    try {
      const answer = await request();
      return process.dropped ? await never() : answer;
    } catch (error) {
      if (process.dropped) return never();
      throw error;
    }
  };
  return {
    get: (resource, key, options) => call(() => kube.get(resource, key, options)),
    list: (resource, options) => call(() => kube.list(resource, options)),
    watch: (resource, options) => whileAlive(kube.watch(resource, options), process),
    create: (resource, object, options) => call(() => kube.create(resource, object, options)),
    update: (resource, object, options) => call(() => kube.update(resource, object, options)),
    patch: (resource, key, patch, options) => call(() => kube.patch(resource, key, patch, options)),
    updateStatus: (resource, object, options) => call(() => kube.updateStatus(resource, object, options)),
    patchStatus: (resource, key, patch, options) => call(() => kube.patchStatus(resource, key, patch, options)),
    delete: (resource, key, options) => call(() => kube.delete(resource, key, options)),
    evict: (key, options) => call(() => kube.evict(key, options)),
    bind: (key, nodeName, options) => call(() => kube.bind(key, nodeName, options)),
  };
}

async function* whileAlive<T extends KubeObject>(
  events: AsyncIterable<WatchEvent<T>>,
  process: ForkedClock,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  for await (const event of events) {
    if (process.dropped) await never();
    yield event;
  }
  if (process.dropped) await never();
}

function never(): Promise<never> {
  return new Promise(() => {});
}
