// One node as the scheduler sees it during a sweep: what is left of it, and who runs there.

import type { Node, Pod } from "@karpenter-multicloud/core/api";
import { allocatableFrom } from "@karpenter-multicloud/core/units";
import type { Resources } from "@karpenter-multicloud/core/units";
import { hostPorts, podRequests } from "./pod-facts.ts";
import type { HostPort } from "./pod-facts.ts";

export class NodeView {
  readonly node: Node;
  readonly name: string;
  readonly allocatable: Resources;
  readonly pods: Pod[] = [];
  readonly ports: HostPort[] = [];
  readonly #used: Record<string, number> = {};

  constructor(node: Node, pods: Iterable<Pod>) {
    this.node = node;
    this.name = node.metadata.name ?? "";
    this.allocatable = allocatableFrom(node.status?.allocatable);
    for (const pod of pods) this.add(pod);
  }

  add(pod: Pod): void {
    this.pods.push(pod);
    this.ports.push(...hostPorts(pod));
    const requests = podRequests(pod);
    for (const resource in requests) {
      this.#used[resource] = (this.#used[resource] ?? 0) + (requests[resource] ?? 0);
    }
  }

  free(resource: string): number {
    return (this.allocatable[resource] ?? 0) - (this.#used[resource] ?? 0);
  }

  /** The mean share of cpu and memory that would stay free: higher is preferred. */
  scoreWith(requests: Resources): number {
    const share = (resource: string): number => {
      const total = this.allocatable[resource] ?? 0;
      return total > 0 ? Math.max(0, this.free(resource) - (requests[resource] ?? 0)) / total : 0;
    };
    return share("cpu") + share("memory");
  }
}
