// What one look at a class's surroundings says: about each condition, for the status, and beside them.

import type { ConditionStatus } from "../../api/index.ts";

/** About one condition of the class. */
export interface Finding {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason?: string;
  readonly message?: string;
}

/** Worth an event, and nothing that stands in the way. */
export interface Remark {
  readonly reason: string;
  readonly message: string;
}

export interface Inspection {
  readonly findings: readonly Finding[];
  /** What was found out, conditions apart. A look that found zones expects them to be kept. */
  readonly status: { readonly zones?: unknown };
  readonly remarks?: readonly Remark[];
}

export function conditionTrue(type: string): Finding {
  return { type, status: "True" };
}

export function conditionFalse(type: string, reason: string, message: string): Finding {
  return { type, status: "False", reason, message };
}

/** The look failed, which says nothing about the condition. */
export function conditionUnknown(type: string, error: unknown, reason: string): Finding {
  return { type, status: "Unknown", reason, message: error instanceof Error ? error.message : String(error) };
}
