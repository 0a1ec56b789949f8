import { describe, expect, it } from "vitest";
import type { ProblemInput, Solution } from "@karpenter-multicloud/core/scheduling";
import { pods } from "@karpenter-multicloud/core/testing";
import { measureCold, measureWarm, median, percentile, repetitionsFor } from "./measure.ts";
import type { MeasureTools } from "./measure.ts";
import { benchProblem } from "./workloads/cluster.ts";

const EMPTY: Solution = { newClaims: [], existing: [], failures: [], deferred: [], relaxed: [] };
const MIB = 2 ** 20;

/** Each solve takes and leaves what the lists say. */
function scripted(times: readonly number[], heap: readonly number[] = []) {
  const solved: ProblemInput[] = [];
  const steps: string[] = [];
  let now = 0;
  const tools: MeasureTools = {
    solve: (problem) => {
      steps.push("solve");
      now += times[solved.length] ?? 0;
      solved.push(problem);
      return EMPTY;
    },
    stopwatch: () => now,
    cpu: () => now / 2,
    collectGarbage: () => void steps.push("collect"),
    heapBytes: () => (heap[solved.length - 1] ?? 0) * MIB,
  };
  return { solved, steps, tools };
}

describe("repetitions", () => {
  it("S-906: three warm-ups and ten that count", () => {
    expect(repetitionsFor(1999, false)).toEqual({ warmUps: 3, counted: 10 });
  });

  it("are fewer when a solve is slow or time is short", () => {
    expect(repetitionsFor(2001, false)).toEqual({ warmUps: 1, counted: 3 });
    expect(repetitionsFor(5, true)).toEqual({ warmUps: 1, counted: 3 });
    expect(repetitionsFor(10_001, false)).toEqual({ warmUps: 0, counted: 0 });
  });
});

describe("median and percentile", () => {
  it("do not need sorted values", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(percentile([5, 1, 4, 2, 3], 0.95)).toBe(5);
    expect(
      percentile(
        Array.from({ length: 100 }, (_, index) => index + 1),
        0.95,
      ),
    ).toBe(95);
  });
});

describe("measuring", () => {
  const problem = benchProblem({ pods: pods(2) });

  it("S-906: the cold solve is told apart and warm-ups do not count", () => {
    const { tools } = scripted([100, 50, 7, 5, 9], [1, 2, 30, 20, 10]);
    const cold = measureCold(problem, tools);
    expect(measureWarm([problem], cold, { warmUps: 1, counted: 3 }, tools)).toEqual({
      coldMs: 100,
      p50Ms: 7,
      p95Ms: 9,
      warmUps: 1,
      counted: 3,
      cpuMs: 2.5,
      heapMiB: 30,
    });
  });

  it("is the cold solve alone when nothing else counts", () => {
    const { tools } = scripted([100], [8]);
    const cold = measureCold(problem, tools);
    expect(measureWarm([problem], cold, { warmUps: 0, counted: 0 }, tools)).toMatchObject({
      p50Ms: 100,
      p95Ms: 100,
      counted: 0,
      heapMiB: 8,
    });
  });

  it("gives every repetition pods that no solve has seen, and the same catalogue", () => {
    const { solved, tools } = scripted([]);
    measureWarm([problem], { ms: 1, cpuMs: 1, heapBytes: 0 }, { warmUps: 1, counted: 2 }, tools);
    expect(solved.map((each) => each.pods)).toEqual([problem.pods, problem.pods, problem.pods]);
    expect(new Set([problem, ...solved].map((each) => each.pods[0])).size).toBe(4);
    expect(solved.every((each) => each.nodePools === problem.nodePools)).toBe(true);
  });

  it("keeps no pods of the repetitions to come, which the collector would have to walk", () => {
    let made = 0;
    const counted = {
      ...problem,
      get pods() {
        made++;
        return problem.pods;
      },
    };
    const { tools } = scripted([]);
    const seen: number[] = [];
    const cold = { ms: 1, cpuMs: 1, heapBytes: 0 };
    const solve: MeasureTools["solve"] = (each) => (seen.push(made), tools.solve(each));
    measureWarm([counted], cold, { warmUps: 0, counted: 3 }, { ...tools, solve });
    expect(new Set(seen).size).toBe(3);
  });

  it("collects garbage before the clock starts", () => {
    const { steps, tools } = scripted([]);
    measureWarm([problem], measureCold(problem, tools), { warmUps: 0, counted: 1 }, tools);
    expect(steps).toEqual(["collect", "solve", "collect", "solve"]);
  });

  it("solves a sequence as it is, each problem once", () => {
    const sequence = [problem, { ...problem }, { ...problem }];
    const { solved, tools } = scripted([0, 4, 6]);
    const timing = measureWarm(sequence, { ms: 9, cpuMs: 9, heapBytes: 0 }, { warmUps: 1, counted: 10 }, tools);
    expect(solved.slice(1)).toEqual(sequence.slice(1));
    expect(solved[1]).toBe(sequence[1]);
    expect(timing).toMatchObject({ p50Ms: 5, counted: 2 });
  });

  it("solves only the first few of a slow sequence", () => {
    const sequence = Array.from({ length: 100 }, () => ({ ...problem }));
    const { tools } = scripted([]);
    const slow = { ms: 3000, cpuMs: 3000, heapBytes: 0 };
    expect(measureWarm(sequence, slow, repetitionsFor(slow.ms, false), tools)).toMatchObject({ counted: 3 });
    const verySlow = { ms: 11_000, cpuMs: 11_000, heapBytes: 0 };
    expect(measureWarm(sequence, verySlow, repetitionsFor(verySlow.ms, false), tools)).toMatchObject({ counted: 0 });
  });

  it("refuses nothing at all", () => {
    expect(() =>
      measureWarm([], { ms: 1, cpuMs: 1, heapBytes: 0 }, { warmUps: 0, counted: 1 }, scripted([]).tools),
    ).toThrow(RangeError);
  });
});
