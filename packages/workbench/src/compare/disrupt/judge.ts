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

/** Among many equal nodes its choice falls in more ways than a few runs show. */
const MORE_OFTEN = 10;

async function judge(scenario: object, karpenter: unknown, askAgain: AskAgain): Promise<Judgement> {
  const answer = karpenter as KarpenterAnswer;
  let outcomes = outcomesOf(answer);
  if (outcomes.length === 0) return { result: "refused", detail: `Karpenter: ${answer.error ?? "?"}`, acts: false };
  let ours: DisruptResult;
  try {
    ours = ourAnswer(scenario);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return { result: "refused", detail: `this engine: ${error.message}`, acts: false };
  }
  const about = { acts: ours.selected !== "", kinds: kindsOf(ours), ours };
  if (isNone(differenceOf(ours, outcomes))) return { result: "equal", ...about };
  outcomes = outcomesOf((await askAgain(scenario, MORE_OFTEN)) as KarpenterAnswer);
  const difference = differenceOf(ours, outcomes);
  if (isNone(difference)) return { result: "equal", isRare: true, ...about };
  const read = readScenario(scenario);
  const rules = rulesFor(difference, read) ?? (await rulesOfRestated(scenario, { read, difference, ours, askAgain }));
  const detail = said(difference);
  return rules ? { result: "explained", rules, detail, ...about } : { result: "unexplained", detail, ...about };
}

/** "multi replace", "drift nothing": each method once, for each is asked on its own. */
function kindsOf({ methods }: DisruptResult): readonly string[] {
  return methods.flatMap(({ method, commands }) => {
    const decisions = [...new Set((commands ?? []).map(({ decision }) => decision))];
    return (decisions.length > 0 ? decisions : ["nothing"]).map((decision) => `${method} ${decision}`);
  });
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
  readonly difference: Difference;
  readonly ours: DisruptResult;
  readonly askAgain: AskAgain;
}

async function rulesOfRestated(
  scenario: object,
  { read, difference, ours, askAgain }: OurSide,
): Promise<readonly string[] | undefined> {
  let all = scenario;
  const applied: string[] = [];
  for (const { rule, restate } of RESTATEMENTS) {
    const restated = restate(scenario, difference.methods);
    if (restated === undefined) continue;
    applied.push(rule);
    all = restate(all, difference.methods) ?? all;
    const others = await othersOf(restated);
    if (others) return [rule, ...others];
  }
  const others = applied.length > 1 ? await othersOf(all) : undefined;
  return others && [...applied, ...others];

  /** Only what differed is looked at again: another question may have other answers elsewhere. */
  async function othersOf(restated: object): Promise<readonly string[] | undefined> {
    if (difference.conditions) return undefined;
    const now = differenceOf(ours, outcomesOf((await askAgain(restated, MORE_OFTEN)) as KarpenterAnswer));
    const names = new Set(difference.methods.map(({ method }) => method));
    const left = { methods: now.methods.filter(({ method }) => names.has(method)), conditions: false };
    return isNone(left) ? [] : rulesFor(left, read);
  }
}

function said({ methods, conditions }: Difference): string {
  return [...(conditions ? ["conditions"] : []), ...methods.map(({ method }) => method)].join(", ");
}
