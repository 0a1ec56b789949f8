// What a pod requires of its node through nodeSelector and node affinity, and what in there is not allowed.

import type { NodeSelectorTerm, PodSpec } from "../api/index.ts";
import { sortedKeys } from "../units/index.ts";
import type { Normalization } from "./keys.ts";
import { Requirements } from "./requirements.ts";
import type { RequirementLike } from "./requirements.ts";
import { requirementErrors } from "./validation.ts";
import type { RequirementContext } from "./validation.ts";

/** Only what is read of a pod, so that templates fit too. */
export interface PodLike {
  readonly spec: PodSpec;
}

/** The API server knows no other operators in pods; Gte and Lte are NodePool operators (S-101). */
const POD_OPERATORS: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

/**
 * S-116: one set per OR-ed required term, each with the nodeSelector; the nodeSelector alone when no term is required.
 * Empty terms match nothing and are skipped (S-117): with only such terms the result is empty and the pod fits nowhere.
 */
export function requiredTerms(pod: PodLike, normalization?: Normalization): readonly Requirements[] {
  const selector = nodeSelectorOf(pod, normalization);
  const terms = termsOf(pod);
  if (terms === undefined) return [selector];
  return terms.filter((term) => !isEmpty(term)).map((term) => selector.merge(fromTerm(term, normalization)));
}

/** S-206 b and c, S-117: everything wrong with the required part, in the order it is written; preferences are not looked at. */
export function podNodeAffinityErrors(pod: PodLike, context: RequirementContext): string[] {
  const nodeSelector = pod.spec.nodeSelector ?? {};
  const selected = sortedKeys(nodeSelector).map((key) => ({ key, operator: "In", values: [nodeSelector[key] ?? ""] }));
  const terms = termsOf(pod) ?? [];
  const errors = [...selected, ...terms.flatMap((term) => term.matchExpressions ?? [])].flatMap((expression) =>
    expressionErrors(expression, { ...context, allowNodePoolKey: true }),
  );
  if (terms.some((term) => (term.matchFields?.length ?? 0) > 0)) {
    errors.push("node affinity with matchFields is not supported");
  }
  if (termsOf(pod) !== undefined && terms.every(isEmpty)) {
    errors.push("required node affinity has only empty terms, which match no node (EmptyNodeAffinityTerm)");
  }
  return errors;
}

function expressionErrors(expression: RequirementLike, context: RequirementContext): string[] {
  if (POD_OPERATORS.includes(expression.operator)) return requirementErrors(expression, context);
  return [`operator ${expression.operator} of key ${expression.key} is not one of ${POD_OPERATORS.join(", ")}`];
}

function termsOf(pod: PodLike): readonly NodeSelectorTerm[] | undefined {
  return pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

/** A term with only matchFields is not empty: it names a node, which says nothing about labels. */
function isEmpty(term: NodeSelectorTerm): boolean {
  return !term.matchExpressions?.length && !term.matchFields?.length;
}

function nodeSelectorOf(pod: PodLike, normalization: Normalization | undefined): Requirements {
  return Requirements.fromLabels(pod.spec.nodeSelector, normalization);
}

function fromTerm(term: NodeSelectorTerm, normalization: Normalization | undefined): Requirements {
  return Requirements.fromSpecs(term.matchExpressions ?? [], normalization);
}
