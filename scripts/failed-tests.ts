// Which tests failed, read from vitest's JSON report: a line per test with the first line of its error.

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
const firstLine = (text: string): string => (text.split("\n").find((line) => line.trim() !== "") ?? "").slice(0, 200);

/** Empty when all passed or when there is no report, as when vitest did not start. */
export function failedTests(report: string): readonly string[] {
  if (!existsSync(report)) return [];
  const { testResults } = JSON.parse(readFileSync(report, "utf8")) as Report;
  const lines = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    if (failed.length === 0 && status === "failed") return [`  ${file}: ${firstLine(message ?? "did not run")}`];
    return failed.map((test) => `  ${file}: ${test.fullName}: ${firstLine(test.failureMessages?.[0] ?? "")}`);
  });
  if (lines.length === 0) return [];
  const more = lines.length > AT_MOST ? [`  and ${lines.length - AT_MOST} more`] : [];
  return ["", "failing tests:", ...lines.slice(0, AT_MOST), ...more];
}
