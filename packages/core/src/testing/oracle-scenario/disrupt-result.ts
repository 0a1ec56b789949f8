// What disruption decides as the JSON of the format: canonical order everywhere, so that two answers can be compared as text.

import type { DisruptionReason } from "../../api/index.ts";
import { UNLIMITED } from "../../disruption/index.ts";
import type { DisruptionSnapshot, MethodName } from "../../disruption/index.ts";
import { compareText } from "../../units/index.ts";
import type { AskedMethod } from "./asked-methods.ts";
import { commandResult } from "./command-result.ts";
import type { CommandResult } from "./command-result.ts";

export interface MethodResult {
  readonly method: MethodName;
  readonly reason: DisruptionReason;
  /** Names of the eligible nodes. */
  readonly candidates: readonly string[];
  /** By pool: nodes that may be disrupted now; -1: no limit. */
  readonly budgets: Readonly<Record<string, number>>;
  readonly commands: readonly CommandResult[];
  /** Why commands were dropped when they were validated. */
  readonly rejected?: readonly string[];
}

export interface DisruptResult {
  /** The first method with a command, or "". */
  readonly selected: MethodName | "";
  /** By name of the NodeClaim. */
  readonly conditions?: Readonly<Record<string, string>>;
  readonly methods: readonly MethodResult[];
}

const REASONS: Readonly<Record<MethodName, DisruptionReason>> = {
  emptiness: "Empty",
  staticDrift: "Drifted",
  drift: "Drifted",
  multi: "Underutilized",
  single: "Underutilized",
};

/** `asked` in the order of the methods. */
export function disruptResult(
  asked: readonly AskedMethod[],
  snapshot: DisruptionSnapshot,
  conditions?: Readonly<Record<string, string>>,
): DisruptResult {
  return {
    selected: asked.find(({ commands }) => commands.length > 0)?.decision.method ?? "",
    ...(conditions && { conditions }),
    methods: asked.map((each) => methodResult(each, snapshot)),
  };
}

function methodResult({ decision, commands, rejected }: AskedMethod, snapshot: DisruptionSnapshot): MethodResult {
  const budgets = [...decision.budgets].toSorted(([a], [b]) => compareText(a, b));
  return {
    method: decision.method,
    reason: REASONS[decision.method],
    candidates: decision.eligible.toSorted(compareText),
    budgets: Object.fromEntries(
      budgets.map(([pool, { remaining }]) => [pool, remaining === UNLIMITED ? -1 : remaining]),
    ),
    commands: commands
      .map((command) => commandResult(command, snapshot))
      .toSorted((a, b) => compareText(a.candidates[0]?.name ?? "", b.candidates[0]?.name ?? "")),
    ...(rejected.length > 0 && { rejected: rejected.toSorted(compareText) }),
  };
}
