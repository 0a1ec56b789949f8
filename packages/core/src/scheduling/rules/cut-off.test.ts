// A solve that runs out of time keeps what it has (S-315).

import { describe, expect, it } from "vitest";
import { aPoolInput, aProblem, ascendingTypes, pods } from "../../testing/builders/index.ts";
import { PARITY_ENGINES } from "../../testing/engines.ts";
import { expectValid } from "../../testing/plan-checker/expect-valid.ts";
import { companies, refusals } from "../../testing/read-solution.ts";
import type { Solution } from "../index.ts";

const LOOKS_EVERY = 64;

describe.each(PARITY_ENGINES)("a cut-off ($name)", (engine) => {
  const problem = aProblem({
    pods: [
      ...pods(120, { name: "a", requests: { cpu: "900m" } }),
      ...pods(80, { name: "b", requests: { cpu: "300m" } }),
    ],
    nodePools: [aPoolInput({ instanceTypes: ascendingTypes(4) })],
  });
  function cutAt(look: number): Solution {
    let looks = 0;
    return expectValid(problem, engine.solve(problem, { shouldStop: () => ++looks === look }));
  }
  const placed = ({ newClaims }: Solution): number => newClaims.reduce((sum, claim) => sum + claim.pods.length, 0);

  it.each([1, 2, 3])("T-140: at look %i leaves a prefix of the full plan, and the rest is not evaluated", (look) => {
    const whole = expectValid(problem, engine.solve(problem));
    const part = cutAt(look);
    expect(placed(part)).toBe(look * LOOKS_EVERY);
    for (const [index, { pods: taken }] of part.newClaims.entries()) {
      expect(whole.newClaims[index]?.pods.slice(0, taken.length)).toEqual(taken);
    }
    expect(new Set(refusals(part))).toEqual(new Set(["NotEvaluated"]));
    expect(part.failures).toHaveLength(problem.pods.length - placed(part));
    expect(part.failures[0]?.nodePools).toMatchObject([{ nodePool: "default", verdict: "deferred" }]);
  });

  it("S-315: without a wish to stop nothing changes", () => {
    const whole = engine.solve(problem);
    expect(companies(engine.solve(problem, { shouldStop: () => false }))).toEqual(companies(whole));
    expect(whole.failures).toEqual([]);
  });
});
