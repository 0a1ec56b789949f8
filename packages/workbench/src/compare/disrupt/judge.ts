// Two answers about the nodes of one scenario: equal, different by rules that are written down, or different without a reason.

import { askMethods, disruptResult, readScenario, ScenarioError, snapshotOf } from "@karpenter-multicloud/core/testing";
import type { DisruptResult, Scenario } from "@karpenter-multicloud/core/testing";
import type { AskAgain, Judgement, Subject } from "../subject.ts";
import { differenceOf, outcomesOf } from "./answers.ts";
import type { Difference, KarpenterAnswer } from "./answers.ts";
import { EXPLANATIONS } from "./explanations.ts";
import { randomDisruptScenario } from "./random-scenario.ts";
import { RESTATEMENTS } from "./restated.ts";

export const DISRUPT: Subject = {
  scenario: randomDisruptScenario,
  judge,
  rules: Object.fromEntries([...EXPLANATIONS, ...RESTATEMENTS].map(({ rule, what }) => [rule, what])),
};

async function judge(scenario: object, karpenter: unknown, askAgain: AskAgain): Promise<Judgement> {
  const answer = karpenter as KarpenterAnswer;
  const outcomes = outcomesOf(answer);
  if (outcomes.length === 0) return { result: "refused", detail: `Karpenter: ${answer.error ?? "?"}`, acts: false };
  let ours: DisruptResult;
  try {
    ours = ourAnswer(scenario);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return { result: "refused", detail: `this engine: ${error.message}`, acts: false };
  }
  const about = { acts: ours.selected !== "", ours };
  const difference = differenceOf(ours, outcomes);
  if (isNone(difference)) return { result: "equal", ...about };
  const read = readScenario(scenario);
  const rules = rulesFor(difference, read) ?? (await rulesOfRestated(scenario, { read, ours, askAgain }));
  const detail = said(difference);
  return rules ? { result: "explained", rules, detail, ...about } : { result: "unexplained", detail, ...about };
}

export function ourAnswer(json: object): DisruptResult {
  const scenario = readScenario(json);
  const { snapshot, conditions } = snapshotOf(scenario);
  return disruptResult(askMethods(snapshot, scenario.method), snapshot, conditions);
}

function isNone({ methods, conditions }: Difference): boolean {
  return methods.length === 0 && !conditions;
}

/** Undefined when a method differs by something that no rule covers. */
function rulesFor({ methods, conditions }: Difference, scenario: Scenario): readonly string[] | undefined {
  if (conditions) return undefined;
  const rules = methods.map((method) => EXPLANATIONS.find(({ covers }) => covers(method, scenario))?.rule);
  return rules.some((rule) => rule === undefined)
    ? undefined
    : [...new Set(rules)].filter((rule) => rule !== undefined);
}

interface OurSide {
  readonly read: Scenario;
  readonly ours: DisruptResult;
  readonly askAgain: AskAgain;
}

async function rulesOfRestated(
  scenario: object,
  { read, ours, askAgain }: OurSide,
): Promise<readonly string[] | undefined> {
  for (const { rule, restate } of RESTATEMENTS) {
    const restated = restate(scenario);
    if (restated === undefined) continue;
    const difference = differenceOf(ours, outcomesOf((await askAgain(restated)) as KarpenterAnswer));
    const others = isNone(difference) ? [] : rulesFor(difference, read);
    if (others) return [rule, ...others];
  }
  return undefined;
}

function said({ methods, conditions }: Difference): string {
  return [...(conditions ? ["conditions"] : []), ...methods.map(({ method }) => method)].join(", ");
}
