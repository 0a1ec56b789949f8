// Rules by which this engine decides otherwise than Karpenter on purpose (docs/concepts/differences.md), and how each is recognised
// in two answers. What none of them covers is unexplained.

import { Label } from "@karpenter-multicloud/core/api";
import type { CommandResult, MethodResult, Scenario } from "@karpenter-multicloud/core/testing";
import { sameMethod } from "./answers.ts";
import type { MethodDifference } from "./answers.ts";

export interface Explanation {
  readonly rule: string;
  readonly what: string;
  /** The answers differ by this and by nothing else. */
  readonly covers: (difference: MethodDifference, scenario: Scenario) => boolean;
}

type Replacement = CommandResult["replacements"][number];

export const EXPLANATIONS: readonly Explanation[] = [
  {
    rule: "DX-12",
    what: "of empty nodes that are equally good the older and then the first by name goes; Karpenter takes any",
    covers: ({ method, ours, theirs }) =>
      method === "emptiness" && theirs.some((each) => sameMethod(withoutNames(ours), withoutNames(each))),
  },
  {
    rule: "D-98",
    what: "savings are told from the cheapest offering the replacement may use",
    covers: ({ ours, theirs }) => theirs.some((each) => sameMethod(withoutSavings(ours), withoutSavings(each))),
  },
  {
    rule: "D-81",
    what: "a replacement is not pinned to spot where no spot is left to buy",
    covers: ({ ours, theirs }, scenario) =>
      theirs.every((each) => sameMethod(withoutCommands(ours), withoutCommands(each))) &&
      replacementsOf(ours).every(({ cheapest }) => cheapest !== undefined) &&
      (theirs.every((each) => replacementsOf(each).some(isUnbuyable)) ||
        replacementsOf(ours).some((replacement) => isOnDemandForWantOfSpot(replacement, scenario))),
  },
];

/** Who may go, and how many. */
function withoutCommands(method: MethodResult): MethodResult {
  return { ...method, commands: [] };
}

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

function replacementsOf({ commands }: MethodResult): readonly Replacement[] {
  return (commands ?? []).flatMap(({ replacements }) => replacements ?? []);
}

function isUnbuyable({ cheapest, requirements }: Replacement): boolean {
  return cheapest === undefined && admits(requirements, "spot") && !admits(requirements, "on-demand");
}

/** Pool and pods would take spot, but no type of the replacement sells any where it may go. */
function isOnDemandForWantOfSpot(replacement: Replacement, scenario: Scenario): boolean {
  const pool = scenario.nodePools.find(({ metadata }) => metadata.name === replacement.nodePool);
  if (!admits(pool?.spec.template.spec.requirements ?? [], "spot")) return false;
  const moved = new Set(replacement.pods);
  const pods = [...scenario.pods, ...scenario.nodes.flatMap((entry) => entry.pods)];
  const asks = pods.some(
    ({ metadata, spec }) =>
      moved.has(`${metadata.namespace ?? "default"}/${metadata.name ?? ""}`) &&
      JSON.stringify(spec).includes(Label.CapacityType),
  );
  return !asks && !sellsSpot(replacement, scenario);
}

function sellsSpot({ instanceTypes, requirements }: Replacement, scenario: Scenario): boolean {
  return scenario.instanceTypes
    .filter(({ name }) => instanceTypes.includes(name))
    .flatMap(({ offerings }) => offerings)
    .some(
      ({ available, capacityType, zone }) =>
        available && capacityType === "spot" && allows(requirements, Label.Zone, zone),
    );
}

function admits(requirements: Replacement["requirements"], capacityType: string): boolean {
  return allows(requirements, Label.CapacityType, capacityType);
}

/** A key that nothing is said about may have any value. */
function allows(requirements: Replacement["requirements"], wanted: string, value: string): boolean {
  return requirements
    .filter(({ key }) => key === wanted)
    .every(({ operator, values = [] }) => {
      if (operator === "In") return values.includes(value);
      return operator !== "NotIn" || !values.includes(value);
    });
}
