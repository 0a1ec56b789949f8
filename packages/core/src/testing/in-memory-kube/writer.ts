// How a write becomes a stored object: the steps are those of the real server, in its order.

import { apiVersionOf, jsonEqual, type KubeObject } from "../../api/index.ts";
import { keyText, type ObjectKey } from "../../kube/index.ts";
import { alreadyExists, badRequest, conflict, forbidden, invalid, notFound, refuses } from "./answers.ts";
import { copyJson, deepFreeze, objectAt, replaceField, toDraft, type Draft, type Stored } from "./json.ts";
import type { KindRules, Surroundings } from "./kind-rules.ts";
import { dropEmptyMeta, fillSystemMeta, generatedName, keepSystemMeta, uidOf, validateMeta } from "./object-meta.ts";
import type { Store } from "./store.ts";

/** The part of an object that a write is about; everything else in it is dropped without a word (RT-19). */
export type Part = "main" | "status";

export interface Change {
  readonly part: Part;
  /** The wish, from the object that is stored now. */
  readonly next: (current: Stored) => Draft;
  /** A whole object was sent, not a patch. */
  readonly replaces: boolean;
}

const NAMESPACES = "namespaces";
const NAME_ATTEMPTS = 8;

export class Writer {
  readonly #store: Store;
  readonly #around: Surroundings;
  #uids = 0;
  #names = 0;

  constructor(store: Store, around: Surroundings) {
    this.#store = store;
    this.#around = around;
  }

  create(rules: KindRules, object: KubeObject): Stored {
    const draft = this.#decoded(rules, toDraft(object));
    const { name, generateName } = draft.metadata;
    if (name || !generateName) return this.#insert(rules, draft);
    for (let attempt = 1; ; attempt++) {
      const named = copyJson(draft) as Draft;
      named.metadata.name = generatedName(generateName, ++this.#names);
      if (attempt === NAME_ATTEMPTS || this.#store.get(rules.id, rowOf(named)) === undefined) {
        return this.#insert(rules, named);
      }
    }
  }

  update(rules: KindRules, key: ObjectKey, change: Change): Stored {
    const row = keyText(key);
    const current = this.#store.get(rules.id, row);
    if (current === undefined) {
      if (!(rules.createOnUpdate && change.replaces && change.part === "main")) throw notFound(rules, key.name);
      return this.create(rules, change.next({ metadata: {} }));
    }
    const draft = this.#decoded(rules, change.next(current));
    this.#checkIdentity(rules, draft, current, change);
    this.#checkVersion(rules, draft, current);
    keepSystemMeta(draft.metadata, current.metadata);
    if (change.part === "status") keepMain(rules, draft, current);
    else keepStatus(rules, draft, current);
    dropEmptyMeta(draft.metadata);
    this.#validate(rules, draft, current);
    return this.#commit(rules, row, draft, current);
  }

  #insert(rules: KindRules, draft: Draft): Stored {
    this.#checkNamespace(rules, draft);
    fillSystemMeta(draft.metadata, rules, uidOf(++this.#uids), this.#around.now());
    rules.admit?.(draft, this.#around);
    rules.prepareCreate?.(draft, this.#around);
    dropEmptyMeta(draft.metadata);
    this.#validate(rules, draft, undefined);
    const row = rowOf(draft);
    const there = this.#store.get(rules.id, row);
    if (there !== undefined) {
      throw alreadyExists(rules, draft.metadata.name ?? "", there.metadata.deletionTimestamp !== undefined);
    }
    return this.#store.put(rules.id, row, draft);
  }

  /** What is written the same way as before is not written. The last finalizer of an object being deleted takes it along. */
  #commit(rules: KindRules, row: string, draft: Draft, current: Stored): Stored {
    const { resourceVersion = "", deletionTimestamp, deletionGracePeriodSeconds = 0 } = current.metadata;
    draft.metadata.resourceVersion = resourceVersion;
    const free = (draft.metadata.finalizers ?? []).length === 0;
    if (deletionTimestamp !== undefined && deletionGracePeriodSeconds === 0 && free) {
      this.#store.remove(rules.id, row);
      return deepFreeze(draft) as Stored;
    }
    return jsonEqual(draft, current) ? current : this.#store.put(rules.id, row, draft);
  }

  #decoded(rules: KindRules, draft: Draft): Draft {
    const apiVersion = apiVersionOf(rules.resource);
    const { kind } = rules.resource;
    if ((draft.apiVersion ?? apiVersion) !== apiVersion || (draft.kind ?? kind) !== kind) {
      const sent = `${draft.apiVersion ?? ""} ${draft.kind ?? ""}`;
      throw badRequest(`the kind in the data (${sent}) does not match the expected kind (${apiVersion} ${kind})`);
    }
    draft.apiVersion = apiVersion;
    draft.kind = kind;
    rules.decode?.(draft);
    return draft;
  }

  #checkNamespace(rules: KindRules, { metadata }: Draft): void {
    if (!rules.resource.namespaced) return;
    if (!metadata.namespace) throw badRequest("an empty namespace may not be set during creation");
    const namespace = this.#store.get(NAMESPACES, metadata.namespace);
    if (namespace === undefined) throw notFound({ id: NAMESPACES, qualifiedKind: "Namespace" }, metadata.namespace);
    if (namespace.metadata.deletionTimestamp === undefined) return;
    const why = `unable to create new content in namespace ${metadata.namespace} because it is being terminated`;
    throw forbidden(rules, metadata.name ?? "", why);
  }

  #checkIdentity(rules: KindRules, draft: Draft, current: Stored, change: Change): void {
    const { name = "", uid } = draft.metadata;
    const stored = current.metadata;
    if (name !== stored.name) {
      throw badRequest(`the name of the object (${name}) does not match the name on the URL (${stored.name})`);
    }
    if (change.replaces && uid && uid !== stored.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.uid}`;
      throw conflict(rules.id, name, why);
    }
  }

  #checkVersion(rules: KindRules, draft: Draft, current: Stored): void {
    const { resourceVersion, name = "" } = draft.metadata;
    if (resourceVersion) {
      if (resourceVersion !== current.metadata.resourceVersion) throw conflict(rules.id, name);
    } else if (!rules.unconditionalUpdate) {
      throw invalid(rules.id, name, [refuses("metadata.resourceVersion", 0, "must be specified for an update")]);
    }
  }

  #validate(rules: KindRules, draft: Draft, old: Stored | undefined): void {
    const problems = [...validateMeta(draft, old, rules), ...(rules.validate?.(draft, old) ?? [])];
    if (problems.length > 0) throw invalid(rules.qualifiedKind, draft.metadata.name ?? "", problems);
  }
}

/** A status write keeps everything else; which metadata comes along is the kind's own affair. */
function keepMain(rules: KindRules, draft: Draft, current: Stored): void {
  if (rules.custom) draft.metadata = copyJson(current.metadata) as Draft["metadata"];
  for (const field of new Set([...Object.keys(draft), ...Object.keys(current)])) {
    if (field !== "metadata" && field !== "status") replaceField(draft, field, current[field]);
  }
  rules.prepareStatus?.(draft, current);
}

function keepStatus(rules: KindRules, draft: Draft, current: Stored): void {
  if (rules.status) replaceField(draft, "status", current["status"]);
  rules.prepareUpdate?.(draft, current);
  const { generation } = current.metadata;
  if (rules.generation && generation !== undefined && wishChanged(rules, draft, current)) {
    draft.metadata.generation = generation + 1;
  }
}

function wishChanged(rules: KindRules, draft: Draft, current: Stored): boolean {
  if (!rules.custom) {
    // A Deployment hands its annotations on, so they count as part of what is wanted.
    const annotations =
      rules.id === "deployments.apps" &&
      !jsonEqual(objectAt(draft.metadata, "annotations"), objectAt(current.metadata, "annotations"));
    return annotations || ["spec", "template"].some((field) => !jsonEqual(draft[field], current[field]));
  }
  return !jsonEqual(wishOf(draft), wishOf(current));
}

function wishOf(object: Stored | Draft): unknown {
  const { metadata: _, status: __, ...wish } = object;
  return wish;
}

export function rowOf({ metadata }: KubeObject | Draft): string {
  const { name = "", namespace } = metadata;
  return keyText(namespace === undefined ? { name } : { name, namespace });
}
