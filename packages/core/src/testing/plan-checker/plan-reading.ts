// A plan as all checks look at it, and what they find out together about its pods and machines.

import type { PodSpec } from "../../api/index.ts";
import type { ProblemInput, Solution } from "../../scheduling/index.ts";
import { daemonSpecs } from "./daemon-pods.ts";
import { NodeWishes } from "./node-wishes.ts";
import { placesOf } from "./place.ts";
import type { Place } from "./place.ts";
import { PodKinds } from "./pod-kinds.ts";

export interface PlanReading {
  readonly input: ProblemInput;
  readonly solution: Solution;
  readonly places: readonly Place[];
  readonly kinds: PodKinds;
  readonly wishes: NodeWishes;
  /** Of the DaemonSets that count. */
  readonly daemons: readonly PodSpec[];
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
