// Whether the labels a node will carry satisfy what a pod asks of them, for every value they may still take.

import { NORMALIZED_LABELS } from "../../api/index.ts";
import type { NodeSelectorTerm, Pod, PodSpec } from "../../api/index.ts";
import type { Normalization } from "../../requirements/index.ts";

export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/**
 * What is known of one label: absent, one of some values, or any value that satisfies some expressions (a label only the
 * cloud can set, on which the claim insists).
 */
export type LabelKnowledge =
  | { readonly kind: "absent" }
  | { readonly kind: "values"; readonly values: readonly string[] }
  | { readonly kind: "bound"; readonly by: readonly Expression[] };

export type LabelsOfPlace = (key: string) => LabelKnowledge;

export const ABSENT: LabelKnowledge = { kind: "absent" };

export function oneOfValues(...values: readonly string[]): LabelKnowledge {
  return values.length === 0 ? ABSENT : { kind: "values", values };
}

/** For one certain label value, as kube-scheduler evaluates node affinity; Gte and Lte are NodePools' own. */
export function admits({ operator, values = [] }: Expression, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return compares(operator, value, values[0]);
  }
}

/** Whether it holds whatever the label turns out to be. */
export function surelyHolds(expression: Expression, label: LabelKnowledge): boolean {
  if (label.kind === "absent") return admits(expression, undefined);
  if (label.kind === "values") return label.values.every((value) => admits(expression, value));
  return label.by.some((bound) => implies(bound, expression));
}

/** Whether it can hold. */
export function mayHold(expression: Expression, label: LabelKnowledge): boolean {
  if (label.kind === "absent") return admits(expression, undefined);
  if (label.kind === "values") return label.values.some((value) => admits(expression, value));
  return !label.by.some((bound) => bound.operator === "In" && !(bound.values ?? []).some((v) => admits(expression, v)));
}

/** The nodeSelector and one of the required terms. */
export function selectorHolds(
  spec: PodSpec,
  labels: LabelsOfPlace,
  test: typeof surelyHolds,
  reading: { readonly normalization?: Normalization | undefined; readonly nodeName?: string },
): boolean {
  const holds = (expression: Expression): boolean => {
    const today = asOfToday(expression, reading.normalization);
    return test(today, labels(today.key));
  };
  const selected = Object.entries(spec.nodeSelector ?? {}).every(([key, value]) =>
    holds({ key, operator: "In", values: [value] }),
  );
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!selected || required === undefined) return selected;
  return required.nodeSelectorTerms.some((term) => termHolds(term, holds, reading.nodeName));
}

/** A term without anything in it selects no node. */
function termHolds(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  holds: (expression: Expression) => boolean,
  nodeName: string | undefined,
): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every(holds) && matchFields.every((field) => admits(field, nodeName));
}

/** Keys and values by the names that nodes carry today. */
export function asOfToday(expression: Expression, normalization: Normalization | undefined): Expression {
  const key = NORMALIZED_LABELS[expression.key] ?? normalization?.keys?.[expression.key] ?? expression.key;
  const table = normalization?.values?.[key];
  const values = expression.values?.map((value) => table?.[value] ?? value);
  return { key, operator: expression.operator, ...(values && { values }) };
}

export function keyOfPod({ metadata }: Pick<Pod, "metadata">): string {
  return `${metadata.namespace ?? "default"}/${metadata.name ?? ""}`;
}

function compares(operator: string, value: string | undefined, bound: string | undefined): boolean {
  const integer = /^[+-]?[0-9]+$/;
  if (value === undefined || bound === undefined || !integer.test(value) || !integer.test(bound)) return false;
  const [left, right] = [Number(value), Number(bound)];
  if (operator === "Gt") return left > right;
  if (operator === "Gte") return left >= right;
  if (operator === "Lt") return left < right;
  return operator === "Lte" && left <= right;
}

/** Every value the bound admits satisfies the expression. Answers no when in doubt. */
function implies(bound: Expression, expression: Expression): boolean {
  const [have = [], wanted = []] = [bound.values, expression.values];
  if (bound.operator === "In") return have.every((value) => admits(expression, value));
  if (bound.operator === "DoesNotExist") return admits(expression, undefined);
  if (expression.operator === "Exists") return bound.operator !== "NotIn";
  if (expression.operator === "NotIn")
    return bound.operator === "NotIn" && wanted.every((value) => have.includes(value));
  const [least, most] = [lowest(expression), highest(expression)];
  if (least !== undefined) return (lowest(bound) ?? -Infinity) >= least;
  return most !== undefined && (highest(bound) ?? Infinity) <= most;
}

function lowest({ operator, values }: Expression): number | undefined {
  if (operator === "Gte") return Number(values?.[0]);
  return operator === "Gt" ? Number(values?.[0]) + 1 : undefined;
}

function highest({ operator, values }: Expression): number | undefined {
  if (operator === "Lte") return Number(values?.[0]);
  return operator === "Lt" ? Number(values?.[0]) - 1 : undefined;
}
