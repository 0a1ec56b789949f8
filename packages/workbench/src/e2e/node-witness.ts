// Somebody who watches Nodes and pods on their own and notices when a Node is deleted although a workload still runs on it.

import { Nodes, Pods, type Node, type Pod } from "@karpenter-multicloud/core/api";
import type { KubeReader } from "@karpenter-multicloud/core/kube";

export class NodeWitness {
  readonly #kube: KubeReader;
  readonly #seen = new Set<string>();
  readonly #mistakes: string[] = [];
  /** Names of Nodes that somebody deleted on purpose. */
  readonly wanted = new Set<string>();

  constructor(kube: KubeReader) {
    this.#kube = kube;
  }

  /** Until the signal ends it. */
  async watch(signal: AbortSignal): Promise<void> {
    for await (const event of this.#kube.watch(Nodes, { resourceVersion: "0", signal })) {
      if (event.type === "MODIFIED" && event.object.metadata.deletionTimestamp) await this.#judge(event.object);
    }
  }

  /** "Node n was deleted with the pods a, b". */
  get mistakes(): readonly string[] {
    return this.#mistakes;
  }

  async #judge({ metadata: { name = "", uid = "" } }: Node): Promise<void> {
    if (this.#seen.has(uid) || this.wanted.has(name)) return;
    this.#seen.add(uid);
    const { items } = await this.#kube.list(Pods);
    const alive = items.filter(
      (pod) => pod.spec.nodeName === name && !pod.metadata.deletionTimestamp && !isDaemon(pod),
    );
    if (alive.length === 0) return;
    this.#mistakes.push(`Node ${name} was deleted with the pods ${alive.map((pod) => pod.metadata.name).join(", ")}`);
  }
}

function isDaemon({ metadata }: Pod): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet") ?? false;
}
