// The stand-in of the taint eviction controller: pods leave nodes whose NoExecute taints they do not tolerate, or not for longer.

import type { Node, Pod, Taint } from "@karpenter-multicloud/core/api";
import { fromRfc3339, Nodes, Pods, tolerates } from "@karpenter-multicloud/core/api";
import type { Informer } from "@karpenter-multicloud/core/kube";
import { keyOf, keyText } from "@karpenter-multicloud/core/kube";
import { milliseconds } from "@karpenter-multicloud/core/units";
import { isDeleting } from "../pod-facts.ts";
import { WorkQueue } from "../work-queue.ts";
import { parseKey, podsOf } from "../world.ts";
import type { World } from "../world.ts";

/** What the API server gives to every pod that says nothing about these taints. */
const GIVEN_KEYS: readonly string[] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
const GIVEN_SECONDS = 300;

export function startTaintEviction(world: World): void {
  new TaintEviction(world).start();
}

class TaintEviction {
  readonly #world: World;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** When each taint was first seen, by node name and key. */
  readonly #since = new Map<string, ReadonlyMap<string, number>>();
  readonly #queue: WorkQueue;

  constructor(world: World) {
    this.#world = world;
    this.#nodes = world.cache.informer(Nodes);
    this.#pods = podsOf(world);
    this.#queue = new WorkQueue(world, "taint-eviction", (key) => this.#sync(key));
  }

  start(): void {
    this.#nodes.onChange(({ before, after }) => {
      const name = (after ?? before)?.metadata.name ?? "";
      if (after === undefined) return void this.#since.delete(name);
      this.#since.set(name, this.#timesOf(after));
      if (banning(after).length === 0) return;
      for (const pod of this.#pods.byIndex("node", name)) this.#queue.add(keyText(keyOf(pod)));
    });
    this.#pods.onChange(({ before, after }) => {
      if (after?.spec.nodeName === undefined || before?.spec.nodeName !== undefined) return;
      const node = this.#nodes.get({ name: after.spec.nodeName });
      if (node !== undefined && banning(node).length > 0) this.#queue.add(keyText(keyOf(after)));
    });
  }

  async #sync(key: string): Promise<void> {
    const pod = this.#pods.get(parseKey(key));
    const node = pod?.spec.nodeName === undefined ? undefined : this.#nodes.get({ name: pod.spec.nodeName });
    if (pod === undefined || node === undefined || isDeleting(pod)) return;
    const now = this.#world.clock.now();
    const seen = this.#since.get(node.metadata.name ?? "");
    const end = Math.min(...banning(node).map((taint) => (seen?.get(taint.key) ?? now) + patience(pod, taint)));
    if (end === Infinity) return;
    if (end > now) return this.#queue.addAfter(key, milliseconds(end - now));
    await this.#world.kube.delete(Pods, keyOf(pod), { preconditions: { uid: pod.metadata.uid ?? "" } });
  }

  #timesOf(node: Node): ReadonlyMap<string, number> {
    const known = this.#since.get(node.metadata.name ?? "");
    const now = this.#world.clock.now();
    return new Map(
      banning(node).map(({ key, timeAdded }) => [
        key,
        known?.get(key) ?? (timeAdded === undefined ? now : fromRfc3339(timeAdded)),
      ]),
    );
  }
}

function banning(node: Node): readonly Taint[] {
  return (node.spec?.taints ?? []).filter((taint) => taint.effect === "NoExecute");
}

/** Milliseconds that the pod may stay; the shortest of its matching tolerations counts. */
function patience(pod: Pod, taint: Taint): number {
  const matching = (pod.spec.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return GIVEN_KEYS.includes(taint.key) ? GIVEN_SECONDS * 1000 : 0;
  return Math.min(...matching.map(({ tolerationSeconds = Infinity }) => Math.max(0, tolerationSeconds) * 1000));
}
