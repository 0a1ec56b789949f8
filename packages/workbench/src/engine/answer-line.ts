// One line of JSON in, one line of JSON out: a scheduling question and the engine's answer to it. Never throws.

import { solve } from "@karpenter-multicloud/core/scheduling";
import type { ProblemInput, Solution } from "@karpenter-multicloud/core/scheduling";
import { problemOf, readScenario, scheduleResult, ScenarioError } from "@karpenter-multicloud/core/testing";
import type { Scenario, ScheduleResult } from "@karpenter-multicloud/core/testing";

export interface Answer {
  readonly id?: unknown;
  readonly name: string;
  readonly action?: string;
  readonly error?: string;
  readonly schedule?: ScheduleResult;
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
    return { ...about, action: scenario.action, ...answerScenario(scenario, tools) };
  } catch (error) {
    return { ...about, error: messageOf(error) };
  }
}

function answerScenario(scenario: Scenario, tools: AnswerTools): Pick<Answer, "schedule" | "timings"> {
  const { problem, ignored } = problemOf(scenario);
  const since = tools.stopwatch();
  const solution = (tools.solve ?? solve)(problem);
  const solveSeconds = (tools.stopwatch() - since) / 1000;
  return { schedule: scheduleResult(solution, problem, ignored), timings: { solveSeconds } };
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
