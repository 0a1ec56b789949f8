// Pieces that Kubernetes' own kinds share: quantities, selectors, fields that are known but not looked into.

import { anything, list, listByKey, mapOf, object, oneOf, text } from "./builders.ts";
import { LABEL_VALUE, QUALIFIED_NAME, QUANTITY } from "./patterns.ts";
import { rule } from "./schema.ts";
import type { Schema } from "./schema.ts";

/** Real fields that are seldom used: their names, parted by white space, are known; their values are not checked. */
export function unchecked(names: string): Readonly<Record<string, Schema>> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, anything]));
}

const quantity = new RegExp(QUANTITY);

/** Built-in kinds take fractions unquoted, custom resources do not. */
const builtinQuantity: Schema = {
  ...anything,
  "x-kubernetes-validations": [
    rule<unknown>("isQuantity(string(self))", {
      message: "must be a quantity such as 500m, 2 or 1Gi",
      check: (self) => typeof self === "number" || (typeof self === "string" && quantity.test(self)),
    }),
  ],
};

export const builtinResources: Schema = mapOf(builtinQuantity);

/** A number, or a percentage in text. */
export const countOrPercent: Schema = { "x-kubernetes-int-or-string": true, pattern: "^[0-9]+%$" };

const labelMap = mapOf(text({ maxLength: 63, pattern: LABEL_VALUE }));

interface SelectorItem {
  readonly operator: string;
  readonly values?: readonly string[];
}

const VALUES_FIT = rule<SelectorItem>(
  "self.operator in ['In', 'NotIn'] ? (has(self.values) && size(self.values) > 0) : (!has(self.values) || size(self.values) == 0)",
  {
    message: "In and NotIn need at least one value, Exists and DoesNotExist take none",
    check: ({ operator, values = [] }) =>
      operator === "In" || operator === "NotIn" ? values.length > 0 : values.length === 0,
  },
);

export const labelSelector: Schema = object({
  matchLabels: labelMap,
  matchExpressions: list(
    object(
      {
        key: text({ pattern: QUALIFIED_NAME }),
        operator: oneOf(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: list(text()),
      },
      { required: ["key", "operator"], rules: [VALUES_FIT] },
    ),
  ),
});

export const nodeSelector: Schema = labelMap;

/** Objects told apart by their name. */
export function named(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return listByKey(object(properties, { required: ["name", ...required] }), ["name"]);
}
