// Whether labels match what an object selects: label selectors of workloads and budgets, selectors and affinities of pods for nodes.

import type {
  LabelSelector,
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodSpec,
} from "@karpenter-multicloud/core/api";

type Labels = Readonly<Record<string, string>>;

/** No selector matches nothing, an empty one everything (D-5). */
export function selects(selector: LabelSelector | undefined, labels: Labels = {}): boolean {
  if (selector === undefined) return false;
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return exact && (selector.matchExpressions ?? []).every((each) => matches(each, labels[each.key]));
}

/** nodeSelector and the required terms, of which one must match. */
export function acceptsNode(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const exact = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
  if (!exact) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => termMatches(term, node));
}

/** A term without any expression matches no node. */
function termMatches(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((each) => matches(each, node.metadata.labels?.[each.key])) &&
    matchFields.every((each) => each.key === "metadata.name" && matches(each, node.metadata.name))
  );
}

function matches(requirement: NodeSelectorRequirement, value: string | undefined): boolean {
  const { operator, values = [] } = requirement;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return compares(value, values[0], (label, bound) => label > bound);
    case "Lt":
      return compares(value, values[0], (label, bound) => label < bound);
    default:
      return false;
  }
}

function compares(
  value: string | undefined,
  bound: string | undefined,
  test: (label: bigint, bound: bigint) => boolean,
): boolean {
  const integer = /^[+-]?[0-9]+$/;
  if (value === undefined || bound === undefined || !integer.test(value) || !integer.test(bound)) return false;
  return test(BigInt(value.replace("+", "")), BigInt(bound.replace("+", "")));
}
