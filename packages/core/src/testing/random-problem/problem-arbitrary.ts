// Random problems for fast-check: a counterexample shrinks by leaving out pods, nodes, pools and DaemonSets that do not matter to it.

import * as fc from "fast-check";
import type { ProblemInput } from "../../scheduling/index.ts";
import { MIXES, mixOf } from "./mixes.ts";
import type { Mix } from "./mixes.ts";
import { randomProblem } from "./random-problem.ts";

export interface RandomProblem {
  readonly seed: number;
  readonly problem: ProblemInput;
}

/** Over the mixes that `wanted` accepts, each as often as the others. */
export function randomProblems(wanted: (mix: Mix) => boolean = () => true): fc.Arbitrary<RandomProblem> {
  const indexes = [...MIXES.keys()].filter((index) => wanted(mixOf(index)));
  const seeds = fc
    .tuple(fc.constantFrom(...indexes), fc.nat({ max: 1_000_000 }))
    .map(([index, round]) => round * MIXES.length + index);
  return fc.noShrink(seeds).chain((seed) => {
    const problem = randomProblem(seed);
    return fc
      .record({
        pods: subset(problem.pods),
        nodes: subset(problem.nodes),
        nodePools: subset(problem.nodePools),
        daemonSets: subset(problem.daemonSets),
      })
      .map((parts) => ({ seed, problem: { ...problem, ...parts } }));
  });
}

/** Mostly all of them. */
function subset<T>(list: readonly T[]): fc.Arbitrary<readonly T[]> {
  const all = fc.subarray([...list], { minLength: list.length, maxLength: list.length });
  const some = fc.subarray([...list]);
  return fc.oneof({ withCrossShrink: true }, { weight: 1, arbitrary: some }, { weight: 4, arbitrary: all });
}
