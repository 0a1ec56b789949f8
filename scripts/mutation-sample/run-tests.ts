// Runs chosen tests in a copy of the repository and tells which of them failed.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface TestRun {
  readonly passed: number;
  /** Full names. */
  readonly failed: readonly string[];
  /** Files that could not be run at all. */
  readonly broken: readonly string[];
  /** The run did not come to an end. */
  readonly endless: boolean;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

const LONGEST = 120_000;

export function runTests(root: string, files: readonly string[], names: RegExp): TestRun {
  const output = join(root, "report.json");
  rmSync(output, { force: true });
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const options = ["--project", "core", "--reporter", "json", "--outputFile", output, "-t", names.source];
  const { signal } = spawnSync(process.execPath, [vitest, "run", "--root", root, ...options, ...files], {
    cwd: root,
    stdio: ["ignore", "ignore", "ignore"],
    timeout: LONGEST,
    killSignal: "SIGKILL",
  });
  if (signal !== null) return { passed: 0, failed: [], broken: [], endless: true };
  const { testResults } = JSON.parse(readFileSync(output, "utf8")) as Report;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: tests.filter(({ status }) => status === "passed").length,
    failed: tests.filter(({ status }) => status === "failed").map(({ fullName }) => fullName),
    broken: testResults
      .filter(({ status, assertionResults }) => status === "failed" && assertionResults.length === 0)
      .map(({ name }) => name),
    endless: false,
  };
}
