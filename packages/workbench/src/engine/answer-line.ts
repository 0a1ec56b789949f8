// One line of JSON in, one line of JSON out: a question about a cluster and the engine's answer to it. Never throws.

import { solve } from "@karpenter-multicloud/core/scheduling";
import type { ProblemInput, Solution } from "@karpenter-multicloud/core/scheduling";
import {
  askMethods,
  disruptResult,
  problemOf,
  readScenario,
  scheduleResult,
  ScenarioError,
  snapshotOf,
} from "@karpenter-multicloud/core/testing";
import type { DisruptResult, Scenario, ScheduleResult } from "@karpenter-multicloud/core/testing";

export interface Answer {
  readonly id?: unknown;
  readonly name: string;
  readonly action?: string;
  readonly error?: string;
  readonly schedule?: ScheduleResult;
  readonly disrupt?: DisruptResult;
  readonly timings?: { readonly solveSeconds: number };
}

export interface AnswerTools {
  /** Milliseconds of a clock that only runs forward. */
  readonly stopwatch: () => number;
  readonly solve?: (problem: ProblemInput) => Solution;
}

/** Undefined for a line without anything on it. */
export function answerLine(line: string, tools: AnswerTools): string | undefined {
  if (line.trim() === "") return undefined;
  return JSON.stringify(answer(line, tools));
}

function answer(line: string, tools: AnswerTools): Answer {
  let about: Pick<Answer, "id" | "name" | "action"> = { name: "" };
  try {
    const json: unknown = parsed(line);
    about = whatItIsAbout(json);
    const scenario = readScenario(json);
    return { ...about, action: scenario.action, ...answerOf(scenario, tools) };
  } catch (error) {
    return { ...about, error: messageOf(error) };
  }
}

type Outcome = Pick<Answer, "schedule" | "disrupt" | "timings">;

function answerOf(scenario: Scenario, tools: AnswerTools): Outcome {
  return scenario.action === "disrupt" ? answerDisrupt(scenario, tools) : answerSchedule(scenario, tools);
}

function answerSchedule(scenario: Scenario, { stopwatch, solve: engine = solve }: AnswerTools): Outcome {
  const { problem, ignored } = problemOf(scenario);
  const { result, solveSeconds } = timed(stopwatch, () => engine(problem));
  return { schedule: scheduleResult(result, problem, ignored), timings: { solveSeconds } };
}

function answerDisrupt(scenario: Scenario, { stopwatch }: AnswerTools): Outcome {
  const { snapshot, conditions } = snapshotOf(scenario);
  const { result, solveSeconds } = timed(stopwatch, () => askMethods(snapshot, scenario.method));
  return { disrupt: disruptResult(result, snapshot, conditions), timings: { solveSeconds } };
}

function timed<T>(stopwatch: () => number, work: () => T): { readonly result: T; readonly solveSeconds: number } {
  const since = stopwatch();
  const result = work();
  return { result, solveSeconds: (stopwatch() - since) / 1000 };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new ScenarioError(`the line is no JSON: ${messageOf(error)}`, { cause: error });
  }
}

/** Also for a scenario that turns out to be wrong, so that its answer can be told from the others. */
function whatItIsAbout(json: unknown): Pick<Answer, "id" | "name" | "action"> {
  if (typeof json !== "object" || json === null) return { name: "" };
  const raw: unknown = "scenario" in json ? json.scenario : json;
  if (typeof raw !== "object" || raw === null) return { name: "" };
  const { id, name, action } = raw as { readonly id?: unknown; readonly name?: unknown; readonly action?: unknown };
  return {
    ...(id !== undefined && { id }),
    name: typeof name === "string" ? name : "",
    ...(typeof action === "string" && { action }),
  };
}

/** What the scenario did wrong reads for itself; anything else is the engine's own fault and says so by its kind. */
function messageOf(error: unknown): string {
  if (error instanceof ScenarioError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
