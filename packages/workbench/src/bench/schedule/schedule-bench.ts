// The schedule bench: every workload at every size in every mode, each in a process of its own, Karpenter beside it when it is there.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SolveMode } from "@karpenter-multicloud/core/scheduling";
import type { Bench, BenchContext, BenchReport } from "../bench.ts";
import { count, figure } from "../text-table.ts";
import { askKarpenter, KARPENTER_TIMEOUT_SECONDS, KARPENTER_WORKERS } from "./karpenter.ts";
import type { KarpenterOutcome } from "./karpenter.ts";
import { ratioOf, reportText } from "./report.ts";
import type { ScheduleRow } from "./report.ts";
import type { RowOutcome } from "./row.ts";
import { runRow } from "./run-row.ts";
import { WORKLOADS } from "./workloads/index.ts";
import type { Workload } from "./workloads/index.ts";

export const scheduleBench: Bench = { name: "schedule", run: runScheduleBench };

interface Case {
  readonly workload: Workload;
  readonly size: number;
}

async function runScheduleBench(context: BenchContext): Promise<BenchReport> {
  const { options, progress } = context;
  const profiles = options.profile ? await mkdtemp(join(tmpdir(), "kmc-profile-")) : undefined;
  const cases = casesOf(context);
  const rows: ScheduleRow[] = [];
  for (const [index, each] of cases.entries()) {
    const name = `${each.workload.name} ${count(each.size)}`;
    const step = `[${index + 1}/${cases.length}] ${name}`;
    const karpenter = await measureKarpenter(each, context);
    if (karpenter) progress(`${step}: karpenter ${karpenterLine(karpenter)}`);
    for (const mode of options.modes) {
      const outcome = await measureOurs(each, mode, { context, profiles });
      progress(`${step}: ${mode} ${ourLine(outcome)}`);
      rows.push(rowOf(each, mode, { outcome, karpenter }));
    }
  }
  return {
    document: { karpenter: karpenterSetting(context), rows: rows.map((row) => ({ ...row, ...ratioOf(row) })) },
    text: reportText(rows, context.karpenter !== undefined),
    sound: rows.every(({ ours }) => ours.status !== "failed" && ours.check !== "violated" && ours.check !== "failed"),
  };
}

function casesOf({ options }: BenchContext): readonly Case[] {
  return WORKLOADS.filter(({ name }) => options.workloads.includes(name)).flatMap((workload) => {
    const own = options.quick ? workload.quickSizes : workload.sizes;
    return (options.sizes ?? own).map((size) => ({ workload, size }));
  });
}

/** Of a sequence the first problem, whose plan our figures show too: Karpenter keeps nothing from one solve to the next. */
async function measureKarpenter(
  { workload, size }: Case,
  { karpenter, options: { quick }, signal }: BenchContext,
): Promise<KarpenterOutcome | undefined> {
  const problem = karpenter === undefined ? undefined : workload.problems(size)[0];
  if (karpenter === undefined || problem === undefined) return undefined;
  return askKarpenter(karpenter, { name: `${workload.name}-${size}`, problem, quick }, signal);
}

function measureOurs(
  { workload, size }: Case,
  mode: SolveMode,
  { context, profiles }: { readonly context: BenchContext; readonly profiles: string | undefined },
): Promise<RowOutcome> {
  const { quick } = context.options;
  const profileTo = profiles && join(profiles, `${workload.name}-${size}-${mode}.cpuprofile`);
  return runRow({ workload: workload.name, size, mode, quick, ...(profileTo && { profileTo }) }, context.signal);
}

function rowOf(
  { workload, size }: Case,
  mode: SolveMode,
  { outcome, karpenter }: { readonly outcome: RowOutcome; readonly karpenter: KarpenterOutcome | undefined },
): ScheduleRow {
  const { name, unit, places } = workload;
  return { workload: name, size, unit, places, mode, ours: outcome, ...(karpenter && { karpenter }) };
}

function karpenterSetting({ karpenter }: BenchContext): object | null {
  if (karpenter === undefined) return null;
  return { workers: KARPENTER_WORKERS, timeoutSeconds: KARPENTER_TIMEOUT_SECONDS };
}

function ourLine({ status, timing, error, check, violations = [] }: RowOutcome): string {
  if (timing === undefined) return error === undefined ? status : `${status}: ${error}`;
  const notes = [check && check !== "ok" && `check ${check}`, ...violations, error].filter(Boolean);
  return [`${figure(timing.p50Ms)} ms (cold ${figure(timing.coldMs)} ms)`, ...notes].join("; ");
}

function karpenterLine(outcome: KarpenterOutcome): string {
  if (outcome.status === "measured") return `${figure(outcome.solveMs)} ms`;
  return outcome.status === "failed" ? `failed: ${outcome.error}` : outcome.status;
}
