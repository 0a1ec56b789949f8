// Type, range, length, format and spelling of one text, number or boolean.

import type { FieldError, FieldErrorReason } from "./field-error.ts";
import { nearestName } from "./nearest-name.ts";
import { PATTERN_MEANINGS } from "./patterns.ts";
import type { Schema } from "./schema.ts";

export function checkScalar(schema: Schema, value: unknown, path: string, errors: FieldError[]): void {
  const report = (message: string, reason: FieldErrorReason, suggestion?: string): void => {
    errors.push({ path, message, value, ...(suggestion === undefined ? {} : { suggestion }), reason });
  };
  const wrongType = typeError(schema, value);
  if (wrongType !== undefined) {
    report(wrongType, "FieldValueTypeInvalid");
    return;
  }
  if (schema.enum !== undefined && !schema.enum.includes(String(value))) {
    report(...enumError(schema.enum, String(value)));
    return;
  }
  if (typeof value === "number") checkNumber(schema, value, report);
  if (typeof value === "string") checkText(schema, value, report);
}

type Report = (message: string, reason: FieldErrorReason, suggestion?: string) => void;

function enumError(allowed: readonly string[], value: string): [string, FieldErrorReason, string?] {
  const suggestion = nearestName(value, allowed);
  const guess = suggestion === undefined ? "" : `; did you mean ${suggestion}?`;
  const shown = allowed.filter((one) => one !== "");
  const message = `must be ${shown.length === 1 ? "" : "one of "}${shown.join(", ")}${guess}`;
  return suggestion === undefined
    ? [message, "FieldValueNotSupported"]
    : [message, "FieldValueNotSupported", suggestion];
}

function typeError(schema: Schema, value: unknown): string | undefined {
  const actual = typeName(value);
  if (schema["x-kubernetes-int-or-string"]) {
    if (actual === "text" || actual === "whole number") return undefined;
    const hint = actual === "fraction" ? `; write it in quotes, "${String(value)}"` : "";
    return `must be a whole number or text, not ${withArticle(actual)}${hint}`;
  }
  switch (schema.type) {
    case "string":
      return actual === "text" ? undefined : `must be text, not ${withArticle(actual)}${quoteHint(value)}`;
    case "integer":
      return actual === "whole number" ? undefined : `must be a whole number, not ${withArticle(actual)}`;
    case "number":
      return typeof value === "number" ? undefined : `must be a number, not ${withArticle(actual)}`;
    case "boolean":
      return actual === "boolean" ? undefined : `must be true or false, not ${withArticle(actual)}`;
    case "object":
      return actual === "object" ? undefined : `must be an object, not ${withArticle(actual)}`;
    case "array":
      return actual === "list" ? undefined : `must be a list, not ${withArticle(actual)}`;
    default:
      return undefined;
  }
}

function quoteHint(value: unknown): string {
  return typeof value === "number" || typeof value === "boolean" ? `; write it in quotes, "${String(value)}"` : "";
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "list";
  if (typeof value === "number") return Number.isInteger(value) ? "whole number" : "fraction";
  return typeof value === "string" ? "text" : typeof value;
}

function withArticle(name: string): string {
  if (name === "text" || name === "null") return name;
  return name === "object" ? "an object" : `a ${name}`;
}

const INTEGER_BOUNDS: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63 };

function checkNumber(schema: Schema, value: number, report: Report): void {
  const bound = schema.format === undefined ? undefined : INTEGER_BOUNDS[schema.format];
  const { minimum, maximum } = schema;
  if (minimum !== undefined && value < minimum) report(`must be ${minimum} or more`, "FieldValueInvalid");
  if (maximum !== undefined && value > maximum) report(`must be ${maximum} or less`, "FieldValueInvalid");
  if (bound !== undefined && (value < -bound || value >= bound)) report("is too large a number", "FieldValueInvalid");
}

function checkText(schema: Schema, value: string, report: Report): void {
  const { minLength, maxLength, pattern } = schema;
  const length = minLength === undefined && maxLength === undefined ? 0 : Array.from(value).length;
  if (minLength !== undefined && length < minLength) {
    report(minLength === 1 ? "must not be empty" : `must have at least ${minLength} characters`, "FieldValueInvalid");
    return;
  }
  if (maxLength !== undefined && length > maxLength) {
    report(`must have at most ${maxLength} characters, has ${length}`, "FieldValueTooLong");
  }
  if (pattern !== undefined && !compiled(pattern).test(value)) {
    report(`must be ${PATTERN_MEANINGS.get(pattern) ?? `text matching ${pattern}`}`, "FieldValueInvalid");
  }
  if (schema.format === "date-time" && !isDateTime(value)) {
    report("must be a time such as 2026-01-31T08:00:00Z", "FieldValueInvalid");
  }
}

const expressions = new Map<string, RegExp>();

/** As many as there are patterns in schemas; values never become patterns. */
function compiled(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known !== undefined) return known;
  const expression = new RegExp(pattern);
  expressions.set(pattern, expression);
  return expression;
}

function isDateTime(value: string): boolean {
  return (
    /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}
