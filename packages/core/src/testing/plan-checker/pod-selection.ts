// Which pods a spread constraint or an affinity term speaks about.

import { matchesSelector } from "../../api/index.ts";
import type { LabelSelector, Pod, PodAffinityTerm } from "../../api/index.ts";
import type { ProblemInput } from "../../scheduling/index.ts";

export function namespaceOf({ metadata }: Pod): string {
  return metadata.namespace ?? "default";
}

/** Of the owner's own namespace. */
export function spreadSelects(
  owner: Pod,
  constraint: { readonly labelSelector?: LabelSelector; readonly matchLabelKeys?: readonly string[] },
  pod: Pod,
): boolean {
  return (
    namespaceOf(owner) === namespaceOf(pod) &&
    matchesSelector(constraint.labelSelector, pod.metadata.labels) &&
    (constraint.matchLabelKeys ?? []).every((key) => isAlike(owner, pod, key))
  );
}

/** Undefined when labels of namespaces would have to be known and are not. */
export function termSelects(
  owner: Pod,
  term: PodAffinityTerm,
  pod: Pod,
  { namespaces }: Pick<ProblemInput, "namespaces">,
): boolean | undefined {
  const chosen =
    matchesSelector(term.labelSelector, pod.metadata.labels) &&
    (term.matchLabelKeys ?? []).every((key) => isAlike(owner, pod, key)) &&
    (term.mismatchLabelKeys ?? []).every((key) => isUnlike(owner, pod, key));
  if (!chosen) return false;
  const { namespaceSelector, namespaces: listed = [] } = term;
  if (namespaceSelector === undefined && listed.length === 0) return namespaceOf(owner) === namespaceOf(pod);
  if (listed.includes(namespaceOf(pod))) return true;
  if (namespaceSelector === undefined) return false;
  if (!namespaceSelector.matchLabels && !namespaceSelector.matchExpressions?.length) return true;
  const known = namespaces?.find(({ name }) => name === namespaceOf(pod));
  return known && matchesSelector(namespaceSelector, known.labels);
}

/** A key the owner lacks says nothing. */
function isAlike(owner: Pod, pod: Pod, key: string): boolean {
  const own = owner.metadata.labels?.[key];
  return own === undefined || pod.metadata.labels?.[key] === own;
}

function isUnlike(owner: Pod, pod: Pod, key: string): boolean {
  const own = owner.metadata.labels?.[key];
  const other = pod.metadata.labels?.[key];
  return own === undefined || (other !== undefined && other !== own);
}
