// Karpenter's own multi-node consolidation of the same cluster, measured by a program that runs it (the path is in KMC_ORACLE).

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { median } from "../schedule/measure.ts";
import { consolidateScenario } from "./scenario.ts";

/** Its decision and the validation that follows it, the wait in between left out. */
export type KarpenterConsolidation =
  | { readonly status: "measured"; readonly ms: number; readonly removed: number; readonly counted: number }
  | { readonly status: "not finished" }
  | { readonly status: "failed"; readonly error: string };

/** What the program prints, as far as it is read. */
export interface OracleDisruptBench {
  readonly methodSeconds?: { readonly multi?: readonly number[] };
  readonly removedNodes?: number;
}

const LIMIT_MS = 300_000;
const OUTPUT_LIMIT = 64 * 2 ** 20;
/** What Karpenter's own benchmark runs with (S-901). */
const WORKERS = "5";
const run = promisify(execFile);

export async function askKarpenterToConsolidate(
  program: string,
  { nodes, quick }: { readonly nodes: number; readonly quick: boolean },
  signal: AbortSignal,
): Promise<KarpenterConsolidation> {
  const folder = await mkdtemp(join(tmpdir(), "kmc-bench-"));
  try {
    const file = join(folder, "scenario.json");
    await writeFile(file, JSON.stringify(consolidateScenario(nodes)));
    const args = ["bench", "-concurrency", WORKERS, "-method", "multi", "-warmup", "0", "-n", quick ? "1" : "3", file];
    const { stdout } = await run(program, args, {
      maxBuffer: OUTPUT_LIMIT,
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
      signal,
    });
    return karpenterConsolidation(JSON.parse(stdout) as OracleDisruptBench);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && "killed" in error && error.killed === true) return { status: "not finished" };
    return { status: "failed", error: error instanceof Error ? error.message : String(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function karpenterConsolidation({
  methodSeconds,
  removedNodes = 0,
}: OracleDisruptBench): KarpenterConsolidation {
  const rounds = methodSeconds?.multi ?? [];
  if (rounds.length === 0) return { status: "failed", error: "the oracle measured nothing" };
  return { status: "measured", ms: median(rounds) * 1000, removed: removedNodes, counted: rounds.length };
}
