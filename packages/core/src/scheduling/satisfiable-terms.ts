// What a pod asks of labels, without the alternatives that no node can ever meet because they contradict themselves.

import type { NodeSelectorTerm, PodSpec } from "../api/index.ts";
import { normalizeKey, requiredTerms } from "../requirements/index.ts";
import type { Normalization, Requirements } from "../requirements/index.ts";

export interface SatisfiableTerms {
  /** OR-ed, in the order they are written. */
  readonly terms: readonly Requirements[];
  /** A key that contradicts itself, when no term is left because of that. */
  readonly contradiction?: string;
}

/**
 * In [a] and NotIn [a] together leave no value, which reads like "the label must be absent" (S-105). A node without the
 * label would seem to do, but the scheduler would never bind the pod there.
 */
export function satisfiableTerms(pod: { readonly spec: PodSpec }, normalization?: Normalization): SatisfiableTerms {
  const positiveKeys = positiveKeysOfTerms(pod.spec).map((keys) =>
    keys.map((key) => normalizeKey(key, normalization?.keys)),
  );
  const terms: Requirements[] = [];
  let contradiction: string | undefined;
  for (const [index, term] of requiredTerms(pod, normalization).entries()) {
    const emptied = positiveKeys[index]?.find((key) => term.get(key).operator === "DoesNotExist");
    if (emptied === undefined) terms.push(term);
    contradiction ??= emptied;
  }
  return { terms, ...(terms.length === 0 && contradiction !== undefined && { contradiction }) };
}

/** Per term, the keys it wants a value of. */
function positiveKeysOfTerms({ nodeSelector, affinity }: PodSpec): readonly (readonly string[])[] {
  const selected = Object.keys(nodeSelector ?? {});
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (required === undefined) return [selected];
  return required.filter(isNotEmpty).map((term) => [...selected, ...positiveKeys(term)]);
}

function positiveKeys({ matchExpressions = [] }: NodeSelectorTerm): readonly string[] {
  return matchExpressions
    .filter(({ operator }) => operator !== "NotIn" && operator !== "DoesNotExist")
    .map(({ key }) => key);
}

/** Empty terms match nothing and are left out of the requirements too (S-117). */
function isNotEmpty({ matchExpressions, matchFields }: NodeSelectorTerm): boolean {
  return Boolean(matchExpressions?.length || matchFields?.length);
}
