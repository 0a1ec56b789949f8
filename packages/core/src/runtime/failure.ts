// What a failed reconcile asks of the runtime: come again soon, quietly, later, or never.

import { ObserveOnly } from "./action-gate.ts";

/** A failure that repeating cannot cure: counted and logged, the key waits for its next change. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
}

/**
 * - `observed`: a write was held back in observe mode; there is nothing to repair.
 * - `conflict`: someone else wrote first; read again, no log line (RT-21).
 * - `terminal`: see TerminalError.
 * - `error`: everything else.
 */
export type FailureKind = "observed" | "conflict" | "terminal" | "error";

const MOST_CAUSES = 8;

export function failureKind(error: unknown): FailureKind {
  if (error instanceof AggregateError && error.errors.length > 0) return worst(error.errors.map(failureKind));
  for (const link of causes(error)) {
    if (link instanceof ObserveOnly) return "observed";
    if (link instanceof TerminalError) return "terminal";
    if (field(link, "name") === "KubeError" && field(link, "code") === 409) return "conflict";
    if (link !== error && link instanceof AggregateError) return failureKind(link);
  }
  return "error";
}

/** How long the other side asked us to wait (Retry-After), in milliseconds. */
export function retryAfterMs(error: unknown): number {
  const links = error instanceof AggregateError ? error.errors.flatMap(causes) : causes(error);
  const waits = links.map((link) => {
    const inSeconds = field(link, "retryAfterSeconds");
    const inMs = field(link, "retryAfter");
    return Math.max(asWait(inSeconds) * 1000, asWait(inMs));
  });
  return Math.max(0, ...waits);
}

/** The error and what caused it, outermost first. */
function causes(error: unknown): unknown[] {
  const links: unknown[] = [];
  for (let link = error; link != null && links.length < MOST_CAUSES; link = field(link, "cause")) links.push(link);
  return links;
}

function worst(kinds: readonly FailureKind[]): FailureKind {
  const order: readonly FailureKind[] = ["error", "terminal", "conflict", "observed"];
  return order.find((kind) => kinds.includes(kind)) ?? "error";
}

function asWait(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? Math.max(0, value) : 0;
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
