// What a pod says about where it may run: affinity, tolerations, spread.

import { labelSelector } from "./builtin-parts.ts";
import { integer, list, object, oneOf, text } from "./builders.ts";
import { QUALIFIED_NAME } from "./patterns.ts";
import { rule } from "./schema.ts";
import type { Schema } from "./schema.ts";

interface NodeExpression {
  readonly operator: string;
  readonly values?: readonly string[];
}

function valuesFit({ operator, values = [] }: NodeExpression): boolean {
  switch (operator) {
    case "In":
    case "NotIn":
      return values.length > 0;
    case "Gt":
    case "Lt":
      return values.length === 1 && /^[+-]?[0-9]+$/.test(values[0] ?? "");
    default:
      return values.length === 0;
  }
}

const NODE_VALUES_FIT = rule<NodeExpression>(
  "self.operator in ['In', 'NotIn'] ? size(self.values) > 0 : self.operator in ['Gt', 'Lt'] ? size(self.values) == 1 : !has(self.values) || size(self.values) == 0",
  {
    message: "In and NotIn need at least one value, Gt and Lt exactly one whole number, Exists and DoesNotExist none",
    check: valuesFit,
  },
);

const nodeExpressions = list(
  object(
    {
      key: text({ pattern: QUALIFIED_NAME }),
      operator: oneOf(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]),
      values: list(text()),
    },
    { required: ["key", "operator"], rules: [NODE_VALUES_FIT] },
  ),
);

const nodeTerm = object({ matchExpressions: nodeExpressions, matchFields: nodeExpressions });

const podTerm = object(
  {
    labelSelector,
    namespaceSelector: labelSelector,
    namespaces: list(text()),
    topologyKey: text({ minLength: 1, pattern: QUALIFIED_NAME }),
    matchLabelKeys: list(text()),
    mismatchLabelKeys: list(text()),
  },
  { required: ["topologyKey"] },
);

const weight = integer({ minimum: 1, maximum: 100 });

const podAffinity = object({
  requiredDuringSchedulingIgnoredDuringExecution: list(podTerm),
  preferredDuringSchedulingIgnoredDuringExecution: list(
    object({ weight, podAffinityTerm: podTerm }, { required: ["weight", "podAffinityTerm"] }),
  ),
});

export const affinity: Schema = object({
  nodeAffinity: object({
    requiredDuringSchedulingIgnoredDuringExecution: object(
      { nodeSelectorTerms: list(nodeTerm, { minItems: 1 }) },
      { required: ["nodeSelectorTerms"] },
    ),
    preferredDuringSchedulingIgnoredDuringExecution: list(
      object({ weight, preference: nodeTerm }, { required: ["weight", "preference"] }),
    ),
  }),
  podAffinity,
  podAntiAffinity: podAffinity,
});

interface TolerationShape {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
}

const EMPTY_KEY_EXISTS = rule<TolerationShape>("(has(self.key) && self.key != '') || self.operator == 'Exists'", {
  message: "a toleration without a key must have operator Exists, which tolerates everything",
  check: ({ key, operator }) => (key !== undefined && key !== "") || operator === "Exists",
});

const EXISTS_WITHOUT_VALUE = rule<TolerationShape>(
  "self.operator != 'Exists' || !has(self.value) || self.value == ''",
  {
    message: "a toleration with operator Exists takes no value",
    check: ({ operator, value }) => operator !== "Exists" || value === undefined || value === "",
  },
);

export const tolerations: Schema = list(
  object(
    {
      key: text(),
      operator: oneOf(["Exists", "Equal", "Lt", "Gt"]),
      value: text(),
      effect: oneOf(["NoSchedule", "PreferNoSchedule", "NoExecute", ""]),
      tolerationSeconds: integer({ format: "int64" }),
    },
    { rules: [EMPTY_KEY_EXISTS, EXISTS_WITHOUT_VALUE] },
  ),
);

const policy = oneOf(["Honor", "Ignore"]);

export const topologySpreadConstraints: Schema = list(
  object(
    {
      maxSkew: integer({ format: "int32", minimum: 1 }),
      topologyKey: text({ minLength: 1, pattern: QUALIFIED_NAME }),
      whenUnsatisfiable: oneOf(["DoNotSchedule", "ScheduleAnyway"]),
      labelSelector,
      minDomains: integer({ format: "int32", minimum: 1 }),
      nodeAffinityPolicy: policy,
      nodeTaintsPolicy: policy,
      matchLabelKeys: list(text()),
    },
    { required: ["maxSkew", "topologyKey", "whenUnsatisfiable"] },
  ),
);
