// The KubeClient on a real API server: raw JSON over HTTP, one request per call.

import { apiVersionOf, type KubeObject, type Resource } from "../../api/index.ts";
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
} from "../client.ts";
import { keyOf, keyText } from "../client.ts";
import type { ApiCall } from "./api-call.ts";
import { isRecord } from "./status-error.ts";
import { collectionPath, objectPath, queryText } from "./request-path.ts";
import type { RequestSender } from "./request-sender.ts";

/** Owner of the fields we write (RT-18). */
const FIELD_MANAGER = "karpenter";
const WRITE_QUERY = queryText({ fieldManager: FIELD_MANAGER });

/** Never left to a default: a merge patch read as a JSON patch is refused at best (RT-16). */
const PATCH_TYPE: Readonly<Record<Patch["type"], string>> = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

export class RestKubeClient implements KubeClient {
  readonly #sender: RequestSender;

  constructor(sender: RequestSender) {
    this.#sender = sender;
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options: CallOptions = {}): Promise<T> {
    return this.#call<T>("get", resource, key, { method: "GET", path: objectPath(resource, key) }, options);
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    const { namespace, labelSelector, fieldSelector, limit, signal } = options;
    const query = queryText({ labelSelector, fieldSelector, limit, continue: options.continue });
    const path = collectionPath(resource, namespace) + query;
    const answer = await this.#sender.send({ what: `list ${resource.plural}`, resource, method: "GET", path, signal });
    return toObjectList(resource, answer);
  }

  watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    const { namespace, labelSelector, fieldSelector, resourceVersion, allowWatchBookmarks, timeoutSeconds } = options;
    const filter = { labelSelector, fieldSelector, resourceVersion, allowWatchBookmarks, timeoutSeconds };
    const path = collectionPath(resource, namespace) + queryText({ watch: true, ...filter });
    const what = `watch ${resource.plural}`;
    return this.#sender.stream<T>({ what, resource, method: "GET", path, signal: options.signal });
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    const key = namedKey(object);
    const { namespace } = object.metadata;
    if (resource.namespaced && !namespace)
      throw new TypeError(`create ${resource.plural} ${key.name} needs a namespace`);
    const path = collectionPath(resource, namespace) + WRITE_QUERY;
    return this.#call<T>("create", resource, key, { method: "POST", path, body: withType(resource, object) }, options);
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    return this.#replace("update", resource, object, undefined, options);
  }

  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    return this.#replace("update status of", resource, object, statusOf(resource), options);
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#patch("patch", resource, key, patch, undefined, options);
  }

  patchStatus<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#patch("patch status of", resource, key, patch, statusOf(resource), options);
  }

  async delete<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions = {},
  ): Promise<void> {
    const { preconditions, gracePeriodSeconds, propagationPolicy = "Background" } = options;
    const body = {
      apiVersion: "v1",
      kind: "DeleteOptions",
      propagationPolicy,
      ...(preconditions === undefined ? {} : { preconditions }),
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    };
    await this.#call("delete", resource, key, { method: "DELETE", path: objectPath(resource, key), body }, options);
  }

  async evict(
    key: ObjectKey,
    options: CallOptions & { readonly preconditions?: { readonly uid?: string } } = {},
  ): Promise<void> {
    const { preconditions } = options;
    const body = {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: key,
      ...(preconditions === undefined ? {} : { deleteOptions: { preconditions } }),
    };
    const subresource = "eviction";
    const path = podPath(key, subresource);
    await this.#call("evict", PODS, key, { method: "POST", path, body, subresource }, options);
  }

  async bind(key: ObjectKey, nodeName: string, options: CallOptions = {}): Promise<void> {
    const target = { apiVersion: "v1", kind: "Node", name: nodeName };
    const body = { apiVersion: "v1", kind: "Binding", metadata: key, target };
    const subresource = "binding";
    const path = podPath(key, subresource);
    await this.#call("bind", PODS, key, { method: "POST", path, body, subresource }, options);
  }

  #replace<T extends KubeObject>(
    verb: string,
    resource: Resource<T>,
    object: T,
    subresource: string | undefined,
    options: CallOptions,
  ): Promise<T> {
    const key = keyOf(object);
    const path = objectPath(resource, key, subresource) + WRITE_QUERY;
    const body = withType(resource, object);
    return this.#call<T>(
      verb,
      resource,
      key,
      { method: "PUT", path, body, ...(subresource && { subresource }) },
      options,
    );
  }

  #patch<T extends KubeObject>(
    verb: string,
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    subresource: string | undefined,
    options: CallOptions,
  ): Promise<T> {
    const path = objectPath(resource, key, subresource) + WRITE_QUERY;
    const contentType = PATCH_TYPE[patch.type];
    const call = { method: "PATCH", path, body: patch.body, contentType } as const;
    return this.#call<T>(verb, resource, key, { ...call, ...(subresource && { subresource }) }, options);
  }

  async #call<T>(
    verb: string,
    resource: Resource,
    key: ObjectKey,
    call: Pick<ApiCall, "method" | "path" | "body" | "contentType" | "subresource">,
    { signal }: CallOptions,
  ): Promise<T> {
    const what = `${verb} ${resource.plural} ${keyText(key)}`;
    return (await this.#sender.send({ ...call, what, resource, signal })) as T;
  }
}

const PODS: Resource = { group: "", version: "v1", kind: "Pod", plural: "pods", namespaced: true };

function statusOf({ statusSubresource = "status" }: Resource): string {
  return statusSubresource;
}

function podPath(key: ObjectKey, subresource: string): string {
  return objectPath(PODS, key, subresource) + WRITE_QUERY;
}

/** Objects may be created by a name prefix alone. */
function namedKey(object: KubeObject): ObjectKey {
  const { name, generateName = "", namespace } = object.metadata;
  return { name: name ?? `${generateName}*`, ...(namespace === undefined ? {} : { namespace }) };
}

/** Custom resources are refused without; what the caller says itself is the server's to judge. */
function withType<T extends KubeObject>(resource: Resource<T>, object: T): T {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
}

/** Items of built-in kinds come without apiVersion and kind; watch events have them, so lists get them too. */
function toObjectList<T extends KubeObject>(resource: Resource<T>, answer: unknown): ObjectList<T> {
  const list = isRecord(answer) ? answer : {};
  const metadata = isRecord(list["metadata"]) ? list["metadata"] : {};
  const items = Array.isArray(list["items"]) ? (list["items"] as readonly T[]) : [];
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  const { continue: token, resourceVersion } = metadata;
  return {
    items: items.map((item) => ({ ...type, ...item })),
    resourceVersion: typeof resourceVersion === "string" ? resourceVersion : "",
    ...(typeof token === "string" && token !== "" ? { continue: token } : {}),
  };
}
