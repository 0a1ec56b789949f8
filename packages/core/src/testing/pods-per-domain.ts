// How pods lie over the values of a node label once a plan has been carried out.

import type { Pod } from "../api/index.ts";
import type { ProblemInput, Solution } from "../scheduling/index.ts";
import { compareText } from "../units/index.ts";
import { nextRound } from "./builders/index.ts";

/** Label value → pods of the app there; values without one are left out. */
export function podsPerDomain(
  problem: ProblemInput,
  solution: Solution,
  key: string,
  app = "web",
): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { labels, pods } of nextRound(problem, solution).nodes) {
    const value = labels[key];
    const found = pods.filter((pod) => belongsTo(pod, app)).length;
    if (value !== undefined && found > 0) counts.set(value, (counts.get(value) ?? 0) + found);
  }
  return Object.fromEntries([...counts].toSorted(([a], [b]) => compareText(a, b)));
}

/** The same numbers without their domains, smallest first, for plans that may choose. */
export function skewOf(problem: ProblemInput, solution: Solution, key: string, app = "web"): readonly number[] {
  return Object.values(podsPerDomain(problem, solution, key, app)).toSorted((a, b) => a - b);
}

/** Alive, in the default namespace. */
function belongsTo({ metadata, status }: Pod, app: string): boolean {
  const { deletionTimestamp, labels, namespace = "default" } = metadata;
  const ended = status?.phase === "Failed" || status?.phase === "Succeeded";
  return labels?.["app"] === app && namespace === "default" && deletionTimestamp === undefined && !ended;
}
