// One line of the consolidate bench: what its process tells, and how that process is run.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface ConsolidateFigures {
  readonly coldMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Decisions the percentiles are taken from; 0: it is the cold one alone. */
  readonly counted: number;
  /** Processor time of the cheapest of them, other threads of the process included. */
  readonly leastCpuMs: number;
  readonly candidates: number;
  readonly removed: number;
  readonly replacements: number;
  /** Per hour. */
  readonly savings: number;
}

export type ConsolidateOutcome =
  | ({ readonly status: "measured" } & ConsolidateFigures)
  | { readonly status: "not finished" }
  | { readonly status: "failed"; readonly error: string };

export interface ConsolidateRequest {
  readonly nodes: number;
  readonly quick: boolean;
}

const PROGRAM = fileURLToPath(new URL("./consolidate-process.ts", import.meta.url));
const NODE_FLAGS = ["--conditions=kmc-source", "--expose-gc"] as const;
const LIMIT_MS = 600_000;
const LAST_WORDS = 2_000;

/** In a process of its own, so that its first decision is a cold one. */
export function runConsolidateRow(request: ConsolidateRequest, signal: AbortSignal): Promise<ConsolidateOutcome> {
  return new Promise((resolve, reject) => {
    const child = fork(PROGRAM, [JSON.stringify(request)], {
      execArgv: [...NODE_FLAGS],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      signal,
      killSignal: "SIGKILL",
    });
    let figures: ConsolidateFigures | undefined;
    let lastWords = "";
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS);
    });
    child.on("message", (told: ConsolidateFigures) => {
      figures = told;
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (exitCode) => {
      clearTimeout(timer);
      if (figures !== undefined) resolve({ status: "measured", ...figures });
      else if (exitCode === null) resolve({ status: "not finished" });
      else resolve({ status: "failed", error: lastWords.trim() || `the process ended with code ${exitCode}` });
    });
  });
}
