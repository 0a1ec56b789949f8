// The engines whose decisions must agree: every rule of scheduling is tested on each of them.

import { solve } from "../scheduling/index.ts";
import type { ProblemInput, Solution, SolveOptions } from "../scheduling/index.ts";
import { solveByRules } from "./reference-engine/reference-solve.ts";

export interface Engine {
  readonly name: string;
  solve(problem: ProblemInput, options?: SolveOptions): Solution;
}

/** Decide alike, pod for pod: the simple one written from the rules, and the one that is shipped. */
export const PARITY_ENGINES: readonly Engine[] = [
  { name: "reference engine", solve: solveByRules },
  { name: "engine in mode parity", solve: (problem, options) => solve(problem, { ...options, mode: "parity" }) },
];

/** The reference engine, except that claims with equally many pods stay in the order they were in before, as Karpenter has it (S-318). */
export function solveWithKarpentersTies(problem: ProblemInput): Solution {
  return solveByRules(problem, {}, "asBefore");
}

/** Decide like the others, and settle the zone of a claim where a pod waits for it (S-1024). */
export const COMMITTING_ENGINES: readonly Engine[] = [
  { name: "engine in mode fast", solve: (problem, options) => solve(problem, { ...options, mode: "fast" }) },
];
