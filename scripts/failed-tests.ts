// Which tests failed, read from vitest's JSON report: a line per test with the first line of its error, and which files deserve a second look.

import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

const AT_MOST = 20;
const MESSAGE_LENGTH = 1_000;
const firstLine = (text: string): string =>
  (text.split("\n").find((line) => line.trim() !== "") ?? "").slice(0, MESSAGE_LENGTH);

interface FailedTest {
  /** Relative to the repository. */
  readonly file: string;
  readonly test: string;
  readonly error: string;
}

function read(report: string): readonly FailedTest[] {
  if (!existsSync(report)) return [];
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0 && status === "failed") {
      return [{ file, test: "", error: firstLine(message ?? "did not run") }];
    }
    return failed.map((test) => ({ file, test: test.fullName, error: firstLine(test.failureMessages?.[0] ?? "") }));
  });
}

/** Empty when all passed or when there is no report, as when vitest did not start. */
export function failedTests(report: string): readonly string[] {
  const lines = read(report).map(({ file, test, error }) => `  ${[file, test, error].filter(Boolean).join(": ")}`);
  const more = lines.length > AT_MOST ? [`  and ${lines.length - AT_MOST} more`] : [];
  return [...lines.slice(0, AT_MOST), ...more];
}

/** More than that is no hiccup of the machine. */
const HICCUPS = 4;

/**
 * The files to run once more, alone: those that failed, when all of them wait for other processes on the wall clock.
 * What has its own clock gives the same answer twice and gets no second run.
 */
export function worthASecondRun(report: string): readonly string[] {
  const files = [...new Set(read(report).map(({ file }) => file))].toSorted();
  return files.length <= HICCUPS && files.every((file) => file.endsWith(".api.test.ts")) ? files : [];
}
