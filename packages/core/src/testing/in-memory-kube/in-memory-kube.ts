// An API server in memory. It answers as kube-apiserver v1.36 does for everything we use, and refuses loudly what it does not imitate.

import {
  Events,
  Namespaces,
  PodDisruptionBudgets,
  type CustomResource,
  type KubeObject,
  type Resource,
} from "../../api/index.ts";
import {
  keyOf,
  keyText,
  KubeError,
  type CallOptions,
  type DeleteOptions,
  type KubeClient,
  type ListOptions,
  type ObjectKey,
  type ObjectList,
  type Patch,
  type WatchEvent,
  type WatchOptions,
} from "../../kube/index.ts";
import { badRequest, notFound } from "./answers.ts";
import { bindPod } from "./binding.ts";
import { Catalog } from "./catalog.ts";
import { Deleter } from "./deletion.ts";
import { evictPod } from "./eviction.ts";
import { parseFieldSelector } from "./field-selector.ts";
import { deepFreeze, toDraft, type Stored } from "./json.ts";
import { labelTestOf } from "./label-selector.ts";
import type { KindRules } from "./kind-rules.ts";
import { cutPage } from "./paging.ts";
import { applyPatch } from "./patching.ts";
import { podRules } from "./pods.ts";
import { Store } from "./store.ts";
import { WatchHub, type ObjectTest } from "./watch-hub.ts";
import { selectsNamespace, watchObjects, type Schedule } from "./watching.ts";
import { Writer, type Part } from "./writer.ts";

export type KubeVerb = keyof KubeClient;

/** One request, seen before and after it had its effect. A hook that throws makes the request fail there. */
export interface KubeCall {
  readonly phase: "before" | "after";
  readonly verb: KubeVerb;
  readonly resource: Resource;
  /** Absent for list and watch; without a name for generateName. */
  readonly key?: ObjectKey;
}

export type FaultHook = (call: KubeCall) => Promise<void> | void;

export interface InMemoryKubeOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly customResources: readonly CustomResource[];
  /** Changes kept for watches and pages. @defaultValue 10_000 */
  readonly historyLimit?: number;
  /** Milliseconds between bookmarks of a watch that asked for them. @defaultValue 60_000 */
  readonly bookmarkEvery?: number;
  /** Ends watches at their timeout and sends bookmarks. @defaultValue real timers */
  readonly schedule?: Schedule;
  /** How a watch from a forgotten version is told so. @defaultValue "event" */
  readonly expiredWatchAs?: "event" | "error";
  /** Milliseconds an Event is kept. @defaultValue one hour */
  readonly eventsKeptFor?: number;
  readonly faults?: FaultHook;
}

const FIRST_NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"];
const SYSTEM_PRIORITIES: ReadonlyMap<string, number> = new Map([
  ["system-cluster-critical", 2_000_000_000],
  ["system-node-critical", 2_000_001_000],
]);
const PRIORITY_CLASSES: Resource = {
  group: "scheduling.k8s.io",
  version: "v1",
  kind: "PriorityClass",
  plural: "priorityclasses",
  namespaced: false,
};
const HOUR_MS = 3_600_000;

export class InMemoryKube implements KubeClient {
  /** May be set at any time. */
  faults: FaultHook | undefined;
  readonly #options: InMemoryKubeOptions;
  readonly #store: Store;
  readonly #hub: WatchHub;
  readonly #catalog: Catalog;
  readonly #writer: Writer;
  readonly #deleter: Deleter;

  constructor(options: InMemoryKubeOptions) {
    const { now, customResources, historyLimit = 10_000 } = options;
    this.#options = options;
    this.#store = new Store(historyLimit);
    this.#hub = new WatchHub(this.#store);
    this.#catalog = new Catalog(customResources);
    this.#deleter = new Deleter(this.#store, now);
    const priorityOf = (name: string): number | undefined => this.#priorityOf(name);
    this.#writer = new Writer(this.#store, { now, priorityOf });
    for (const name of FIRST_NAMESPACES) {
      this.#writer.create(this.#catalog.find(Namespaces), { metadata: { name } });
    }
    for (const [name, value] of SYSTEM_PRIORITIES) {
      const preset = { metadata: { name }, value } as KubeObject;
      this.#writer.create(this.#catalog.find(PRIORITY_CLASSES), preset);
    }
    this.faults = options.faults;
  }

  /** Ends every open watch cleanly, as a restarted server does. */
  dropWatches(): void {
    this.#hub.closeAll();
  }

  /** Forgets old versions: watches that resume and pages that continue from before now get 410. */
  expireHistory(): void {
    this.#store.forgetHistory();
  }

  /** Defines one more custom resource. */
  define(definition: CustomResource): void {
    this.#catalog.add(definition);
  }

  /** Removes a custom resource with all its objects; watches of it end. */
  undefine(resource: Resource): void {
    const rules = this.#catalog.find(resource);
    for (const object of this.#store.all(rules.id)) this.#store.remove(rules.id, keyText(keyOf(object)));
    this.#catalog.remove(resource);
    this.dropWatches();
  }

  /** Watches that are open now. */
  get openWatches(): number {
    return this.#hub.size;
  }

  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options: CallOptions = {}): Promise<T> {
    return this.#call({ verb: "get", resource, key }, options, (rules) => {
      const object = this.#store.get(rules.id, keyText(checkedKey(rules, key)));
      if (object === undefined) throw notFound(rules, key.name);
      return object as unknown as T;
    });
  }

  list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ObjectList<T>> {
    return this.#call({ verb: "list", resource }, options, (rules) => {
      const page = cutPage(this.#store, rules.id, selectorOf(rules, options), options);
      return { ...page, items: page.items.map((item) => listed(rules, item) as unknown as T) };
    });
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    if (options.signal?.aborted) return;
    await this.faults?.({ phase: "before", verb: "watch", resource });
    const rules = this.#catalog.find(resource);
    const { schedule = realTimer, bookmarkEvery = 60_000, expiredWatchAs = "event" } = this.#options;
    const parts = {
      store: this.#store,
      hub: this.#hub,
      schedule,
      bookmarkEveryMs: bookmarkEvery,
      expiredAs: expiredWatchAs,
    };
    const scope = { table: rules.id, selects: selectorOf(rules, options) };
    for await (const event of watchObjects(parts, scope, options)) yield event as unknown as WatchEvent<T>;
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    return this.#call({ verb: "create", resource, key: keyOf(object) }, options, (rules) => {
      return this.#writer.create(rules, object) as unknown as T;
    });
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    return this.#replace("update", "main", { resource, object, options });
  }

  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, options: CallOptions = {}): Promise<T> {
    return this.#replace("updateStatus", "status", { resource, object, options });
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#patch("patch", "main", { resource, key, patch, options });
  }

  patchStatus<T extends KubeObject>(
    resource: Resource<T>,
    key: ObjectKey,
    patch: Patch,
    options: CallOptions = {},
  ): Promise<T> {
    return this.#patch("patchStatus", "status", { resource, key, patch, options });
  }

  delete<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    return this.#call({ verb: "delete", resource, key }, options, (rules) =>
      this.#deleter.delete(rules, checkedKey(rules, key), options),
    );
  }

  evict(
    key: ObjectKey,
    options: CallOptions & { readonly preconditions?: { readonly uid?: string } } = {},
  ): Promise<void> {
    return this.#call({ verb: "evict", resource: podRules.resource, key }, options, (pods) => {
      const budgets = this.#catalog.find(PodDisruptionBudgets);
      const parts = { store: this.#store, deleter: this.#deleter, pods, budgets, now: this.#options.now };
      evictPod(parts, checkedKey(pods, key), options.preconditions ?? {});
    });
  }

  bind(key: ObjectKey, nodeName: string, options: CallOptions = {}): Promise<void> {
    return this.#call({ verb: "bind", resource: podRules.resource, key }, options, (pods) =>
      bindPod(this.#store, checkedKey(pods, key), nodeName, this.#options.now()),
    );
  }

  #replace<T extends KubeObject>(
    verb: KubeVerb,
    part: Part,
    { resource, object, options }: { resource: Resource<T>; object: T; options: CallOptions },
  ): Promise<T> {
    const key = keyOf(object);
    return this.#call({ verb, resource, key }, options, (rules) => {
      checkStatus(rules, part);
      const next = (): ReturnType<typeof toDraft> => toDraft(object);
      return this.#writer.update(rules, checkedKey(rules, key), { part, next, replaces: true }) as unknown as T;
    });
  }

  #patch<T extends KubeObject>(
    verb: KubeVerb,
    part: Part,
    { resource, key, patch, options }: { resource: Resource<T>; key: ObjectKey; patch: Patch; options: CallOptions },
  ): Promise<T> {
    return this.#call({ verb, resource, key }, options, (rules) => {
      checkStatus(rules, part);
      const next = (current: Stored): ReturnType<typeof toDraft> => applyPatch(current, patch, rules);
      return this.#writer.update(rules, checkedKey(rules, key), { part, next, replaces: false }) as unknown as T;
    });
  }

  /** One request: aborted, failed on purpose, or done. What it does happens in one piece. */
  async #call<R>(call: Omit<KubeCall, "phase">, { signal }: CallOptions, effect: (rules: KindRules) => R): Promise<R> {
    signal?.throwIfAborted();
    await this.faults?.({ phase: "before", ...call });
    signal?.throwIfAborted();
    if (call.resource.kind === Events.kind) this.#forgetOldEvents();
    const result = effect(this.#catalog.find(call.resource));
    await this.faults?.({ phase: "after", ...call });
    return result;
  }

  #forgetOldEvents(): void {
    const { id } = this.#catalog.find(Events);
    const before = this.#options.now() - (this.#options.eventsKeptFor ?? HOUR_MS);
    for (const event of this.#store.all(id)) {
      // Events are stored in the order of their creation; the first one that is young enough ends the search.
      if (Date.parse(event.metadata.creationTimestamp ?? "") >= before) return;
      this.#store.remove(id, keyText(keyOf(event)));
    }
  }

  #priorityOf(className: string): number | undefined {
    const found = this.#store.get(this.#catalog.find(PRIORITY_CLASSES).id, className);
    return found === undefined ? undefined : Number(found["value"]);
  }
}

function selectorOf(rules: KindRules, options: ListOptions | WatchOptions): ObjectTest {
  const inNamespace = selectsNamespace(rules.resource.namespaced ? options.namespace : undefined);
  const labels = labelTestOf(options.labelSelector);
  const fields = parseFieldSelector(options.fieldSelector, rules);
  return (object) => inNamespace(object) && labels(object.metadata.labels ?? {}) && fields(object);
}

function checkStatus(rules: KindRules, part: Part): void {
  if (part === "main" || rules.status) return;
  throw new KubeError(404, "NotFound", "the server could not find the requested resource");
}

function checkedKey(rules: KindRules, { name, namespace }: ObjectKey): ObjectKey {
  if (name === "") throw badRequest("a name is required");
  if (!rules.resource.namespaced) return { name };
  if (namespace === undefined) throw badRequest(`${rules.id} are in a namespace, and none was given`);
  return { name, namespace };
}

/** Built-in kinds come without apiVersion and kind in a list, as they do from the real server. */
function listed(rules: KindRules, object: Stored): Stored {
  if (rules.custom) return object;
  const { apiVersion: _, kind: __, ...rest } = object;
  return deepFreeze(rest);
}

function realTimer(ms: number, callback: () => void): () => void {
  // oxlint-disable-next-line no-restricted-globals -- this is the adapter to real time; tests hand in their own
  const timer = setTimeout(callback, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
