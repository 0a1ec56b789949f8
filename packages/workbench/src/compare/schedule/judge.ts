// Two plans for the pods of one scenario: the same, as good, or different without a reason. A plan that breaks a rule of Kubernetes is
// never as good.

import {
  checkPlan,
  PARITY_ENGINES,
  problemOf,
  readScenario,
  ScenarioError,
  scheduleResult,
  solveWithKarpentersTies,
} from "@karpenter-multicloud/core/testing";
import type { ScheduleResult } from "@karpenter-multicloud/core/testing";
import { canonical } from "../canonical.ts";
import type { Judgement, Subject } from "../subject.ts";
import { randomScheduleScenario } from "./random-scenario.ts";

const [, ENGINE] = PARITY_ENGINES;
const NO_POOLS = "no dynamic nodepools found";

export const SCHEDULE: Subject = {
  scenario: randomScheduleScenario,
  judge: (scenario, karpenter) => Promise.resolve(judge(scenario, karpenter as KarpenterPlans)),
  rules: {
    "S-318": "planned machines with equally many pods: the rules with Karpenter's order of those give Karpenter's plan",
    "S-105":
      "a pod whose own selectors contradict each other has no place; Karpenter puts it where the label is absent",
    "S-301": "without a NodePool to buy from, pods still get the room of nodes that are there",
    better: "a plan that breaks no rule, leaves out no pod that Karpenter places and costs no more for them",
  },
};

interface KarpenterPlans {
  readonly error?: string;
  readonly schedule?: ScheduleResult;
  readonly alternatives?: readonly { readonly schedule?: ScheduleResult }[];
}

function judge(json: object, { error = "?", schedule, alternatives = [] }: KarpenterPlans): Judgement {
  const theirs = [{ schedule }, ...alternatives].flatMap((each) => each.schedule ?? []);
  if (theirs.length === 0) return { result: "refused", detail: `Karpenter: ${error}`, acts: false };
  let answer: Answer;
  try {
    answer = ourAnswer(json);
  } catch (problem) {
    if (!(problem instanceof ScenarioError)) throw problem;
    return { result: "refused", detail: `this engine: ${problem.message}`, acts: false };
  }
  const { ours, broken } = answer;
  const about = { ours, acts: ours.newNodeClaims.length + ours.existingNodes.length > 0 };
  if (broken !== undefined) return { result: "unexplained", detail: `breaks ${broken}`, ...about };
  const same = canonical(decisive(ours));
  if (theirs.some((each) => canonical(decisive(each)) === same)) return { result: "equal", ...about };
  const theirTies = canonical(decisive(answer.withTheirTies()));
  if (theirs.some((each) => canonical(decisive(each)) === theirTies)) {
    return { result: "explained", rules: ["S-318"], detail: priceBeside(ours, theirs), ...about };
  }
  if (ours.newNodeClaims.length === 0 && theirs.every(plansNothing)) {
    return { result: "explained", rules: ["S-301"], ...about };
  }
  const impossible = contradictory(ours);
  const others = (plan: ScheduleResult): ScheduleResult => withoutPods(plan, impossible);
  if (impossible.size > 0 && theirs.some((each) => isNotWorse(others(ours), others(each)))) {
    return { result: "explained", rules: ["S-105"], ...about };
  }
  if (theirs.some((each) => isNotWorse(ours, each))) return { result: "explained", rules: ["better"], ...about };
  return { result: "unexplained", detail: "pods, machines or price", ...about };
}

interface Answer {
  readonly ours: ScheduleResult;
  /** By the same rules, but Karpenter's way with planned machines that have equally many pods. */
  readonly withTheirTies: () => ScheduleResult;
  readonly broken?: string;
}

function ourAnswer(json: object): Answer {
  if (ENGINE === undefined) throw new RangeError("there is no engine");
  const { problem, ignored } = problemOf(readScenario(json));
  const solution = ENGINE.solve(problem);
  const violation = checkPlan(problem, solution).find(({ rule }) => rule !== "NotCheckable");
  return {
    ours: scheduleResult(solution, problem, ignored),
    withTheirTies: () => scheduleResult(solveWithKarpentersTies(problem), problem, ignored),
    ...(violation && { broken: `${violation.rule} on ${violation.place}: ${violation.detail}` }),
  };
}

/** Why a pod waits is told in each engine's own words; what a claim says of relaxed minValues is S-510. */
function decisive({ newNodeClaims, existingNodes, errors, ignored = {} }: ScheduleResult): object {
  return {
    claims: newNodeClaims.map((claim) => ({ ...claim, minValuesRelaxed: false })),
    existingNodes: existingNodes ?? [],
    left: leftOut({ errors, ignored }),
  };
}

function leftOut({ errors, ignored = {} }: Pick<ScheduleResult, "errors" | "ignored">): readonly string[] {
  return [...Object.keys(errors ?? {}), ...Object.keys(ignored)].toSorted();
}

/** Pods whose own selectors leave nothing. */
function contradictory({ errors }: ScheduleResult): ReadonlySet<string> {
  const all = Object.entries(errors ?? {});
  return new Set(all.filter(([, why]) => why.includes("leave no value for label")).map(([pod]) => pod));
}

/** What a plan leaves out, these not counted. */
function withoutPods(plan: ScheduleResult, pods: ReadonlySet<string>): ScheduleResult {
  const others = Object.entries(plan.errors ?? {}).filter(([pod]) => !pods.has(pod));
  return { ...plan, errors: Object.fromEntries(others) };
}

/** Karpenter gives up before it looks at nodes that are there. */
function plansNothing({ newNodeClaims, existingNodes, errors }: ScheduleResult): boolean {
  const why = Object.values(errors ?? {});
  return (
    newNodeClaims.length + (existingNodes?.length ?? 0) === 0 &&
    why.length > 0 &&
    why.every((text) => text === NO_POOLS)
  );
}

function priceBeside(ours: ScheduleResult, theirs: readonly ScheduleResult[]): string {
  const difference = ours.totalCheapestPrice - Math.min(...theirs.map(({ totalCheapestPrice }) => totalCheapestPrice));
  if (Math.abs(difference) < 1e-6) return "at the same price";
  return difference > 0 ? `${difference.toFixed(4)} dearer` : `${(-difference).toFixed(4)} cheaper`;
}

function isNotWorse(ours: ScheduleResult, theirs: ScheduleResult): boolean {
  const known = new Set(leftOut(theirs));
  const placesMore = leftOut(ours).length < known.size;
  const leavesNoMore = leftOut(ours).every((pod) => known.has(pod));
  return leavesNoMore && (placesMore || ours.totalCheapestPrice <= theirs.totalCheapestPrice + 1e-6);
}
