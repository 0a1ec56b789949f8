// Decides where waiting pods go and which machines to buy for them, in three steps: compile, pack, report. Start reading here.

import { compile } from "./compile/compile.ts";
import { finish } from "./compile/steps.ts";
import { pack } from "./pack/pack.ts";
import type { ProblemInput } from "./problem.ts";
import { solutionOf } from "./report/solution-of.ts";
import type { Solution, SolveOptions, SolvePause } from "./solution.ts";

/** The same input in any order gives the same answer (S-306). */
export function solve(input: ProblemInput, options: SolveOptions = {}): Solution {
  return finish(solveSteps(input, options));
}

/** The same with a pause every few milliseconds, so that whoever runs it can look after other things in between (S-1016). */
export function* solveSteps(
  input: ProblemInput,
  options: SolveOptions = {},
): Generator<SolvePause, Solution, undefined> {
  let podsLeft = input.pods.length;
  const problem = yield* paused(compile(input, options.cache), () => ({ phase: "compile", podsLeft }));
  const shapes = problem.shapes.length;
  yield { phase: "pack", podsLeft, shapes };
  const packing = yield* paused(pack(problem, options), (left) => {
    podsLeft = left;
    return { phase: "pack", podsLeft, shapes };
  });
  podsLeft = packing.failed.length + packing.deferred.length + packing.untried.length;
  yield { phase: "report", podsLeft, shapes };
  return yield* paused(solutionOf(packing), () => ({ phase: "report", podsLeft, shapes }));
}

function* paused<S, T>(
  steps: Generator<S, T, undefined>,
  pause: (step: S) => SolvePause,
): Generator<SolvePause, T, undefined> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    yield pause(step.value);
  }
}
