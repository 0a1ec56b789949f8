// The texts that several kinds share: names, labels, durations, quantities.

import type { Schema } from "./schema.ts";

/** Qualified name: an optional lower-case DNS prefix and a name (QKEY). */
export const QUALIFIED_NAME =
  "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$";

/** Label value; may be empty (LVAL). */
export const LABEL_VALUE = "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";

/** Whole seconds, minutes and hours in any order: 30s, 1h30m (DUR). */
export const DURATION = "^([0-9]+(s|m|h))+$";

/** As DURATION, or exactly Never (DURN). */
export const DURATION_OR_NEVER = "^(([0-9]+(s|m|h))+|Never)$";

/** Kubernetes quantity (QTY). */
export const QUANTITY =
  "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$";

/** An amount of money per hour: 0, 0.25. */
export const PRICE = "^\\d+(\\.\\d+)?$";

/** An amount with a sign, or a percentage that takes off everything at most: -0.5, +10%, -100%. */
export const PRICE_ADJUSTMENT = "^([+-]\\d*\\.?\\d+|\\+\\d*\\.?\\d+%|-\\d{1,2}(\\.\\d+)?%|-100%)$";

export const UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

/** DNS label (RFC 1123): up to 63 lower-case letters, digits and dashes. */
export const DNS_LABEL = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";

/** DNS subdomain (RFC 1123): labels joined by dots. */
export const DNS_SUBDOMAIN = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/** What a pattern asks for, in words; used in messages instead of the regular expression. */
export const PATTERN_MEANINGS: ReadonlyMap<string, string> = new Map([
  [QUALIFIED_NAME, "a qualified name such as example.com/team or team"],
  [LABEL_VALUE, "a label value: letters, digits, '-', '_' and '.', starting and ending with a letter or digit"],
  [DURATION, "a duration of whole seconds, minutes or hours such as 30s, 5m or 1h30m"],
  [DURATION_OR_NEVER, "a duration of whole seconds, minutes or hours such as 30s, 5m or 1h30m, or Never"],
  [QUANTITY, "a quantity such as 500m, 2 or 1Gi"],
  [PRICE, "an amount per hour such as 0.25"],
  [PRICE_ADJUSTMENT, "an amount with a sign such as -0.5, or a percentage with a sign such as +10%, down to -100%"],
  [UUID, "a UUID such as 01234567-89ab-cdef-0123-456789abcdef"],
  [DNS_LABEL, "lower-case letters, digits and '-', starting and ending with a letter or digit"],
  [DNS_SUBDOMAIN, "lower-case letters, digits, '-' and '.', starting and ending with a letter or digit"],
]);

/** A quantity: a text, or a whole number. A JSON fraction is refused by the server. */
const quantitySchema: Schema = { "x-kubernetes-int-or-string": true, pattern: QUANTITY };

/** Resource name → quantity. */
export const resourceListSchema: Schema = { type: "object", additionalProperties: quantitySchema };
