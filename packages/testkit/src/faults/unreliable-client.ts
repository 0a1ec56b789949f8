// A KubeClient whose server, or the way to it, does what ApiFaults says.

import type { KubeObject, Resource } from "@karpenter-multicloud/core/api";
import { KubeError, keyOf, keyText } from "@karpenter-multicloud/core/kube";
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
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { milliseconds } from "@karpenter-multicloud/core/units";
import type { ApiFaults } from "./api-faults.ts";

export class UnreliableClient implements KubeClient {
  readonly #client: KubeClient;
  readonly #faults: ApiFaults;
  readonly #clock: Pick<Clock, "sleep">;

  constructor(client: KubeClient, faults: ApiFaults, clock: Pick<Clock, "sleep">) {
    this.#client = client;
    this.#faults = faults;
    this.#clock = clock;
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T> {
    return this.#read(`get ${resource.kind} ${keyText(key)}`, () => this.#client.get(resource, key, options));
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<ObjectList<T>> {
    return this.#read(`list ${resource.kind}`, () => this.#client.list(resource, options));
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const what = `watch ${resource.kind}`;
    this.#faults.beforeCall(what);
    const { signal } = options;
    for await (const event of this.#client.watch(resource, options)) {
      const delay = this.#faults.watchDelay();
      if (delay > 0) await this.#clock.sleep(milliseconds(delay), signal === undefined ? {} : { signal });
      switch (this.#faults.watchFate()) {
        case "closed":
          return;
        case "broken":
          throw new KubeError(0, "Unknown", `${what}: connection reset`);
        case "expired":
          yield { type: "ERROR", code: 410, reason: "Expired", message: "too old resource version" };
          return;
        case "delivered":
          yield event;
      }
    }
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T> {
    const name = object.metadata.name ?? `${object.metadata.generateName ?? ""}…`;
    return this.#write(`create ${resource.kind} ${name}`, () => this.#client.create(resource, object, options));
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T> {
    return this.#change("update", resource, keyOf(object), () => this.#client.update(resource, object, options));
  }

  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options?: CallOptions): Promise<T> {
    return this.#change("patch", resource, key, () => this.#client.patch(resource, key, patch, options));
  }

  delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<void> {
    return this.#change("delete", resource, key, () => this.#client.delete(resource, key, options));
  }

  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T> {
    return this.#change("updateStatus", resource, keyOf(object), () =>
      this.#client.updateStatus(resource, object, options),
    );
  }

  patchStatus<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options?: CallOptions,
  ): Promise<T> {
    return this.#change("patchStatus", resource, key, () => this.#client.patchStatus(resource, key, patch, options));
  }

  evict(key: ObjectKey, options?: Parameters<KubeClient["evict"]>[1]): Promise<void> {
    return this.#write(`evict Pod ${keyText(key)}`, () => this.#client.evict(key, options));
  }

  bind(key: ObjectKey, nodeName: string, options?: CallOptions): Promise<void> {
    return this.#write(`bind Pod ${keyText(key)}`, () => this.#client.bind(key, nodeName, options));
  }

  async #read<R>(what: string, work: () => Promise<R>): Promise<R> {
    this.#faults.beforeCall(what);
    return await work();
  }

  async #write<R>(what: string, work: () => Promise<R>): Promise<R> {
    this.#faults.beforeCall(what);
    const answer = await work();
    this.#faults.afterWrite(what);
    return answer;
  }

  #change<R>(verb: string, resource: Resource, key: ObjectKey, work: () => Promise<R>): Promise<R> {
    const what = `${verb} ${resource.kind} ${keyText(key)}`;
    return this.#write(what, async () => {
      this.#faults.beforeChange(what);
      return await work();
    });
  }
}
