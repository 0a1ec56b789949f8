// How long solves take: the cold first one, then warm-ups, then the ones that count (S-906).

import type { ProblemInput, Solution } from "@karpenter-multicloud/core/scheduling";

export interface Repetitions {
  readonly warmUps: number;
  readonly counted: number;
}

export interface Timing {
  readonly coldMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly warmUps: number;
  /** Solves the percentiles are taken from; 0: it is the cold one alone. */
  readonly counted: number;
  /** Least processor time of a solve on the thread that solves: what other work on the machine hardly changes. */
  readonly cpuMs: number;
  /** Most heap seen in use right after a solve, with what the solve left to be collected. */
  readonly heapMiB: number;
}

export interface MeasureTools {
  readonly solve: (problem: ProblemInput) => Solution;
  /** Milliseconds of a clock that only runs forward. */
  readonly stopwatch: () => number;
  /** Milliseconds of processor time this thread has used. */
  readonly cpu: () => number;
  readonly collectGarbage: () => void;
  readonly heapBytes: () => number;
}

export interface ColdSolve {
  readonly ms: number;
  readonly cpuMs: number;
  readonly heapBytes: number;
  readonly solution: Solution;
}

const SLOW_MS = 2_000;
const VERY_SLOW_MS = 10_000;
const MIB = 2 ** 20;

/** Three and ten (S-906); fewer when one takes long, so that a table is done the same day. */
export function repetitionsFor(coldMs: number, quick: boolean): Repetitions {
  if (coldMs > VERY_SLOW_MS) return { warmUps: 0, counted: 0 };
  if (quick || coldMs > SLOW_MS) return { warmUps: 1, counted: 3 };
  return { warmUps: 3, counted: 10 };
}

/** The first solve of a process: nothing is compiled, nothing is remembered. */
export function measureCold(problem: ProblemInput, tools: MeasureTools): ColdSolve {
  return timed(problem, tools);
}

/** A sequence of problems is solved once from its start, or its first few when they are slow; a single problem as often as is said. */
export function measureWarm(
  problems: readonly ProblemInput[],
  cold: Omit<ColdSolve, "solution">,
  repetitions: Repetitions,
  tools: MeasureTools,
): Timing {
  const [first, ...more] = problems;
  if (first === undefined) throw new RangeError("nothing to measure");
  for (let each = 0; each < repetitions.warmUps; each++) tools.solve(withFreshPods(first));
  const isSequence = more.length > 0;
  const rounds = isSequence && cold.ms <= SLOW_MS ? more.length : repetitions.counted;
  const samples: number[] = [];
  let { heapBytes, cpuMs } = cold;
  for (let round = 0; round < rounds; round++) {
    // Made only now: the collector of one solve would have to walk the pods of all the others too.
    const problem = isSequence ? more[round] : withFreshPods(first);
    if (problem === undefined) break;
    const solve = timed(problem, tools);
    samples.push(solve.ms);
    heapBytes = Math.max(heapBytes, solve.heapBytes);
    cpuMs = Math.min(cpuMs, solve.cpuMs);
  }
  const times = samples.length > 0 ? samples : [cold.ms];
  return {
    coldMs: cold.ms,
    p50Ms: median(times),
    p95Ms: percentile(times, 0.95),
    warmUps: repetitions.warmUps,
    counted: samples.length,
    cpuMs,
    heapMiB: heapBytes / MIB,
  };
}

/** Equal pods that no solve has seen: what was learnt about the last repetition's pods is of no use to this one. */
export function withFreshPods(problem: ProblemInput): ProblemInput {
  return { ...problem, pods: structuredClone(problem.pods) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** By nearest rank: always a value that was measured. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function timed(problem: ProblemInput, { solve, stopwatch, cpu, collectGarbage, heapBytes }: MeasureTools): ColdSolve {
  collectGarbage();
  const [since, cpuSince] = [stopwatch(), cpu()];
  const solution = solve(problem);
  const [ms, cpuMs] = [stopwatch() - since, cpu() - cpuSince];
  return { ms, cpuMs, heapBytes: heapBytes(), solution };
}
