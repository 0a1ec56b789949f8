// Which labels a label selector selects, as the API server decides it.

import type { LabelSelector, LabelSelectorRequirement } from "./core-types.ts";

/** An absent selector selects nothing, an empty one everything; one that the API server would refuse selects nothing. */
export function matchesSelector(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (selector === undefined) return false;
  const own = labels ?? {};
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labelValue(own, key) === value);
  return equal && (selector.matchExpressions ?? []).every((expression) => matchesExpression(expression, own));
}

function matchesExpression(
  { key, operator, values = [] }: LabelSelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labelValue(labels, key);
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return values.length > 0 && (value === undefined || !values.includes(value));
    case "Exists":
      return value !== undefined && values.length === 0;
    case "DoesNotExist":
      return value === undefined && values.length === 0;
    default:
      return false;
  }
}

/** Names that every object inherits are not labels. */
export function labelValue(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
