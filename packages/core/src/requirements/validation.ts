// Whether a requirement someone wrote makes sense (S-122, S-123, A-11, A-12). Each finding is one text; none means it is fine.

import { CapacityType, Label } from "../api/index.ts";
import { isBoundText } from "./bounds.ts";
import { isRestrictedKey, normalizeKey, normalizeValue } from "./keys.ts";
import type { Normalization } from "./keys.ts";
import type { RequirementLike } from "./requirements.ts";

export interface RequirementContext {
  readonly wellKnown: ReadonlySet<string>;
  readonly restrictedDomains: readonly string[];
  /** Values of the capacity type besides on-demand, spot and reserved. */
  readonly capacityTypes?: readonly string[];
  /** False: karpenter.sh/nodepool is refused, as in the requirements of a NodePool. @defaultValue false */
  readonly allowNodePoolKey?: boolean;
  /** Spellings that mean the same, besides Karpenter's own: what is judged is what the engine will work with. */
  readonly normalization?: Normalization;
}

const OPERATORS: readonly string[] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"];
const BOUND_OPERATORS: readonly string[] = ["Gt", "Lt", "Gte", "Lte"];

const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const MAX_PREFIX = 253;
const MAX_NAME = 63;

/** All that is wrong, not only the first. */
export function requirementErrors(written: RequirementLike, context: RequirementContext): string[] {
  const spec = normalized(written, context.normalization);
  const { key, values } = spec;
  const errors: string[] = [];
  if (!OPERATORS.includes(spec.operator)) {
    errors.push(`operator ${spec.operator} of key ${key} is not one of ${OPERATORS.join(", ")}`);
  }
  errors.push(...keyErrors(key, context));
  for (const value of values) {
    if (!isLabelValue(value)) errors.push(`value ${JSON.stringify(value)} of key ${key} is not a valid label value`);
  }
  errors.push(...countErrors(spec));
  errors.push(...closedSetErrors(spec, context));
  return errors;
}

/** capacity types nobody sells, next to ones that are fine. Accepted, but worth an error line in the log. */
export function unknownCapacityTypes(spec: RequirementLike, context: RequirementContext): string[] {
  const { key, operator } = normalized(spec, context.normalization);
  if (operator !== "In" || key !== Label.CapacityType) return [];
  const allowed = capacityTypes(context);
  return (spec.values ?? []).filter((value) => !allowed.includes(normalizeValue(key, value, context.normalization)));
}

/** Optional lower-case DNS prefix of at most 253 characters, then a name of at most 63. */
export function isQualifiedName(key: string): boolean {
  const [first = "", second, ...more] = key.split("/");
  if (more.length > 0) return false;
  const name = second ?? first;
  const prefixFine = second === undefined || (first.length <= MAX_PREFIX && PREFIX.test(first));
  return prefixFine && name.length <= MAX_NAME && NAME.test(name);
}

/** At most 63 characters; may be empty. */
export function isLabelValue(value: string): boolean {
  return value === "" || (value.length <= MAX_NAME && NAME.test(value));
}

function keyErrors(key: string, context: RequirementContext): string[] {
  const errors: string[] = [];
  if (key === Label.NodePool && context.allowNodePoolKey !== true) {
    errors.push(`key ${key} is set by the pool itself`);
  }
  if (isRestrictedKey(key, context.wellKnown, context.restrictedDomains)) errors.push(`key ${key} is restricted`);
  if (!isQualifiedName(key)) errors.push(`key ${JSON.stringify(key)} is not a qualified name`);
  return errors;
}

type Normalized = RequirementLike & { readonly values: readonly string[] };

/** S-120, K-19: the entry as the engine reads it. */
function normalized(spec: RequirementLike, normalization: Normalization | undefined): Normalized {
  const key = normalizeKey(spec.key, normalization?.keys);
  return { ...spec, key, values: (spec.values ?? []).map((value) => normalizeValue(key, value, normalization)) };
}

function countErrors(spec: Normalized): string[] {
  const { key, values } = spec;
  const errors: string[] = [];
  if (spec.operator === "In") {
    const needed = spec.minValues ?? 0;
    if (values.length === 0) errors.push(`key ${key} with operator In has no values`);
    else if (values.length < needed) {
      errors.push(`key ${key} has ${values.length} values, fewer than its minValues ${needed}`);
    }
  }
  if (BOUND_OPERATORS.includes(spec.operator) && !(values.length === 1 && values.every(isBoundText))) {
    errors.push(`key ${key} with operator ${spec.operator} needs exactly one integer of at least 0`);
  }
  return errors;
}

/** only a list without any valid entry, or with too few of them, is refused. */
function closedSetErrors(spec: Normalized, context: RequirementContext): string[] {
  const { key } = spec;
  if (key !== Label.CapacityType || spec.operator !== "In" || spec.values.length === 0) return [];
  const allowed = capacityTypes(context);
  const valid = new Set(spec.values.filter((value) => allowed.includes(value)));
  if (valid.size === 0) {
    return [`key ${key} has none of its possible values ${allowed.join(", ")}`];
  }
  if (spec.values.length >= (spec.minValues ?? 0) && valid.size < (spec.minValues ?? 0)) {
    return [`key ${key} has ${valid.size} possible values, fewer than its minValues ${spec.minValues ?? 0}`];
  }
  return [];
}

function capacityTypes(context: RequirementContext): readonly string[] {
  return [...new Set<string>([...Object.values(CapacityType), ...(context.capacityTypes ?? [])])];
}
