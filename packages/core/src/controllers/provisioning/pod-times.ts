// How long a pending pod waits until it is part of a plan for the first time (S-603, S-604).

import { Pods, type Pod } from "../../api/index.ts";
import { keyOf, type KubeCache } from "../../kube/index.ts";
import { isBufferPod } from "../../scheduling/index.ts";
import type { Metrics } from "../../telemetry/index.ts";

export class PodTimes {
  readonly #metrics: Metrics;
  readonly #cache: KubeCache;
  /** By UID, of pods that no plan has been made for yet. */
  readonly #firstSeen = new Map<string, number>();
  readonly #decided = new Set<string>();
  /** By UID, when there was a plan with room for it for the first time. */
  readonly #planned = new Map<string, number>();

  constructor({ cache, metrics }: { readonly cache: KubeCache; readonly metrics: Metrics }) {
    this.#metrics = metrics;
    this.#cache = cache;
    cache.informer(Pods).onChange(({ before, after }) => {
      if (after === undefined || after.metadata.uid !== before?.metadata.uid) this.#forget(before?.metadata.uid);
    });
  }

  see(pods: readonly Pod[], now: number): void {
    for (const uid of pending(pods)) {
      if (!this.#decided.has(uid) && !this.#firstSeen.has(uid)) this.#firstSeen.set(uid, now);
    }
  }

  /** A plan was made with these pods, whatever became of them in it. Nobody would tell of the end of one that is gone already. */
  decided(pods: readonly Pod[], now: number): void {
    const there = this.#cache.informer(Pods);
    for (const uid of pending(pods.filter((pod) => there.get(keyOf(pod))?.metadata.uid === pod.metadata.uid))) {
      if (this.#decided.has(uid)) continue;
      const waited = now - (this.#firstSeen.get(uid) ?? now);
      this.#metrics.observe("karpenter_pods_scheduling_decision_duration_seconds", {}, waited / 1000);
      this.#decided.add(uid);
      this.#firstSeen.delete(uid);
    }
  }

  /** The plan has room for these. */
  planned(pods: readonly Pod[], now: number): void {
    const there = this.#cache.informer(Pods);
    for (const pod of pods) {
      const { uid = "" } = pod.metadata;
      if (there.get(keyOf(pod))?.metadata.uid === uid && !this.#planned.has(uid)) this.#planned.set(uid, now);
    }
  }

  /** Undefined: no plan had room for it yet. */
  plannedAt(uid: string): number | undefined {
    return this.#planned.get(uid);
  }

  /** Undefined: unknown, or part of a plan already. */
  undecidedSince(uid: string): number | undefined {
    return this.#firstSeen.get(uid);
  }

  #forget(uid = ""): void {
    this.#planned.delete(uid);
    this.#decided.delete(uid);
    this.#firstSeen.delete(uid);
  }
}

/** Pods that move from one node to another have waited for nothing yet, and spare capacity is no pod. */
function pending(pods: readonly Pod[]): readonly string[] {
  return pods.filter((pod) => !pod.spec.nodeName && !isBufferPod(pod)).map(({ metadata }) => metadata.uid ?? "");
}
