// The kit as tests: one per check, in whatever runner the author uses.

import type { Subject } from "../stage/index.ts";
import { CHECKS } from "./checks/index.ts";
import { explain, runCheck } from "./run-checks.ts";

/** The two functions that vitest, node:test, Jest and Mocha have in common. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** Registers all checks that apply, and one that says which do not and why. */
export function conformance(subject: Subject, { describe, it }: TestRunner): void {
  const { notApplicable = {} } = subject;
  const applicable = CHECKS.filter(({ id }) => notApplicable[id] === undefined);
  describe(`provider "${subject.factory.name}" keeps the contract`, () => {
    for (const check of applicable) {
      it(`${check.id}: ${check.title}`, async () => {
        const result = await runCheck(check, subject);
        if (result.outcome === "failed") throw new Error(explain(result), { cause: result.error });
      });
    }
    it(`notApplicable names ${CHECKS.length - applicable.length} checks, each with a reason`, async () => {
      const wrong = Object.entries(notApplicable).filter(
        ([id, reason]) => reason.trim() === "" || CHECKS.every((check) => check.id !== id),
      );
      if (wrong.length > 0) throw new Error(`unknown check or no reason: ${wrong.map(([id]) => id).join(", ")}`);
    });
  });
}
