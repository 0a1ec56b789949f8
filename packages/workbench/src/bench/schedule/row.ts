// One line of the bench: what is asked of the process that measures it, what that process tells, and what it comes to.

import type { SolveMode } from "@karpenter-multicloud/core/scheduling";
import type { Timing } from "./measure.ts";
import type { PlanFigures } from "./plan-figures.ts";
import type { SelfTime } from "./self-time.ts";

export const MODES: readonly SolveMode[] = ["parity", "fast"];

export interface RowRequest {
  readonly workload: string;
  readonly size: number;
  readonly mode: SolveMode;
  readonly quick: boolean;
  /** Where the processor profile goes. */
  readonly profileTo?: string;
}

/** What a problem is made of. */
export interface InputFigures {
  readonly pods: number;
  readonly existingNodes: number;
  readonly nodePools: number;
  readonly instanceTypes: number;
  readonly solves: number;
}

export interface Profile {
  readonly file: string;
  readonly top: readonly SelfTime[];
}

/** In this order. */
export type RowEvent =
  | { readonly kind: "ready"; readonly input: InputFigures }
  | { readonly kind: "cold"; readonly ms: number }
  | { readonly kind: "measured"; readonly timing: Timing; readonly plan: PlanFigures }
  | { readonly kind: "profiled"; readonly profile: Profile }
  | { readonly kind: "checked"; readonly violations: readonly string[] };

export type RowStatus = "measured" | "not finished" | "failed";

export interface RowOutcome {
  readonly status: RowStatus;
  /** What the process said last when it failed, in the measurement or after it in the check. */
  readonly error?: string;
  readonly input?: InputFigures;
  readonly timing?: Timing;
  readonly podsPerSecond?: number;
  readonly plan?: PlanFigures;
  /** ok: the independent checker found nothing; too slow: it was not done within its limit. */
  readonly check?: "ok" | "violated" | "too slow" | "failed";
  /** The first few. */
  readonly violations?: readonly string[];
  readonly profile?: Profile;
}

/** How the process ended. */
export interface RowEnd {
  readonly tookTooLong: boolean;
  readonly exitCode: number | null;
  readonly lastWords: string;
}

/** How long each step may take, in milliseconds; a step is what leads to the event of that kind. */
export const STEP_LIMITS: Readonly<Record<RowEvent["kind"], number>> = {
  ready: 120_000,
  cold: 120_000,
  measured: 600_000,
  profiled: 300_000,
  checked: 60_000,
};

const VIOLATIONS_SHOWN = 3;

export function outcomeOf(events: readonly RowEvent[], end: RowEnd): RowOutcome {
  const find = <K extends RowEvent["kind"]>(kind: K): Extract<RowEvent, { kind: K }> | undefined =>
    events.find((event): event is Extract<RowEvent, { kind: K }> => event.kind === kind);
  const input = find("ready")?.input;
  const measured = find("measured");
  const profile = find("profiled")?.profile;
  const known = { ...(input && { input }), ...(profile && { profile }) };
  const error =
    end.tookTooLong || end.exitCode === 0
      ? undefined
      : end.lastWords || `the process ended with code ${String(end.exitCode)}`;
  if (measured === undefined || input === undefined) {
    return error === undefined ? { ...known, status: "not finished" } : { ...known, status: "failed", error };
  }
  const { timing, plan } = measured;
  return {
    ...known,
    status: "measured",
    timing,
    podsPerSecond: input.pods / (timing.p50Ms / 1000),
    plan,
    ...(error === undefined ? verdict(find("checked")?.violations) : { check: "failed", error }),
  };
}

function verdict(violations: readonly string[] | undefined): Pick<RowOutcome, "check" | "violations"> {
  if (violations === undefined) return { check: "too slow" };
  if (violations.length === 0) return { check: "ok" };
  return { check: "violated", violations: violations.slice(0, VIOLATIONS_SHOWN) };
}

/** Which step comes after an event; undefined after the last. */
export function stepAfter(
  { kind }: RowEvent,
  { profileTo }: Pick<RowRequest, "profileTo">,
): RowEvent["kind"] | undefined {
  switch (kind) {
    case "ready":
      return "cold";
    case "cold":
      return "measured";
    case "measured":
      return profileTo === undefined ? "checked" : "profiled";
    case "profiled":
      return "checked";
    case "checked":
      return undefined;
  }
}
