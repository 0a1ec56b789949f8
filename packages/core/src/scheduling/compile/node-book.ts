// Nodes that were read before, one by one and as whole lists: both are found again by identity, for neither ever changes.

import type { NodeInput } from "../problem.ts";
import { NodeFacts } from "./node-facts.ts";
import type { NodeRoll } from "./node-roll.ts";

/** By node object: objects never change. */
export class NodeBook {
  readonly #facts = new WeakMap<NodeInput, NodeFacts>();
  readonly #rolls = new WeakMap<readonly NodeInput[], NodeRoll>();

  of(node: NodeInput): NodeFacts {
    const known = this.#facts.get(node);
    if (known !== undefined) return known;
    const facts = new NodeFacts(node);
    this.#facts.set(node, facts);
    return facts;
  }

  /** Of a list that was read before. */
  rollOf(nodes: readonly NodeInput[]): NodeRoll | undefined {
    return this.#rolls.get(nodes);
  }

  keepRoll(nodes: readonly NodeInput[], roll: NodeRoll): NodeRoll {
    this.#rolls.set(nodes, roll);
    return roll;
  }
}
