// The one way for tests to ask whether a plan could be carried out.

import { expect } from "vitest";
import type { ProblemInput, Solution } from "../../scheduling/index.ts";
import { checkPlan } from "./index.ts";

/** Fails the test with everything that is wrong with the plan; hands the plan back when nothing is. */
export function expectValid(problem: ProblemInput, solution: Solution): Solution {
  expect(checkPlan(problem, solution)).toEqual([]);
  return solution;
}
