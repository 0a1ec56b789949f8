// Remembers how each Node looked at the moment it joined, before anybody could change it.

import type { Node } from "@karpenter-multicloud/core/api";
import type { MachineHooks, NodeEdit } from "@karpenter-multicloud/core/testing";

type CompleteHooks = Required<MachineHooks>;

export class RecordingHooks implements CompleteHooks {
  /** By name. */
  readonly joined = new Map<string, Node>();
  readonly #hooks: CompleteHooks;

  constructor(hooks: CompleteHooks) {
    this.#hooks = hooks;
  }

  nodeJoins(node: Node): Promise<void> {
    this.joined.set(node.metadata.name ?? "", node);
    return this.#hooks.nodeJoins(node);
  }

  nodeReady(name: string): Promise<void> {
    return this.#hooks.nodeReady(name);
  }

  nodeNotReady(name: string): Promise<void> {
    return this.#hooks.nodeNotReady(name);
  }

  nodeLeaves(name: string): Promise<void> {
    return this.#hooks.nodeLeaves(name);
  }

  nodeExists(name: string): Promise<boolean> {
    return this.#hooks.nodeExists(name);
  }

  nodeEdited(name: string, edit: NodeEdit): Promise<void> {
    return this.#hooks.nodeEdited(name, edit);
  }
}
