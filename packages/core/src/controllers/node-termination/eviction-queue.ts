// eviction-queue: asks the API server to evict pods until each is gone, and deletes those whose time is up (D-171 to D-176).

import { Nodes, Pods, type Pod } from "../../api/index.ts";
import { isActive, isEvictable } from "../../disruption/index.ts";
import { KubeError, isConflict, isNotFound, keyOf } from "../../kube/index.ts";
import type { Controller, ReconcileResult } from "../../runtime/index.ts";
import { milliseconds, seconds } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import { isDeleteEligible } from "./delete-eligible.ts";
import { GrowingInterval } from "./growing-interval.ts";

/** An answer that is no matter of budgets may be a passing trouble of the server; one that stays for so long is a refusal. */
const REFUSED_AFTER = seconds(30);

/** Longest text of a refusal: it is written into a condition. */
const REFUSAL_LIMIT = 300;

/** When the mirror should long have told what became of a pod that was evicted; if it lags behind, it is not asked each second. */
const TOLD_WITHIN = seconds(10);

/** What the API server says of a pod that several budgets select. */
const SEVERAL_BUDGETS = /more than one PodDisruptionBudget/;

type Deps = Pick<ControllerDeps, "kube" | "cache" | "clock" | "events" | "metrics">;

interface Entry {
  readonly pod: Pod;
  /** Epoch ms; +∞ when nothing may be forced. Only ever tightened. */
  deadline: number;
  readonly reason: string;
  /** Its time was up when it was last added. */
  isDue: boolean;
  /** Since when its eviction is answered so: by a webhook, for want of a right. */
  refused?: { readonly since: number; readonly text: string };
}

export class EvictionQueue {
  readonly #deps: Deps;
  readonly #entries = new Map<string, Entry>();
  readonly #told = new GrowingInterval();
  #enqueue: (key: string) => void = () => {};

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Adding again changes nothing but the deadline. */
  add(pods: readonly Pod[], until: number | undefined, reason: string): void {
    const now = this.#deps.clock.now();
    const deadline = until ?? Infinity;
    for (const pod of pods) {
      const key = keyOfEntry(pod);
      const known = this.#entries.get(key);
      const entry = known ?? { pod, deadline, reason, isDue: false };
      const isTighter = deadline < entry.deadline;
      entry.deadline = Math.min(entry.deadline, deadline);
      const becameDue = !entry.isDue && isDeleteEligible(pod, entry.deadline, now);
      entry.isDue ||= becameDue;
      this.#entries.set(key, entry);
      // Neither an earlier deadline nor the moment itself must wait for the end of a back-off: that is taken off the pod's grace (D-176).
      if (!known || isTighter || becameDue) this.#enqueue(key);
    }
  }

  /** What keeps being answered when the pod's eviction is asked for, where that is no matter of budgets. */
  refusalOf(pod: Pod): string | undefined {
    const { refused } = this.#entries.get(keyOfEntry(pod)) ?? {};
    return refused && this.#deps.clock.now() - refused.since >= REFUSED_AFTER ? refused.text : undefined;
  }

  controller(): Controller {
    return {
      name: "eviction-queue",
      triggers: [],
      feed: (enqueue) => {
        this.#enqueue = enqueue;
        for (const key of this.#entries.keys()) enqueue(key);
        return () => {
          this.#enqueue = () => {};
        };
      },
      concurrency: 100,
      rateLimit: { base: milliseconds(100), max: seconds(10), bucket: { perSecond: 100, burst: 100 } },
      reconcile: (key, { signal }) => this.#process(key, signal),
    };
  }

  async #process(key: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const entry = this.#entries.get(key);
    const pod = entry && this.#deps.cache.informer(Pods).get(keyOf(entry.pod));
    // Never the namesake: another uid means that ours is gone.
    if (!entry || !pod || pod.metadata.uid !== entry.pod.metadata.uid) return this.#drop(key);
    const now = this.#deps.clock.now();
    if (isDeleteEligible(pod, entry.deadline, now)) return await this.#forceDelete(key, pod, entry, signal);
    if (!isActive(pod)) return this.#drop(key);
    if (!isEvictable(pod, now)) return { requeue: true };
    return await this.#evict(key, pod, entry, signal);
  }

  async #evict(key: string, pod: Pod, entry: Entry, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    try {
      await this.#deps.kube.evict(keyOf(pod), { signal, ...uidPrecondition(pod) });
    } catch (error) {
      if (!KubeError.is(error) || error.code === 0) throw error;
      this.#deps.metrics.count("karpenter_pods_eviction_requests_total", { code: String(error.code) });
      if (isNotFound(error) || isConflict(error)) return this.#answered(entry);
      const isOfBudgets = error.code === 429 || (error.code === 500 && SEVERAL_BUDGETS.test(error.message));
      if (isOfBudgets) delete entry.refused;
      else entry.refused = { since: entry.refused?.since ?? this.#deps.clock.now(), text: shortened(error.message) };
      if (isOfBudgets || this.refusalOf(pod) !== undefined) this.#tellBlocked(key, pod, error);
      if (!isOfBudgets) throw error;
      return { requeue: true };
    }
    // DM-23: as Karpenter counts it, whatever 2xx the server answers.
    this.#deps.metrics.count("karpenter_pods_eviction_requests_total", { code: "200" });
    this.#gone(pod, "Evicted", `Evicted pod: ${entry.reason}`, entry.reason);
    return this.#answered(entry);
  }

  /** D-174: a grace of 0 would forget a pod that may still run, so at least one second is left. */
  async #forceDelete(key: string, pod: Pod, entry: Entry, signal: AbortSignal): Promise<undefined> {
    const now = this.#deps.clock.now();
    const left = Math.max(1, Math.floor((entry.deadline - now) / 1000));
    const { deletionTimestamp } = pod.metadata;
    // It ends as soon as it can already; asking again would change nothing and count it twice.
    if (deletionTimestamp && Date.parse(deletionTimestamp) <= now + left * 1000) return this.#drop(key);
    try {
      await this.#deps.kube.delete(Pods, keyOf(pod), { signal, gracePeriodSeconds: left, ...uidPrecondition(pod) });
    } catch (error) {
      if (isNotFound(error) || isConflict(error)) return this.#drop(key);
      throw error;
    }
    this.#gone(
      pod,
      "Disrupted",
      `Deleted pod with ${left} s of grace: the node's deadline counts, not its budgets`,
      entry.reason,
    );
    return this.#drop(key);
  }

  /** Kept until the mirror has told, so that adding it again does not ask again; a deadline still counts at once. */
  #answered(entry: Entry): ReconcileResult {
    delete entry.refused;
    return { requeueAfter: TOLD_WITHIN };
  }

  #gone(pod: Pod, reason: string, message: string, drainReason: string): void {
    this.#deps.events.publish({
      resource: Pods,
      object: pod,
      type: "Normal",
      reason,
      message,
      dedupeKey: `${reason}/${pod.metadata.uid}`,
    });
    this.#deps.metrics.count("karpenter_pods_drained_total", { reason: drainReason });
  }

  #tellBlocked(key: string, pod: Pod, error: KubeError): void {
    const node = this.#deps.cache.informer(Nodes).get({ name: pod.spec.nodeName ?? "" });
    const dedupeFor = node && this.#told.tell(key, this.#deps.clock.now());
    if (!node || dedupeFor === undefined) return;
    this.#deps.events.publish({
      resource: Nodes,
      object: node,
      type: "Warning",
      reason: "FailedDraining",
      message: `pod ${pod.metadata.namespace}/${pod.metadata.name} cannot be evicted: ${error.message}`,
      dedupeKey: `FailedDraining/${node.metadata.uid}/${pod.metadata.uid}`,
      dedupeFor,
    });
  }

  #drop(key: string): undefined {
    this.#entries.delete(key);
    this.#told.forget(key);
    return undefined;
  }
}

function shortened(text: string): string {
  return text.length <= REFUSAL_LIMIT ? text : `${text.slice(0, REFUSAL_LIMIT)}…`;
}

function keyOfEntry({ metadata: { namespace, name, uid } }: Pod): string {
  return `${namespace}/${name}/${uid}`;
}

function uidPrecondition(pod: Pod): { preconditions?: { uid: string } } {
  return pod.metadata.uid ? { preconditions: { uid: pod.metadata.uid } } : {};
}
