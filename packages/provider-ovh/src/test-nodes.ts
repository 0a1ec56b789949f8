// The kubelets of the bench's machines: Nodes that register, report and go in the in-memory cluster.

import { Nodes, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";
import { isNotFound } from "@karpenter-multicloud/core/kube";
import type { FakeClock, InMemoryKube, MachineHooks } from "@karpenter-multicloud/core/testing";

export class TestNodes implements MachineHooks {
  readonly #clock: FakeClock;
  kube: InMemoryKube | undefined;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** A Node from an earlier life of the machine is replaced by a new object of its name, as MKS does it. */
  async nodeJoins(node: Node): Promise<void> {
    const { name = "" } = node.metadata;
    await this.#drop(name);
    const created = await this.#cluster.create(Nodes, node);
    await this.#report(name, { ...created.status, ...node.status }, "False");
  }

  nodeReady(name: string): Promise<void> {
    return this.#report(name, {}, "True");
  }

  nodeNotReady(name: string): Promise<void> {
    return this.#report(name, {}, "Unknown");
  }

  async nodeLeaves(name: string): Promise<void> {
    await this.#drop(name);
  }

  async nodeExists(name: string): Promise<boolean> {
    return (await this.#find(name)) !== undefined;
  }

  get #cluster(): InMemoryKube {
    if (this.kube === undefined) throw new Error("the bench has no cluster yet");
    return this.kube;
  }

  async #find(name: string): Promise<Node | undefined> {
    try {
      return await this.#cluster.get(Nodes, { name });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #drop(name: string): Promise<void> {
    if ((await this.#find(name)) === undefined) return;
    await this.#cluster.patch(Nodes, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
    await this.#cluster.delete(Nodes, { name });
  }

  async #report(name: string, status: NonNullable<Node["status"]>, ready: "True" | "False" | "Unknown"): Promise<void> {
    if ((await this.#find(name)) === undefined) return;
    const lastTransitionTime = toRfc3339(this.#clock.now());
    const conditions = [{ type: "Ready", status: ready, reason: "Kubelet", message: "", lastTransitionTime }];
    await this.#cluster.patchStatus(Nodes, { name }, { type: "merge", body: { status: { ...status, conditions } } });
  }
}
