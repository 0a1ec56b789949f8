// Judges a plan by Kubernetes' own rules, without any code of the engine that made it.

import type { ProblemInput, Solution } from "../../scheduling/index.ts";
import { checkAffinity } from "./checks/check-affinity.ts";
import { checkAntiAffinity } from "./checks/check-anti-affinity.ts";
import { checkClaim } from "./checks/check-claims.ts";
import { checkLimits } from "./checks/check-limits.ts";
import { checkPlace } from "./checks/check-places.ts";
import { checkPods } from "./checks/check-pods.ts";
import { checkReservations } from "./checks/check-reservations.ts";
import { checkSpread } from "./checks/check-spread.ts";
import { readPlan } from "./plan-reading.ts";
import type { Violation } from "./violation.ts";

export type { ViolatedRule, Violation } from "./violation.ts";

/** Everything that is wrong with the plan; none when kube-scheduler could bind each pod where the plan has it. */
export function checkPlan(input: ProblemInput, solution: Solution): readonly Violation[] {
  const reading = readPlan(input, solution);
  const { places } = reading;
  return [
    ...checkPods(input, solution),
    ...places.flatMap((place) => checkPlace(place, reading)),
    ...places.flatMap((place) => (place.claim ? checkClaim(place, place.claim, input) : [])),
    ...checkLimits(input, solution),
    ...checkReservations(input, places),
    ...checkSpread(reading),
    ...checkAntiAffinity(reading),
    ...checkAffinity(reading),
  ];
}
