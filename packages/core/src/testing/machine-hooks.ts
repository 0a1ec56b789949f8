// How a fake cloud tells a simulated cluster that a machine has booted or gone: the kubelet's side of the story.

import type { Node, Taint } from "../api/index.ts";

/** A change of a Node object; `null` takes a label or annotation away. Taints are the same when key and effect are. */
export interface NodeEdit {
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly addTaints?: readonly Taint[];
  readonly removeTaints?: readonly Taint[];
}

export interface MachineHooks {
  /** The machine's kubelet registers its Node (NotReady). */
  nodeJoins(node: Node): Promise<void>;
  nodeReady(name: string): Promise<void>;
  nodeNotReady(name: string): Promise<void>;
  /** The machine is gone: its pods end and its Node object is removed as the cloud controller manager does. */
  nodeLeaves(name: string): Promise<void>;
  nodeExists(name: string): Promise<boolean>;
  /**
   * The cloud's agents edit a Node that joined: its controller manager initialises it, a managed service pushes labels and taints.
   * Without this hook a fake lets Nodes join as they would look afterwards. No such Node: nothing happens.
   */
  nodeEdited?(name: string, edit: NodeEdit): Promise<void>;
}
