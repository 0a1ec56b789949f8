// Judges a plan by Kubernetes' own rules, without any code of the engine that made it.

import type { ProblemInput, Solution } from "../../scheduling/index.ts";
import { checkAffinity } from "./check-affinity.ts";
import { checkClaim } from "./check-claims.ts";
import { checkLimits } from "./check-limits.ts";
import { checkPlace } from "./check-places.ts";
import { checkPods } from "./check-pods.ts";
import { checkSpread } from "./check-spread.ts";
import { placesOf } from "./place.ts";
import type { Violation } from "./violation.ts";

export type { ViolatedRule, Violation } from "./violation.ts";

/** Everything that is wrong with the plan; none when kube-scheduler could bind each pod where the plan has it. */
export function checkPlan(input: ProblemInput, solution: Solution): readonly Violation[] {
  const places = placesOf(input, solution);
  return [
    ...checkPods(input, solution),
    ...places.flatMap((place) => checkPlace(place, input)),
    ...places.flatMap((place) => (place.claim ? checkClaim(place, place.claim, input) : [])),
    ...checkLimits(input, solution),
    ...checkSpread(places, input),
    ...checkAffinity(places, input),
  ];
}
