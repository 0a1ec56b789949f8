// The engines whose decisions must agree: every rule of scheduling is tested on each of them.

import { solve } from "../scheduling/index.ts";
import type { ProblemInput, Solution } from "../scheduling/index.ts";

export interface Engine {
  readonly name: string;
  solve(problem: ProblemInput): Solution;
}

/** Decide alike, pod for pod. */
export const PARITY_ENGINES: readonly Engine[] = [{ name: "engine", solve: (problem) => solve(problem) }];
