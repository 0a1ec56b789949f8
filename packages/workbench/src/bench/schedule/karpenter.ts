// Karpenter's own figures on the same input, measured by a program that runs its scheduler (the path is in KMC_ORACLE).

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ProblemInput } from "@karpenter-multicloud/core/scheduling";
import { BenchError } from "../bench-error.ts";
import { median, percentile } from "./measure.ts";
import { scenarioOf } from "./scenario-of.ts";

export interface KarpenterFigures {
  readonly status: "measured";
  /** Median of the solve itself, which is what Karpenter's own benchmark reports. */
  readonly solveMs: number;
  /** Median of what comes before it: templates, topology, daemon overhead. */
  readonly setupMs: number;
  readonly p95Ms: number;
  readonly counted: number;
  readonly podsPerSecond: number;
  readonly nodes: number;
  readonly unplaced: number;
  readonly pricePerHour: number;
  readonly heapMiB: number;
}

export type KarpenterOutcome =
  | KarpenterFigures
  | { readonly status: "not finished" }
  | { readonly status: "failed"; readonly error: string };

/** What the program prints, as far as it is read. */
export interface OracleBench {
  readonly setupSeconds?: readonly number[];
  readonly solveSeconds?: readonly number[];
  readonly newNodes: number;
  readonly errors: number;
  readonly totalCheapestPrice?: number;
  readonly heapMiB: number;
}

export interface KarpenterQuestion {
  readonly name: string;
  readonly problem: ProblemInput;
  readonly quick: boolean;
}

export const KARPENTER_VARIABLE = "KMC_ORACLE";
export const KARPENTER_TIMEOUT_SECONDS = 120;
/** What Karpenter's own benchmark runs with (S-901). */
export const KARPENTER_WORKERS = 5;

const SLOW_MS = 2_000;
/** Reading the input and filling its store come on top of the solve. */
const PROCESS_LIMIT_MS = (KARPENTER_TIMEOUT_SECONDS + 180) * 1000;
const OUTPUT_LIMIT = 64 * 2 ** 20;
const run = promisify(execFile);

/** @throws BenchError when there is nothing to run at that path */
export async function requireKarpenter(path: string): Promise<void> {
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    const fix = "set it to the path of the oracle's binary, or unset it to measure without Karpenter";
    throw new BenchError(`${KARPENTER_VARIABLE} "${path}" is no program that can be run: ${fix}`, { cause: error });
  }
}

/** One run to see how long it takes; when that is short, one warm-up and the runs that count. */
export async function askKarpenter(
  program: string,
  { name, problem, quick }: KarpenterQuestion,
  signal: AbortSignal,
): Promise<KarpenterOutcome> {
  const folder = await mkdtemp(join(tmpdir(), "kmc-bench-"));
  try {
    const file = join(folder, "scenario.json");
    await writeFile(file, JSON.stringify(scenarioOf(problem, { name, timeoutSeconds: KARPENTER_TIMEOUT_SECONDS })));
    const pods = problem.pods.length;
    const first = await bench(program, ["-warmup", "0", "-n", "1", file], { pods, signal });
    if (first.status !== "measured" || first.solveMs + first.setupMs > SLOW_MS) return first;
    return await bench(program, ["-warmup", "1", "-n", quick ? "3" : "10", file], { pods, signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function bench(
  program: string,
  args: readonly string[],
  { pods, signal }: { readonly pods: number; readonly signal: AbortSignal },
): Promise<KarpenterOutcome> {
  try {
    const { stdout } = await run(program, ["bench", "-concurrency", String(KARPENTER_WORKERS), ...args], {
      maxBuffer: OUTPUT_LIMIT,
      timeout: PROCESS_LIMIT_MS,
      killSignal: "SIGKILL",
      signal,
    });
    return karpenterFigures(JSON.parse(stdout) as OracleBench, pods);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && "killed" in error && error.killed === true) return { status: "not finished" };
    return { status: "failed", error: error instanceof Error ? error.message : String(error) };
  }
}

/** A solve that reached its time limit stopped half-way: its figures mean nothing. */
export function karpenterFigures(answer: OracleBench, pods: number): KarpenterOutcome {
  const solves = answer.solveSeconds ?? [];
  const [solve, setup] = [median(solves), median(answer.setupSeconds ?? [])];
  if (solves.length === 0) return { status: "failed", error: "the oracle measured nothing" };
  if (Math.max(...solves) >= KARPENTER_TIMEOUT_SECONDS) return { status: "not finished" };
  return {
    status: "measured",
    solveMs: solve * 1000,
    setupMs: setup * 1000,
    p95Ms: percentile(solves, 0.95) * 1000,
    counted: solves.length,
    podsPerSecond: pods / solve,
    nodes: answer.newNodes,
    unplaced: answer.errors,
    pricePerHour: answer.totalCheapestPrice ?? 0,
    heapMiB: answer.heapMiB,
  };
}
