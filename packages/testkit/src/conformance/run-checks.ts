// Runs checks one by one, each in a fresh world, and says of each what came out.

import { Stage, type Subject } from "../stage/index.ts";
import { CHECKS } from "./checks/index.ts";
import { ContractBreach, type Check } from "./check.ts";

export type Outcome = "passed" | "failed" | "not applicable";

export interface CheckResult {
  readonly check: Check;
  readonly outcome: Outcome;
  /** What the provider did instead, or why the check does not apply; empty when it passed. */
  readonly message: string;
  /** Real time. */
  readonly milliseconds: number;
  /** What was thrown, for whoever looks for the line. */
  readonly error?: unknown;
}

export async function runChecks(
  subject: Subject,
  checks: readonly Check[] = CHECKS,
  onResult: (result: CheckResult) => void = () => {},
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const result = await runCheck(check, subject);
    onResult(result);
    results.push(result);
  }
  return results;
}

export async function runCheck(check: Check, subject: Subject): Promise<CheckResult> {
  const reason = subject.notApplicable?.[check.id];
  if (reason !== undefined) return { check, outcome: "not applicable", message: reason, milliseconds: 0 };
  const begun = performance.now();
  const failure = await failureOf(check, subject);
  const milliseconds = Math.round(performance.now() - begun);
  if (failure === undefined) return { check, outcome: "passed", message: "", milliseconds };
  return { check, outcome: "failed", milliseconds, ...failure };
}

async function failureOf(
  check: Check,
  subject: Subject,
): Promise<{ readonly message: string; readonly error?: unknown } | undefined> {
  let stage: Stage | undefined;
  try {
    stage = await Stage.open(subject);
    const missing = check.needs?.filter((need) => stage?.cloud[need] === undefined) ?? [];
    if (missing.length > 0) {
      return {
        message: `the subject's cloud lacks ${missing.join(", ")}, which this check needs: supply it, or say in notApplicable["${check.id}"] why it cannot apply`,
      };
    }
    await check.run(stage);
    const complaints = (await stage.cloud.complaints?.()) ?? [];
    return complaints.length === 0 ? undefined : { message: `the cloud complains: ${complaints.join("; ")}` };
  } catch (error) {
    return { message: messageOf(error), error };
  } finally {
    await stage?.close();
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ContractBreach) return error.message;
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return `unexpectedly, ${text}`;
}

/** For a test's failure: what is wrong, and what the contract wants. */
export function explain({ check, message }: CheckResult): string {
  return `${check.id}: ${message}\n\nthe contract wants: ${check.wants}`;
}
