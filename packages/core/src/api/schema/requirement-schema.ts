// The list of requirements of NodePools, NodeClaims and NodeOverlays, and what must hold for each of its items (REQ-a to REQ-c).

import { integer, list, object, oneOf, text } from "./builders.ts";
import { HOSTNAME_KEY, KARPENTER_DOMAIN, keyRule } from "./label-rules.ts";
import type { KeyTest } from "./label-rules.ts";
import { LABEL_VALUE, QUALIFIED_NAME } from "./patterns.ts";
import { rule } from "./schema.ts";
import type { Schema, ValidationRule } from "./schema.ts";

const REQUIREMENT_OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"] as const;

interface Item {
  readonly operator: string;
  readonly values?: readonly string[];
  readonly minValues?: number;
}

const INT64_MAX = 2n ** 63n - 1n;

function everyItem(cel: string, message: string, valid: (item: Item) => boolean): ValidationRule {
  return rule<readonly Item[]>(`self.all(x, ${cel})`, {
    message,
    check: (self) => self.every(valid),
    locate: (self) => `[${self.findIndex((item) => !valid(item))}]`,
  });
}

/** What CEL's int() reads, and not negative: "+5" and "007" are, " 5" and "1.0" are not. */
function isNonNegativeInteger(value: string | undefined): boolean {
  if (value === undefined || !/^[+-]?[0-9]+$/.test(value)) return false;
  const number = BigInt(value.replace(/^\+/, ""));
  return number >= 0n && number <= INT64_MAX;
}

const COMPARISONS: ReadonlySet<string> = new Set(["Gt", "Lt", "Gte", "Lte"]);

const IN_HAS_VALUES = everyItem(
  "x.operator != 'In' || x.values.size() > 0",
  "a requirement with operator In needs at least one value",
  ({ operator, values }) => operator !== "In" || (values !== undefined && values.length > 0),
);

const COMPARISON_HAS_ONE_INTEGER = everyItem(
  "!(x.operator in ['Gt', 'Lt', 'Gte', 'Lte']) || (x.values.size() == 1 && int(x.values[0]) >= 0)",
  "a requirement with operator Gt, Lt, Gte or Lte needs exactly one value, a whole number of 0 or more in quotes",
  ({ operator, values }) => !COMPARISONS.has(operator) || (values?.length === 1 && isNonNegativeInteger(values[0])),
);

const ENOUGH_VALUES = everyItem(
  "!(x.operator == 'In' && has(x.minValues)) || x.values.size() >= x.minValues",
  "a requirement with operator In needs at least as many values as its minValues says",
  ({ operator, values, minValues }) =>
    operator !== "In" || minValues === undefined || (values !== undefined && values.length >= minValues),
);

const NOT_IN_HAS_VALUES = everyItem(
  "x.operator != 'NotIn' || x.values.size() > 0",
  "a requirement with operator NotIn needs at least one value",
  ({ operator, values }) => operator !== "NotIn" || (values !== undefined && values.length > 0),
);

const MOST = 100;

/**
 * `extraKeys` are further tests of each key. Length and pattern of the values stand on the list, as upstream has them: there the
 * server checks neither, so that the run-time validation alone refuses such values.
 */
export function requirementsSchema(description: string, extraKeys: readonly KeyTest[] = []): Schema {
  const { key, operator, values } = itemFields(extraKeys);
  const minValues = integer({ minimum: 1, maximum: 50, description: "How many different values must stay possible." });
  const item = object({ key, minValues, operator, values }, { required: ["key", "operator"] });
  const rules = [IN_HAS_VALUES, COMPARISON_HAS_ONE_INTEGER, ENOUGH_VALUES];
  return list(item, { description, maxItems: MOST, "x-kubernetes-validations": rules });
}

/** Of a NodeOverlay: what is selected, so that there is nothing of which several values must stay possible. */
export function overlayRequirementsSchema(description: string): Schema {
  const item = object(itemFields([]), { required: ["key", "operator"] });
  const rules = [IN_HAS_VALUES, NOT_IN_HAS_VALUES, COMPARISON_HAS_ONE_INTEGER];
  return list(item, { description, maxItems: MOST, "x-kubernetes-validations": rules });
}

function itemFields(extraKeys: readonly KeyTest[]): Readonly<Record<"key" | "operator" | "values", Schema>> {
  return {
    key: text({
      maxLength: 316,
      pattern: QUALIFIED_NAME,
      description: "Label key the requirement is about.",
      "x-kubernetes-validations": [KARPENTER_DOMAIN, HOSTNAME_KEY, ...extraKeys].map(keyRule),
    }),
    operator: oneOf(REQUIREMENT_OPERATORS, { description: "How the label's value is compared with the values." }),
    values: {
      ...list(text(), { description: "Values compared with; one whole number for Gt, Lt, Gte and Lte." }),
      maxLength: 63,
      pattern: LABEL_VALUE,
    },
  };
}
