// Asks the TypeScript twins of a schema's CEL rules.

import type { FieldError } from "./field-error.ts";
import { isTransitionRule } from "./schema.ts";
import type { ValidationRule } from "./schema.ts";

export interface RuleSubject {
  readonly value: unknown;
  readonly old: unknown;
  readonly path: string;
}

export function checkRules(rules: readonly ValidationRule[], subject: RuleSubject, errors: FieldError[]): void {
  for (const rule of rules) {
    if (subject.old === undefined && isTransitionRule(rule)) continue;
    if (holds(rule, subject)) continue;
    errors.push({
      path: subject.path + (rule.fieldPath ?? offence(rule, subject.value)),
      message: rule.message,
      value: subject.value,
      reason: "FieldValueInvalid",
    });
  }
}

function holds(rule: ValidationRule, { value, old }: RuleSubject): boolean {
  try {
    return rule.check(value, old);
  } catch {
    return false;
  }
}

function offence(rule: ValidationRule, value: unknown): string {
  try {
    return rule.locate?.(value) ?? "";
  } catch {
    return "";
  }
}
