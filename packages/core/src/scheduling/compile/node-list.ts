// The nodes of one solve: a part of a list that many solves have in common, or a list of its own (S-1017).

import type { NodeInput } from "../problem.ts";
import type { NodeBook } from "./node-book.ts";
import type { NodeFacts } from "./node-facts.ts";
import { NodeRoll } from "./node-roll.ts";
import { STRIDE } from "./steps.ts";
import type { Steps } from "./steps.ts";

/** The nodes of one solve. */
export interface NodeList {
  readonly roll: NodeRoll;
  /** By place in the roll: the number of the node in this solve, -1 for one that is left out. */
  readonly numbers: Int32Array;
  /** In trial order. */
  readonly facts: readonly NodeFacts[];
}

/** `all`: a list with more nodes that many solves have in common; it is read once. */
export function* nodeList(nodes: readonly NodeInput[], all: readonly NodeInput[], book: NodeBook): Steps<NodeList> {
  const common = nodes === all ? undefined : (book.rollOf(all) ?? book.keepRoll(all, yield* readRoll(all, book)));
  const numbers = common?.numbersAmong(nodes);
  if (common !== undefined && numbers !== undefined) {
    return { roll: common, numbers, facts: common.facts.filter((_, place) => (numbers[place] ?? -1) >= 0) };
  }
  const roll = yield* readRoll(nodes, book);
  return { roll, numbers: Int32Array.from(roll.facts.keys()), facts: roll.facts };
}

function* readRoll(nodes: readonly NodeInput[], book: NodeBook): Steps<NodeRoll> {
  const facts: NodeFacts[] = [];
  for (const [index, node] of nodes.entries()) {
    if (index % STRIDE === STRIDE - 1) yield;
    facts.push(book.of(node));
  }
  return new NodeRoll(facts);
}
