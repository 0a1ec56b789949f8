// What a deletion does: remove, or only mark while finalizers are left or a pod is given time to end.

import { toRfc3339 } from "../../api/index.ts";
import { keyText, type DeleteOptions, type ObjectKey } from "../../kube/index.ts";
import { conflict, notFound } from "./answers.ts";
import { objectAt, textAt, toDraft, type Draft, type Stored } from "./json.ts";
import type { KindRules } from "./kind-rules.ts";
import type { Store } from "./store.ts";

const ORPHAN = "orphan";
const FOREGROUND = "foregroundDeletion";

type Preconditions = NonNullable<DeleteOptions["preconditions"]>;

export class Deleter {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** @throws KubeError 404, 409 */
  delete(rules: KindRules, key: ObjectKey, options: DeleteOptions): void {
    const row = keyText(key);
    const current = this.#store.get(rules.id, row);
    if (current === undefined) throw notFound(rules, key.name);
    checkPreconditions(rules.resource.kind, current, options.preconditions);
    if (rules.id === "namespaces") return this.#terminateNamespace(rules, row, current);
    const draft = toDraft(current);
    if (rules.id === "pods") return this.#deletePod(rules, row, draft, options);
    this.#finish(rules, row, draft, options);
  }

  /** Everything but pods: marked while finalizers are left, gone otherwise. */
  #finish(rules: KindRules, row: string, draft: Draft, options: DeleteOptions): void {
    const changed = setCollectorFinalizers(draft, options);
    if ((draft.metadata.finalizers ?? []).length === 0) return this.#store.remove(rules.id, row);
    const marked = this.#mark(draft, 0);
    if (changed || marked) this.#store.put(rules.id, row, draft);
  }

  /** A pod on a node keeps its place until its kubelet deletes it with grace 0. */
  #deletePod(rules: KindRules, row: string, draft: Draft, options: DeleteOptions): void {
    const { metadata } = draft;
    const given = options.gracePeriodSeconds;
    if (metadata.deletionTimestamp === undefined) {
      const grace = graceOf(draft, given);
      this.#mark(draft, grace);
      return this.#settlePod(rules, row, draft, options);
    }
    const left = metadata.deletionGracePeriodSeconds ?? 0;
    if (left === 0) return this.#finish(rules, row, draft, options);
    if (given === undefined || given >= left) return;
    this.#shorten(draft, left, given);
    this.#settlePod(rules, row, draft, options);
  }

  #settlePod(rules: KindRules, row: string, draft: Draft, options: DeleteOptions): void {
    setCollectorFinalizers(draft, options);
    const stays = (draft.metadata.finalizers ?? []).length > 0;
    const grace = draft.metadata.deletionGracePeriodSeconds ?? 0;
    this.#store.put(rules.id, row, draft);
    if (!stays && grace === 0) this.#store.remove(rules.id, row);
  }

  #shorten({ metadata }: Draft, left: number, given: number): void {
    const asked = Date.parse(metadata.deletionTimestamp ?? "") - left * 1000 + given * 1000;
    const now = this.#now();
    metadata.deletionTimestamp = toRfc3339(Math.max(asked, now));
    metadata.deletionGracePeriodSeconds = asked < now && given !== 0 ? 1 : given;
  }

  /** False when it was marked before. */
  #mark({ metadata }: Draft, grace: number): boolean {
    if (metadata.deletionTimestamp !== undefined) return false;
    metadata.deletionTimestamp = toRfc3339(this.#now() + grace * 1000);
    metadata.deletionGracePeriodSeconds = grace;
    if (metadata.generation !== undefined) metadata.generation++;
    return true;
  }

  /** The namespace stays until a namespace controller has emptied it; this server has none. */
  #terminateNamespace(rules: KindRules, row: string, current: Stored): void {
    if (current.metadata.deletionTimestamp !== undefined) return;
    const draft = toDraft(current);
    draft.metadata.deletionTimestamp = toRfc3339(this.#now());
    draft["status"] = { ...objectAt(draft, "status"), phase: "Terminating" };
    this.#store.put(rules.id, row, draft);
  }
}

/** @throws KubeError 409 */
export function checkPreconditions(kind: string, current: Stored, preconditions: Preconditions = {}): void {
  const { uid, resourceVersion } = preconditions;
  const { name = "", uid: ownUid, resourceVersion: ownVersion } = current.metadata;
  if (uid !== undefined && uid !== ownUid) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${ownUid}). The object might have been deleted and then recreated`;
    throw conflict(kind, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== ownVersion) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${ownVersion}). The object might have been modified`;
    throw conflict(kind, name, why);
  }
}

function graceOf(pod: Draft, given: number | undefined): number {
  const spec = objectAt(pod, "spec");
  const phase = textAt(objectAt(pod, "status"), "phase");
  if (textAt(spec, "nodeName") === "" || phase === "Failed" || phase === "Succeeded") return 0;
  const period = given ?? Number(spec["terminationGracePeriodSeconds"] ?? 0);
  return period < 0 ? 1 : period;
}

/** Orphan and Foreground leave a finalizer for the garbage collector, which this server does not have either. */
function setCollectorFinalizers({ metadata }: Draft, { propagationPolicy }: DeleteOptions): boolean {
  const before = metadata.finalizers ?? [];
  const explicit = propagationPolicy !== undefined;
  const kept = before.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  const orphan = propagationPolicy === "Orphan" || (!explicit && before.includes(ORPHAN));
  const foreground = propagationPolicy === "Foreground" || (!explicit && before.includes(FOREGROUND));
  const after = [...kept, ...(orphan ? [ORPHAN] : []), ...(foreground ? [FOREGROUND] : [])];
  const changed = after.length !== before.length || after.some((name) => !before.includes(name));
  if (changed) metadata.finalizers = after;
  return changed;
}
