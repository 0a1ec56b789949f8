// A cluster just real enough to be told about machines: it keeps Nodes and what happened to them, in order.

import type { Node, Taint } from "@karpenter-multicloud/core/api";
import type { MachineHooks, NodeEdit } from "@karpenter-multicloud/core/testing";

export class FakeCluster implements MachineHooks {
  readonly nodes = new Map<string, Node>();
  readonly events: string[] = [];
  /** Nodes with a finalizer stay when they should leave. */
  finalizers = false;

  async nodeJoins(node: Node): Promise<void> {
    const name = node.metadata.name ?? "";
    this.nodes.set(name, node);
    this.events.push(`joins ${name}`);
  }

  async nodeReady(name: string): Promise<void> {
    this.events.push(`ready ${name}`);
  }

  async nodeNotReady(name: string): Promise<void> {
    this.events.push(`not ready ${name}`);
  }

  async nodeLeaves(name: string): Promise<void> {
    this.events.push(`leaves ${name}`);
    if (!this.finalizers) this.nodes.delete(name);
  }

  async nodeExists(name: string): Promise<boolean> {
    return this.nodes.has(name);
  }

  async nodeEdited(name: string, edit: NodeEdit): Promise<void> {
    const node = this.nodes.get(name);
    if (node === undefined) return;
    const labels = Object.entries({ ...node.metadata.labels, ...edit.labels });
    const kept = labels.filter((entry): entry is [string, string] => entry[1] !== null);
    const dropped = [...(edit.removeTaints ?? []), ...(edit.addTaints ?? [])];
    const taints = (node.spec?.taints ?? []).filter((taint) => !dropped.some((other) => same(taint, other)));
    this.nodes.set(name, {
      ...node,
      metadata: { ...node.metadata, labels: Object.fromEntries(kept) },
      spec: { ...node.spec, taints: [...taints, ...(edit.addTaints ?? [])] },
    });
  }
}

function same(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.effect === b.effect;
}
