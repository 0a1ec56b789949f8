// What each way of disruption would do about one and the same state, once its commands have been validated.

import { decide, METHODS, revalidate } from "../../disruption/index.ts";
import type { DisruptionSnapshot, MethodDecision, MethodName, ProposedCommand } from "../../disruption/index.ts";

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
    const judged = decision.commands.map((command) => revalidate(command, snapshot));
    return {
      decision,
      commands: judged.flatMap((validation) => (validation.valid ? [validation.command] : [])),
      rejected: judged.flatMap((validation) => (validation.valid ? [] : [validation.detail])),
    };
  });
}
