// How long the simulations of disruption take, each from its beginning to its end, pauses included (DM-28).

import { SimulationMark, type Steps } from "../../disruption/index.ts";
import type { ControllerDeps } from "../deps.ts";

/** The same steps, with the times of the simulations in them told as metrics. */
export function* withTimes<T>(
  steps: Steps<T>,
  { clock, metrics }: Pick<ControllerDeps, "clock" | "metrics">,
): Steps<T> {
  let began = clock.now();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (step.value === SimulationMark.Begins) began = clock.now();
    if (step.value === SimulationMark.Ends) {
      const labels = { controller: "disruption" };
      metrics.observe("karpenter_scheduler_scheduling_duration_seconds", labels, (clock.now() - began) / 1000);
    }
    yield step.value;
  }
}
