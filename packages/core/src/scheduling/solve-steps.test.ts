import { describe, expect, it } from "vitest";
import { aPod, aProblem, pods } from "../testing/builders/index.ts";
import { solve, solveSteps } from "./solve.ts";
import type { Solution, SolvePause } from "./solution.ts";

function driven(problem: Parameters<typeof solveSteps>[0]): {
  readonly pauses: readonly SolvePause[];
  readonly solution: Solution;
} {
  const steps = solveSteps(problem);
  const pauses: SolvePause[] = [];
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { pauses, solution: step.value };
    pauses.push(step.value);
  }
}

describe("a solve in steps", () => {
  const fitting = pods(300, { requests: { cpu: "3" } });
  const huge = Array.from({ length: 20 }, (_, n) => aPod({ name: `huge-${n}`, requests: { cpu: String(64 + n) } }));
  const problem = aProblem({ pods: [...fitting, ...huge] });
  const { pauses, solution } = driven(problem);
  const of = (phase: SolvePause["phase"]) => pauses.filter((pause) => pause.phase === phase);

  it("S-1016: answers as it does in one piece", () => {
    expect([solution.newClaims.length > 0, solution.failures.length]).toEqual([true, 20]);
    expect(solution).toEqual(solve(problem));
  });

  it("S-1016: goes through compile, pack and report, and pauses between them", () => {
    expect([...new Set(pauses.map(({ phase }) => phase))]).toEqual(["compile", "pack", "report"]);
  });

  it("S-1016: pauses for every pod that is tried, every few claims, and for every kind of pod that is explained; S-1013: at most 64 go in one row", () => {
    expect(of("compile").length).toBeGreaterThan(4);
    const left = of("pack").map(({ podsLeft }) => podsLeft);
    expect(left.length).toBeGreaterThan(20);
    expect(Math.max(...left.slice(1).map((each, index) => (left[index] ?? 0) - each))).toBeLessThanOrEqual(64);
    expect(of("report").length).toBeGreaterThanOrEqual(20 + Math.floor(solution.newClaims.length / 8));
  });

  it("S-1016: tells of the pods left, and of how many different ones there are", () => {
    expect(pauses[0]?.podsLeft).toBe(320);
    expect(of("report").every(({ podsLeft, shapes }) => podsLeft === 20 && shapes === 1)).toBe(true);
  });
});
