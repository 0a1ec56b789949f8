// A KubeClient that dies with its life: every call and every event of a watch passes two crash points.

import type { KubeObject, Resource } from "@karpenter-multicloud/core/api";
import { keyOf, keyText } from "@karpenter-multicloud/core/kube";
import type {
  CallOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectKey,
  ObjectList,
  Patch,
  WatchEvent,
  WatchOptions,
} from "@karpenter-multicloud/core/kube";
import type { CrashPoints } from "./crash-points.ts";

export class MortalClient implements KubeClient {
  readonly #client: KubeClient;
  readonly #points: CrashPoints;
  /** Aborted at death: a server notices that the connections of a dead process are closed. */
  readonly #gone: AbortSignal;

  constructor(client: KubeClient, points: CrashPoints, gone: AbortSignal) {
    this.#client = client;
    this.#points = points;
    this.#gone = gone;
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T> {
    return this.#call("get", resource, keyText(key), () => this.#client.get(resource, key, options));
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#call("list", resource, "", () => this.#client.list(resource, options));
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    const signal = options.signal === undefined ? this.#gone : AbortSignal.any([options.signal, this.#gone]);
    return {
      [Symbol.asyncIterator]: () => {
        const events = this.#client.watch(resource, { ...options, signal })[Symbol.asyncIterator]();
        return {
          next: () => this.#call("watch", resource, "", () => events.next()),
          return: async () => {
            await events.return?.();
            return { done: true, value: undefined };
          },
        };
      },
    };
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T> {
    const name = object.metadata.name ?? `${object.metadata.generateName ?? ""}…`;
    return this.#call("create", resource, name, () => this.#client.create(resource, object, options));
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T> {
    return this.#call("update", resource, keyText(keyOf(object)), () => this.#client.update(resource, object, options));
  }

  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options?: CallOptions): Promise<T> {
    return this.#call("patch", resource, keyText(key), () => this.#client.patch(resource, key, patch, options));
  }

  delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<void> {
    return this.#call("delete", resource, keyText(key), () => this.#client.delete(resource, key, options));
  }

  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T> {
    return this.#call("updateStatus", resource, keyText(keyOf(object)), () =>
      this.#client.updateStatus(resource, object, options),
    );
  }

  patchStatus<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options?: CallOptions,
  ): Promise<T> {
    return this.#call("patchStatus", resource, keyText(key), () =>
      this.#client.patchStatus(resource, key, patch, options),
    );
  }

  evict(key: ObjectKey, options?: Parameters<KubeClient["evict"]>[1]): Promise<void> {
    return this.#points.around({ name: `evict Pod ${keyText(key)}` }, () => this.#client.evict(key, options));
  }

  bind(key: ObjectKey, nodeName: string, options?: CallOptions): Promise<void> {
    return this.#points.around({ name: `bind Pod ${keyText(key)}` }, () => this.#client.bind(key, nodeName, options));
  }

  #call<R, T extends KubeObject>(
    verb: string,
    resource: Resource<T>,
    object: string,
    work: () => Promise<R>,
  ): Promise<R> {
    return this.#points.around({ name: `${verb} ${resource.kind} ${object}`.trimEnd() }, work);
  }
}
