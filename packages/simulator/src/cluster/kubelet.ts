// The stand-in of the kubelets: starts pods that were bound to a ready node, and ends those that are being deleted.

import type { Node, PartialCondition, Pod } from "@karpenter-multicloud/core/api";
import { fromRfc3339, Nodes, Pods, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { milliseconds, seconds } from "@karpenter-multicloud/core/units";
import type { Duration } from "@karpenter-multicloud/core/units";
import { conditionStatus, isDeleting, isReady, isTerminal } from "./pod-facts.ts";
import { WorkQueue } from "./work-queue.ts";
import { parseKey, podsOf } from "./world.ts";
import type { World } from "./world.ts";

export interface KubeletOptions {
  /** From bound to ready. @defaultValue 1 s */
  readonly podStart?: Duration;
  /** How long a pod takes to end when its grace period allows as much. @defaultValue 2 s */
  readonly podStop?: Duration;
  /** Nodes whose kubelet this is. @defaultValue all */
  readonly runs?: (node: Node) => boolean;
}

export function startKubelet(world: World, options: KubeletOptions = {}): void {
  new Kubelet(world, options).start();
}

class Kubelet {
  readonly #world: World;
  readonly #options: Required<KubeletOptions>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #queue: WorkQueue;
  /** When a pod was first seen on its node, by uid. */
  readonly #seen = new Map<string, number>();

  constructor(world: World, options: KubeletOptions) {
    this.#world = world;
    this.#options = { podStart: seconds(1), podStop: seconds(2), runs: () => true, ...options };
    this.#pods = podsOf(world);
    this.#nodes = world.cache.informer(Nodes);
    this.#queue = new WorkQueue(world, "kubelet", (key) => this.#sync(key));
  }

  start(): void {
    this.#pods.onChange(({ before, after }) => {
      if (after === undefined) this.#seen.delete(before?.metadata.uid ?? "");
      else if (after.spec.nodeName !== undefined) this.#queue.add(keyText(keyOf(after)));
    });
    this.#nodes.onChange(({ before, after }) => {
      if (after === undefined || conditionStatus(after, "Ready") !== "True") return;
      if (before !== undefined && conditionStatus(before, "Ready") === "True") return;
      for (const pod of this.#pods.byIndex("node", after.metadata.name ?? "")) this.#queue.add(keyText(keyOf(pod)));
    });
  }

  async #sync(key: string): Promise<void> {
    const pod = this.#pods.get(parseKey(key));
    if (pod?.spec.nodeName === undefined) return;
    const node = this.#nodes.get({ name: pod.spec.nodeName });
    if (node === undefined || conditionStatus(node, "Ready") !== "True" || !this.#options.runs(node)) return;
    if (isDeleting(pod)) return this.#stop(key, pod);
    if (isTerminal(pod) || isReady(pod)) return;
    if (pod.status?.phase === "Running") return this.#report(pod, pod.status.startTime);
    await this.#begin(key, pod);
  }

  async #begin(key: string, pod: Pod): Promise<void> {
    const { clock } = this.#world;
    const uid = pod.metadata.uid ?? "";
    const seen = this.#seen.get(uid) ?? clock.now();
    this.#seen.set(uid, seen);
    const rest = seen + this.#options.podStart - clock.now();
    if (rest > 0) return this.#queue.addAfter(key, milliseconds(rest));
    await this.#report(pod, toRfc3339(seen));
  }

  /** Only a kubelet may remove the object of a bound pod, once its containers have ended. */
  async #stop(key: string, pod: Pod): Promise<void> {
    const { deletionTimestamp = "", deletionGracePeriodSeconds: grace = 0, uid } = pod.metadata;
    const asked = fromRfc3339(deletionTimestamp) - grace * 1000;
    const rest = asked + Math.min(grace * 1000, this.#options.podStop) - this.#world.clock.now();
    if (rest > 0) return this.#queue.addAfter(key, milliseconds(rest));
    await this.#world.kube.delete(Pods, keyOf(pod), {
      gracePeriodSeconds: 0,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    });
  }

  async #report(pod: Pod, startTime: string | undefined): Promise<void> {
    const now = toRfc3339(this.#world.clock.now());
    const own = ["Initialized", "ContainersReady", "Ready"].map((type): PartialCondition => ({
      type,
      status: "True",
      lastTransitionTime: now,
    }));
    const others = (pod.status?.conditions ?? []).filter((each) => !own.some((mine) => mine.type === each.type));
    await this.#world.kube.patchStatus(Pods, keyOf(pod), {
      type: "merge",
      body: { status: { phase: "Running", startTime: startTime ?? now, conditions: [...others, ...own] } },
    });
  }
}
