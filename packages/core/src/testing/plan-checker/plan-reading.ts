// A plan as all checks look at it, and what they find out together about its pods and machines.

import type { ProblemInput, Solution } from "../../scheduling/index.ts";
import { daemonSpecs } from "./daemon-pods.ts";
import type { DaemonReading } from "./daemon-pods.ts";
import { NodeWishes } from "./node-wishes.ts";
import { placesOf } from "./place.ts";
import type { Place } from "./place.ts";
import { PodKinds } from "./pod-kinds.ts";

export interface PlanReading extends DaemonReading {
  readonly input: ProblemInput;
  readonly solution: Solution;
  readonly places: readonly Place[];
  readonly kinds: PodKinds;
}

export function readPlan(input: ProblemInput, solution: Solution): PlanReading {
  const places = placesOf(input, solution);
  return {
    input,
    solution,
    places,
    kinds: new PodKinds(places),
    wishes: new NodeWishes(input.normalization),
    daemons: daemonSpecs(input),
  };
}
