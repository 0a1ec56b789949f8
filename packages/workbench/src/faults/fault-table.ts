// The table of fault runs: one line for each kind of failure, with all runs in which it happened, and what was not in order.

import type { FaultRun } from "@karpenter-multicloud/testkit/fault-runs";
import { TROUBLES } from "@karpenter-multicloud/testkit/fault-runs";
import { count, textTable } from "../bench/text-table.ts";

const CRASH = "controller dies";
const TITLES = ["in these runs", "runs", "times", "NodeClaims", "with a machine", "requests", "runs with problems"];

export function faultTable(provider: string, runs: readonly FaultRun[]): string {
  const names = [...TROUBLES.map(({ name }) => name), CRASH];
  const rows = names.map((name) =>
    row(
      name,
      runs.filter((run) => times(run, name) > 0),
      name,
    ),
  );
  const table = textTable(
    TITLES.map((title, index) => ({ title, align: index === 0 ? "left" : "right" })),
    [...rows, row("all", runs)],
  );
  const problems = runs.flatMap(({ seed, problems: found }) => found.map((problem) => `seed ${seed}: ${problem}`));
  const total = (of: (run: FaultRun) => number): number => runs.reduce((sum, run) => sum + of(run), 0);
  const verdict =
    problems.length === 0
      ? "every NodeClaim ended with one machine or none, no machine was left, none was removed that was to stay"
      : problems.join("\n");
  const days = (total(({ virtualMinutes }) => virtualMinutes) / 1440).toFixed(1);
  const real = (total(({ milliseconds }) => milliseconds) / 1000).toFixed(0);
  return [table, "", `${provider}, ${runs.length} runs, ${days} days of the clock in ${real} s`, verdict].join("\n");
}

function times({ troubles, deaths }: FaultRun, name: string): number {
  return name === CRASH ? deaths.length : troubles.filter((trouble) => trouble === name).length;
}

function row(title: string, runs: readonly FaultRun[], name?: string): readonly string[] {
  const total = (of: (run: FaultRun) => number): string => count(runs.reduce((sum, run) => sum + of(run), 0));
  return [
    title,
    count(runs.length),
    total((run) => (name === undefined ? run.troubles.length + run.deaths.length : times(run, name))),
    total(({ claims }) => claims),
    total(({ served }) => served),
    total(({ requests }) => requests),
    count(runs.filter(({ problems }) => problems.length > 0).length),
  ];
}
