// A client whose writes pass the gate and whose answers the cache sees at once (RT-11).

import type { KubeObject, Resource } from "../api/index.ts";
import { Pods } from "../api/index.ts";
import type { ActionGate } from "../runtime/index.ts";
import type { KubeCache } from "./cache.ts";
import { keyText, type CallOptions, type DeleteOptions, type KubeClient, type ObjectKey } from "./client.ts";
import { isForNamesake, isNotFound, KubeError } from "./errors.ts";

export interface GatedClientParts {
  readonly client: KubeClient;
  readonly gate: ActionGate;
  readonly cache: KubeCache;
}

/** Verbs are the method names; the subject is `Kind namespace/name`. */
export function createGatedClient(parts: GatedClientParts): KubeClient {
  return new GatedClient(parts);
}

class GatedClient implements KubeClient {
  readonly #client: KubeClient;
  readonly #gate: ActionGate;
  readonly #cache: KubeCache;

  constructor({ client, gate, cache }: GatedClientParts) {
    this.#client = client;
    this.#gate = gate;
    this.#cache = cache;
  }

  get: KubeClient["get"] = (resource, key, options) => this.#client.get(resource, key, options);
  list: KubeClient["list"] = (resource, options) => this.#client.list(resource, options);
  watch: KubeClient["watch"] = (resource, options) => this.#client.watch(resource, options);
  bind: KubeClient["bind"] = (key, nodeName, options) => this.#client.bind(key, nodeName, options);

  create: KubeClient["create"] = (resource, object, options) =>
    this.#write(resource, ["create", nameOf(object)], () => this.#client.create(resource, object, options));

  update: KubeClient["update"] = (resource, object, options) =>
    this.#write(resource, ["update", nameOf(object)], () => this.#client.update(resource, object, options));

  patch: KubeClient["patch"] = (resource, key, patch, options) =>
    this.#write(resource, ["patch", keyText(key)], () =>
      this.#client.patch(resource, key, patch, options).catch(tellNamesake),
    );

  updateStatus: KubeClient["updateStatus"] = (resource, object, options) =>
    this.#write(resource, ["updateStatus", nameOf(object)], () => this.#client.updateStatus(resource, object, options));

  patchStatus: KubeClient["patchStatus"] = (resource, key, patch, options) =>
    this.#write(resource, ["patchStatus", keyText(key)], () => this.#client.patchStatus(resource, key, patch, options));

  evict: KubeClient["evict"] = (key, options) =>
    this.#gate.run({ target: "cluster", verb: "evict", subject: `${Pods.kind} ${keyText(key)}` }, () =>
      this.#client.evict(key, options),
    );

  async delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: DeleteOptions): Promise<void> {
    const action = { target: "cluster", verb: "delete", subject: `${resource.kind} ${keyText(key)}` } as const;
    const known = this.#cache.peek(resource, key);
    await this.#gate.run(action, () => this.#client.delete(resource, key, options));
    if (known === undefined) return;
    if (goesAtOnce(resource, known, options)) this.#cache.forget(resource, known);
    else await this.#readAgain(resource, key, known, options);
  }

  /** A deletion answers nothing, so the mark it left is read. The watch tells in any case: failing here fails nothing. */
  async #readAgain<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    known: T,
    { signal }: CallOptions = {},
  ): Promise<void> {
    try {
      const left = await this.#client.get(resource, key, signal === undefined ? {} : { signal });
      if (left.metadata.uid === known.metadata.uid) this.#cache.apply(resource, left);
    } catch (error) {
      if (isNotFound(error)) this.#cache.forget(resource, known);
    }
  }

  async #write<T extends KubeObject>(
    resource: Resource<T>,
    [verb, name]: readonly [string, string],
    write: () => Promise<T>,
  ): Promise<T> {
    const stored = await this.#gate.run({ target: "cluster", verb, subject: `${resource.kind} ${name}` }, write);
    this.#cache.apply(resource, stored);
    return stored;
  }
}

/** What was seen is not there any more: the same answer as to a version that is not, or to a deletion that names the uid (RT-15, RT-21). */
function tellNamesake(error: unknown): never {
  if (!isForNamesake(error)) throw error;
  throw new KubeError(409, "Conflict", error.message, { cause: error });
}

/** Whether a deletion removes the object itself and not only marks it. When in doubt the watch tells. */
function goesAtOnce(resource: Resource, object: KubeObject, options: DeleteOptions = {}): boolean {
  const policy = options.propagationPolicy ?? "Background";
  if ((object.metadata.finalizers ?? []).length > 0 || policy !== "Background") return false;
  if (resource.group === "" && resource.kind === "Namespace") return false;
  if (resource.group === "" && resource.kind === "Pod") return options.gracePeriodSeconds === 0;
  return true;
}

function nameOf({ metadata }: KubeObject): string {
  const { name = `${metadata.generateName ?? ""}*`, namespace } = metadata;
  return keyText(namespace === undefined ? { name } : { name, namespace });
}
