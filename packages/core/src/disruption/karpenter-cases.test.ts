// What Karpenter v1.14 itself decided about removing nodes of recorded clusters, beside what this engine decides. Each file of
// test-data holds one cluster and every outcome that counts as right; where Karpenter breaks ties at random there are several.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { solve } from "../scheduling/index.ts";
import {
  askMethods,
  disruptResult,
  problemOf,
  readScenario,
  scheduleResult,
  snapshotOf,
} from "../testing/oracle-scenario/index.ts";
import type { DisruptResult, Scenario, ScheduleResult } from "../testing/oracle-scenario/index.ts";
import { compareText } from "../units/index.ts";
import { METHODS } from "./method.ts";

interface Outcome {
  readonly disrupt?: DisruptResult;
  /** Of a cluster of which only the plan was asked. */
  readonly schedule?: ScheduleResult;
}

interface RecordedCase {
  readonly name: string;
  readonly description: string;
  readonly scenario: object;
  readonly accepted: readonly Outcome[];
}

const FOLDER = new URL("./test-data/", import.meta.url);
const cases = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .toSorted(compareText)
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as RecordedCase);

describe("recorded decisions of Karpenter about nodes", () => {
  it("are there", () => {
    expect(cases.length).toBeGreaterThanOrEqual(8);
  });

  it.each(cases)("$name: $description", ({ scenario, accepted }) => {
    expect(accepted.map(comparable)).toContainEqual(comparable(answerTo(readScenario(scenario))));
  });

  it.each(cases)("$name: the same cluster in reverse order gets the same answer", (recorded) => {
    const scenario = readScenario(recorded.scenario);
    const reversed: Scenario = {
      ...scenario,
      nodes: scenario.nodes.toReversed().map((entry) => ({ ...entry, pods: entry.pods.toReversed() })),
      nodePools: scenario.nodePools.toReversed(),
      pods: scenario.pods.toReversed(),
      pdbs: scenario.pdbs.toReversed(),
    };
    expect(answerTo(reversed)).toEqual(answerTo(scenario));
  });
});

describe("a method that is asked alone", () => {
  const disrupted = cases.filter(({ accepted }) => accepted[0]?.disrupt !== undefined);

  it.each(disrupted)("$name: says what it says among the others", ({ scenario }) => {
    const all = answerTo(readScenario(scenario)).disrupt?.methods ?? [];
    const alone = METHODS.map((method) => answerTo(readScenario({ ...scenario, method })).disrupt?.methods);
    expect(alone).toEqual(all.map((one) => [one]));
    expect(all).toHaveLength(METHODS.length);
  });
});

function answerTo(scenario: Scenario): Outcome {
  if (scenario.action === "schedule") {
    const { problem, ignored } = problemOf(scenario);
    return { schedule: scheduleResult(solve(problem, { mode: "parity" }), problem, ignored) };
  }
  const { snapshot, conditions } = snapshotOf(scenario);
  return { disrupt: disruptResult(askMethods(snapshot, scenario.method), snapshot, conditions) };
}

/** The wording of what keeps a pod waiting is each engine's own. */
function comparable({ disrupt, schedule }: Outcome): object {
  return schedule ? { ...schedule, errors: Object.keys(schedule.errors) } : { disrupt };
}
