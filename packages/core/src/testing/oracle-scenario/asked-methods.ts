// What each way of disruption would do about one and the same state, once its commands have been validated.

import { decide, METHODS, revalidate } from "../../disruption/index.ts";
import type {
  DisruptionSnapshot,
  MethodDecision,
  MethodName,
  ProposedCommand,
  Validation,
} from "../../disruption/index.ts";

/** D-107: what ends in this time has ended when the command is validated; conditions are those of before. */
const VALIDATION_WAIT_MS = 15_000;
const WITHOUT_WAIT: ReadonlySet<MethodName> = new Set(["drift", "staticDrift"]);

export interface AskedMethod {
  readonly decision: MethodDecision;
  /** Those that passed. */
  readonly commands: readonly ProposedCommand[];
  /** Why the others did not. */
  readonly rejected: readonly string[];
}

/** `only`: no other method is asked. */
export function askMethods(snapshot: DisruptionSnapshot, only?: MethodName): readonly AskedMethod[] {
  const asked = only === undefined ? METHODS : [only];
  return asked.map((method) => {
    const decision = decide(method, snapshot);
    const then = WITHOUT_WAIT.has(method) ? snapshot : { ...snapshot, nowMs: snapshot.nowMs + VALIDATION_WAIT_MS };
    const judged = decision.commands.map((command) => asDecided(command, revalidate(command, then)));
    return {
      decision,
      commands: judged.flatMap((validation) => (validation.valid ? [validation.command] : [])),
      rejected: judged.flatMap((validation) => (validation.valid ? [] : [validation.detail])),
    };
  });
}

/** D-111: Karpenter carries out what was decided, with the places that pods had then; only empty nodes may have become fewer. */
function asDecided(command: ProposedCommand, validation: Validation): Validation {
  return validation.valid && command.method !== "emptiness" ? { ...validation, command } : validation;
}
