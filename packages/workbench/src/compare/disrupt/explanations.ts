// Rules by which this engine decides otherwise than Karpenter on purpose (docs/concepts/differences.md), as far as they can be told
// from two answers alone. What a rule does not say must be the same; the others are told by asking again (restated.ts).

import { driftWithKarpentersTies, snapshotOf } from "@karpenter-multicloud/core/testing";
import type { CommandResult, MethodResult, Scenario } from "@karpenter-multicloud/core/testing";
import { sameMethod } from "./answers.ts";
import type { MethodDifference } from "./answers.ts";
import { isOnSale } from "./on-sale.ts";

export interface Explanation {
  readonly rule: string;
  readonly what: string;
  /** The answers differ by this and by nothing else. */
  readonly covers: (difference: MethodDifference, scenario: Scenario) => boolean;
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    rule: "DX-12",
    what: "of empty nodes that are equally good the older and then the first by name goes; Karpenter takes any",
    covers: ({ method, ours, theirs }) =>
      method === "emptiness" && theirs.some((each) => sameMethod(withoutNames(ours), withoutNames(each))),
  },
  {
    rule: "S-318",
    what: "planned machines with equally many pods: the rules with Karpenter's order of those give Karpenter's command",
    covers: ({ method, ours, theirs }, scenario) => {
      if (method !== "drift") return false;
      const tied = { ...ours, commands: driftWithKarpentersTies(snapshotOf(scenario).snapshot) };
      return theirs.some((each) => sameMethod(tied, each));
    },
  },
  {
    rule: "D-98",
    what: "savings are told from the cheapest offering the replacement may use",
    covers: ({ ours, theirs }, scenario) =>
      theirs.some(
        (each) => sameMethod(withoutSavings(ours), withoutSavings(each)) && isOfFirstTypes(each, ours, scenario),
      ),
  },
];

/** What decides about an empty node is its pool, for the budget, and its price. */
function withoutNames(method: MethodResult): MethodResult {
  const commands = (method.commands ?? []).map((command) => ({
    ...command,
    candidates: command.candidates
      .map((candidate) => ({ ...candidate, name: "", instanceType: "", zone: "", capacityType: "" }))
      .toSorted((a, b) => a.price - b.price || (a.nodePool < b.nodePool ? -1 : 1)),
  }));
  return { ...method, commands };
}

function withoutSavings(method: MethodResult): MethodResult {
  return { ...method, commands: (method.commands ?? []).map((command) => ({ ...command, estimatedSavings: 0 })) };
}

/**
 * Karpenter's price of a replacement is that of the first type in a list whose order is that of wider requirements: dearer than the
 * cheapest one, or nothing at all when that type is sold out.
 */
function isOfFirstTypes(theirs: MethodResult, ours: MethodResult, scenario: Scenario): boolean {
  return (ours.commands ?? []).every((mine, index) => {
    const saved = theirs.commands[index]?.estimatedSavings ?? Number.NaN;
    if (saved === mine.estimatedSavings) return true;
    if (saved > mine.estimatedSavings) return saved === mine.sourcePrice && mayBeSoldOut(mine, scenario);
    return (mine.replacements ?? []).some(({ instanceTypes }) => instanceTypes.length > 1);
  });
}

function mayBeSoldOut({ replacements }: CommandResult, scenario: Scenario): boolean {
  return replacements.every(({ instanceTypes, requirements }) =>
    instanceTypes.some((type) => !isOnSale(type, requirements, scenario)),
  );
}
