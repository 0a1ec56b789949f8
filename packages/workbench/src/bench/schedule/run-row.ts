// Starts the process that measures one line, gives each of its steps a limit, and reads what it tells.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { outcomeOf, STEP_LIMITS, stepAfter } from "./row.ts";
import type { RowEvent, RowOutcome, RowRequest } from "./row.ts";

const PROGRAM = fileURLToPath(new URL("./row-process.ts", import.meta.url));
/** Garbage is collected before each solve, so that a solve pays for its own only. */
const NODE_FLAGS = ["--conditions=kmc-source", "--expose-gc"] as const;
const LAST_WORDS = 2_000;

export function runRow(request: RowRequest, signal: AbortSignal): Promise<RowOutcome> {
  return new Promise((resolve, reject) => {
    const child = fork(PROGRAM, [JSON.stringify(request)], {
      execArgv: [...NODE_FLAGS],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      signal,
      killSignal: "SIGKILL",
    });
    const events: RowEvent[] = [];
    let lastWords = "";
    let tookTooLong = false;
    const limit = (step: RowEvent["kind"]) =>
      setTimeout(() => {
        tookTooLong = true;
        child.kill("SIGKILL");
      }, STEP_LIMITS[step]);
    let timer = limit("ready");
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS);
    });
    child.on("message", (event: RowEvent) => {
      events.push(event);
      clearTimeout(timer);
      const next = stepAfter(event, request);
      if (next !== undefined) timer = limit(next);
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (exitCode) => {
      clearTimeout(timer);
      resolve(outcomeOf(events, { tookTooLong, exitCode, lastWords: lastWords.trim() }));
    });
  });
}
