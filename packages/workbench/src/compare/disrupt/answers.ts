// Answers about nodes in a form that can be compared: method by method, for each is asked about the same state on its own.

import type { MethodName } from "@karpenter-multicloud/core/disruption";
import type { CommandResult, DisruptResult, MethodResult } from "@karpenter-multicloud/core/testing";
import { canonical } from "../canonical.ts";

export interface KarpenterAnswer {
  readonly error?: string;
  readonly disrupt?: DisruptResult;
  /** What it decided in other runs. */
  readonly alternatives?: readonly { readonly disrupt?: DisruptResult }[];
}

/** Every outcome of the runs. */
export function outcomesOf({ disrupt, alternatives = [] }: KarpenterAnswer): readonly DisruptResult[] {
  return [{ disrupt }, ...alternatives].flatMap((each) => each.disrupt ?? []);
}

export interface MethodDifference {
  readonly method: MethodName;
  readonly ours: MethodResult;
  /** Each outcome once. */
  readonly theirs: readonly MethodResult[];
}

/** Methods whose answer is none of Karpenter's, and the conditions when they are not. */
export interface Difference {
  readonly methods: readonly MethodDifference[];
  readonly conditions: boolean;
}

export function differenceOf(ours: DisruptResult, theirs: readonly DisruptResult[]): Difference {
  const methods = ours.methods.flatMap((mine): readonly MethodDifference[] => {
    const outcomes = theirs.flatMap(({ methods: all }) => all.filter(({ method }) => method === mine.method));
    if (outcomes.some((outcome) => sameMethod(mine, outcome))) return [];
    const distinct = new Map(outcomes.map((outcome) => [canonical(decisive(outcome)), outcome]));
    return [{ method: mine.method, ours: mine, theirs: [...distinct.values()] }];
  });
  const said = canonical(ours.conditions ?? {});
  return { methods, conditions: !theirs.some(({ conditions }) => canonical(conditions ?? {}) === said) };
}

export function sameMethod(a: MethodResult, b: MethodResult): boolean {
  return canonical(decisive(a)) === canonical(decisive(b));
}

/** Why a command was dropped is told in each engine's own words. */
function decisive({ method, reason, candidates, budgets, commands }: MethodResult): object {
  return { method, reason, candidates, budgets, commands: (commands ?? []).map(withEmptyLists) };
}

function withEmptyLists({ replacements = [], existingNodes = [], ...command }: Partial<CommandResult>): object {
  return { ...command, replacements, existingNodes };
}
