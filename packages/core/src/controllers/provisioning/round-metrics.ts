// What the metrics say of a round: while it is solved, and what came of it (the table after S-609).

import { isBufferPod, effectiveZones, optsOutOfNodePools, solveSteps } from "../../scheduling/index.ts";
import type { CompileCache, PodExplanation, ProblemInput, Solution, SolvePause } from "../../scheduling/index.ts";
import { milliseconds, seconds, sumRates, type Duration } from "../../units/index.ts";
import type { ControllerDeps } from "../deps.ts";
import type { Turn } from "./turn.ts";

type Deps = Pick<ControllerDeps, "metrics" | "clock">;

const controller = "provisioner";
/** S-315. */
const BUDGET: Duration = seconds(60);
/** Why a pod is not part of the solve (S-206). */
const IGNORED: ReadonlySet<string> = new Set(["InvalidPod", "VolumeLookupFailed"]);

export interface Solved {
  readonly solution: Solution;
  readonly took: Duration;
}

export interface SolveRun {
  /** Of the round; a label of the series that stand for it. */
  readonly id: string;
  readonly turn: Turn;
  readonly cache?: CompileCache;
}

/**
 * Others have their turns in the middle of it. T-136: the series of a running solve are gone when it ends, however it ends.
 * @throws what the turn throws, with nothing done
 */
export async function solveMeasured(deps: Deps, problem: ProblemInput, { id, turn, cache }: SolveRun): Promise<Solved> {
  const { metrics, clock } = deps;
  const labels = { controller, scheduling_id: id };
  const started = clock.now();
  const spent = (): number => clock.now() - started;
  const show = (podsLeft: number): void => {
    metrics.set("karpenter_scheduler_queue_depth", labels, podsLeft);
    metrics.set("karpenter_scheduler_unfinished_work_seconds", labels, spent() / 1000);
  };
  show(problem.pods.length);
  try {
    const phases = new Phases(deps, started);
    const steps = solveSteps(problem, { shouldStop: () => spent() >= BUDGET, ...(cache && { cache }) });
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        phases.end();
        metrics.observe("karpenter_scheduler_scheduling_duration_seconds", { controller }, spent() / 1000);
        return { solution: step.value, took: milliseconds(spent()) };
      }
      phases.see(step.value);
      if (!turn.isOver()) continue;
      show(step.value.podsLeft);
      await turn.next();
    }
  } finally {
    metrics.remove("karpenter_scheduler_queue_depth", labels);
    metrics.remove("karpenter_scheduler_unfinished_work_seconds", labels);
  }
}

/** How long each phase takes; nothing is told of one that does not end. */
class Phases {
  readonly #deps: Deps;
  #phase: SolvePause["phase"] = "compile";
  #since: number;

  constructor(deps: Deps, started: number) {
    this.#deps = deps;
    this.#since = started;
  }

  see({ phase, shapes }: SolvePause): void {
    if (phase === this.#phase) return;
    this.end();
    this.#phase = phase;
    if (shapes !== undefined) this.#deps.metrics.set("kmc_scheduler_equivalence_classes", { controller }, shapes);
  }

  end(): void {
    const now = this.#deps.clock.now();
    const took = (now - this.#since) / 1000;
    this.#deps.metrics.observe("kmc_scheduler_phase_duration_seconds", { controller, phase: this.#phase }, took);
    this.#since = now;
  }
}

export function countOutcome({ metrics }: Pick<Deps, "metrics">, problem: ProblemInput, solution: Solution): void {
  const real = { ...problem, pods: problem.pods.filter((pod) => !isBufferPod(pod)) };
  const uids = new Set(real.pods.map(({ metadata }) => metadata.uid ?? ""));
  const failures = solution.failures.filter(({ pod }) => uids.has(pod.uid));
  const ignored = failures.filter(isIgnored).length;
  metrics.set("karpenter_scheduler_unschedulable_pods_count", { controller }, failures.length - ignored);
  metrics.set("karpenter_scheduler_ignored_pods_count", {}, ignored + real.pods.filter(optsOutOfNodePools).length);
  countByOutcome(metrics, solution, failures);
  showZones(metrics, real);
  showCost(metrics, solution);
}

function isIgnored({ nodePools }: PodExplanation): boolean {
  return nodePools.some(({ reason }) => IGNORED.has(reason));
}

function countByOutcome(metrics: Deps["metrics"], solution: Solution, failures: readonly PodExplanation[]): void {
  const placed = (places: readonly { readonly pods: Solution["deferred"] }[]): number =>
    places.reduce((sum, { pods }) => sum + pods.filter((pod) => !isBufferPod(pod)).length, 0);
  const cutOff = failures.filter(({ nodePools }) => nodePools.some(({ reason }) => reason === "NotEvaluated")).length;
  const outcomes = {
    existing: placed(solution.existing),
    planned: placed(solution.newClaims),
    deferred: placed([{ pods: solution.deferred }]),
    failed: failures.length - cutOff,
    not_evaluated: cutOff,
  };
  for (const [outcome, count] of Object.entries(outcomes)) {
    if (count > 0) metrics.count("kmc_scheduler_pods_total", { controller, outcome }, count);
  }
}

/** S-610. */
function showZones(metrics: Deps["metrics"], problem: ProblemInput): void {
  metrics.remove("karpenter_scheduler_pending_pods_by_effective_zone_count", { controller });
  for (const [zone, count] of effectiveZones(problem)) {
    metrics.set("karpenter_scheduler_pending_pods_by_effective_zone_count", { controller, zone }, count);
  }
}

/** Of what the last round would buy; a plan with a machine that nobody has a price for has none. */
function showCost(metrics: Deps["metrics"], { newClaims }: Solution): void {
  metrics.remove("kmc_scheduler_plan_hourly_cost", { controller });
  const sum = sumRates(newClaims.map(({ cheapest }) => cheapest.offering.price));
  if (sum === undefined) return;
  metrics.set("kmc_scheduler_plan_hourly_cost", { controller, currency: sum.currency }, sum.amount);
}
