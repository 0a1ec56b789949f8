// Whether the kit notices each mistake, and takes none of them for another.

import { runChecks } from "../conformance/index.ts";
import { brokenSubject, type BrokenProvider } from "./broken-provider.ts";
import { BROKEN_LAUNCHING } from "./launching.ts";
import { BROKEN_LOOKING_AFTER } from "./looking-after.ts";

/** One for every check that is a must. */
export const BROKEN_PROVIDERS: readonly BrokenProvider[] = [...BROKEN_LAUNCHING, ...BROKEN_LOOKING_AFTER];

export interface BrokenResult {
  readonly broken: BrokenProvider;
  /** Ids of the checks that failed. */
  readonly failed: readonly string[];
  /** What the kit says of the mistake. */
  readonly said: string;
  /** Exactly the check that was to fail. */
  readonly caught: boolean;
}

export async function runBroken(broken: BrokenProvider): Promise<BrokenResult> {
  const failures = (await runChecks(brokenSubject(broken))).filter(({ outcome }) => outcome === "failed");
  const failed = failures.map(({ check }) => check.id);
  const said = failures.map(({ check, message }) => (failures.length > 1 ? `${check.id}: ${message}` : message));
  return { broken, failed, said: said.join(" | "), caught: failed.length === 1 && failed[0] === broken.breaks };
}
