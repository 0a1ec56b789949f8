// What a pod's spread constraints and pod affinity terms ask, as rules that pods with the same wording share (S-401…S-406).

import type { LabelSelector, Pod, PodAffinityTerm, Toleration, TopologySpreadConstraint } from "../../api/index.ts";
import { normalizeKey } from "../../requirements/index.ts";
import type { Normalization, Requirements } from "../../requirements/index.ts";
import { compareText, sortedKeys } from "../../units/index.ts";
import type { NamespaceBook, NamespaceScope } from "./namespaces.ts";
import { EVERY_NODE, filterIdentity } from "./node-filter.ts";
import type { NodeFilter } from "./node-filter.ts";

export type TopologyKind = "spread" | "affinity" | "anti-affinity" | "inverse";

export interface TopologyRule {
  readonly kind: TopologyKind;
  readonly key: string;
  readonly namespaces: NamespaceScope;
  /** Absent selects nothing (S-405). */
  readonly selector?: LabelSelector;
  /** Of spread only. */
  readonly maxSkew: number;
  readonly minDomains?: number;
  readonly filter: NodeFilter;
}

export interface RuleContext {
  readonly namespaces: NamespaceBook;
  readonly normalization?: Normalization;
}

/** The part of a pod's wishes that its node filters depend on. */
export interface NodeWishes {
  /** OR-ed: every node that the pod could be bound to counts, whichever term is being tried. */
  readonly allTerms: readonly Requirements[];
  readonly tolerations: readonly Toleration[];
}

export function spreadRule(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  { allTerms: terms, tolerations }: NodeWishes,
  { normalization }: RuleContext,
): TopologyRule {
  const { nodeAffinityPolicy = "Honor", nodeTaintsPolicy = "Ignore", minDomains } = constraint;
  const selector = selectorWithLabels(constraint, pod);
  return {
    kind: "spread",
    key: normalizeKey(constraint.topologyKey, normalization?.keys),
    namespaces: [namespaceOf(pod)],
    ...(selector && { selector }),
    maxSkew: constraint.maxSkew,
    ...(minDomains != null && { minDomains }),
    filter: {
      ...(nodeAffinityPolicy === "Honor" && { terms }),
      ...(nodeTaintsPolicy === "Honor" && { tolerations }),
    },
  };
}

export function affinityRule(
  kind: Exclude<TopologyKind, "spread">,
  pod: Pod,
  term: PodAffinityTerm,
  { namespaces, normalization }: RuleContext,
): TopologyRule {
  const selector = selectorWithLabels(term, pod);
  return {
    kind,
    key: normalizeKey(term.topologyKey, normalization?.keys),
    namespaces: namespaces.scopeOf(term, namespaceOf(pod), kind !== "affinity"),
    ...(selector && { selector }),
    maxSkew: Number.POSITIVE_INFINITY,
    filter: EVERY_NODE,
  };
}

export function requiredTermsOf(pod: Pod, kind: "podAffinity" | "podAntiAffinity"): readonly PodAffinityTerm[] {
  return pod.spec.affinity?.[kind]?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

/** S-401: equal for rules that mean the same; unlike Karpenter's, minDomains is part of it. */
export function ruleIdentity({ kind, key, namespaces, selector, maxSkew, minDomains, filter }: TopologyRule): string {
  const what = [kind, key, namespaces, selector ? canonical(selector) : null];
  return JSON.stringify([...what, String(maxSkew), minDomains ?? null, filterIdentity(filter)]);
}

export function namespaceOf(pod: Pod): string {
  return pod.metadata.namespace ?? "default";
}

interface LabelledSelector {
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

/** S-406: keys the pod lacks are ignored. A list that the API server has merged already only repeats itself. */
function selectorWithLabels(
  { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] }: LabelledSelector,
  pod: Pod,
): LabelSelector | undefined {
  const labels = pod.metadata.labels ?? {};
  const added = [
    ...matchLabelKeys.map((key) => ({ key, operator: "In" as const })),
    ...mismatchLabelKeys.map((key) => ({ key, operator: "NotIn" as const })),
  ].flatMap((expression) => {
    const value = labels[expression.key];
    return value === undefined ? [] : [{ ...expression, values: [value] }];
  });
  if (labelSelector == null) return undefined;
  if (added.length === 0) return labelSelector;
  return { ...labelSelector, matchExpressions: [...(labelSelector.matchExpressions ?? []), ...added] };
}

function canonical({ matchLabels = {}, matchExpressions = [] }: LabelSelector): unknown {
  const expressions = matchExpressions.map(({ key, operator, values = [] }) =>
    JSON.stringify([key, operator, [...new Set(values)].toSorted(compareText)]),
  );
  return [
    sortedKeys(matchLabels).map((key) => [key, matchLabels[key]]),
    [...new Set(expressions)].toSorted(compareText),
  ];
}
