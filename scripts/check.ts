// Everything the gate checks, in one command: each step with its time, and a last line that counts them.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failedTests, worthASecondRun } from "./failed-tests.ts";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** What to run when it failed, to tell a hiccup of a busy machine from a fault; nothing when it is a fault for sure. */
  readonly secondRun?: () => readonly string[] | undefined;
}

/** What vitest says of each test, read again at the end: whoever sees only the last lines of a long log sees what failed. */
const reportFolder = mkdtempSync(join(tmpdir(), "kmc-check-"));
const testReport = join(reportFolder, "tests.json");
const secondReport = join(reportFolder, "second-run.json");

const pnpm = (...args: string[]): readonly string[] => ["pnpm", "--silent", ...args];

const test = (report: string, ...files: string[]): readonly string[] =>
  pnpm("test", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...files);

function testsAgain(): readonly string[] | undefined {
  const files = worthASecondRun(testReport);
  return files.length === 0 ? undefined : test(secondReport, "--no-file-parallelism", ...files);
}

/** The cheap ones first: a typo should not cost ten minutes. */
const STEPS: readonly Step[] = [
  { name: "format", command: pnpm("format:check") },
  { name: "types and build", command: pnpm("build") },
  { name: "lint", command: pnpm("lint") },
  { name: "generated files", command: pnpm("generate:check") },
  { name: "tests", command: test(testReport), secondRun: testsAgain },
  { name: "image", command: pnpm("image:check") },
  { name: "demo, simulated cloud", command: pnpm("demo", "--ci", "--provider", "simulated") },
  { name: "demo, OVHcloud over HTTPS", command: pnpm("demo", "--ci", "--provider", "ovh") },
  { name: "demo, CloudStack", command: pnpm("demo", "--ci", "--provider", "cloudstack") },
  { name: "demo, Scaleway", command: pnpm("demo", "--ci", "--provider", "scaleway") },
  { name: "clients of the clouds, against the fakes", command: pnpm("test:clients") },
];

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function run(command: readonly string[]): boolean {
  const [program = "", ...args] = command;
  return spawnSync(program, args, { stdio: "inherit", shell: process.platform === "win32" }).status === 0;
}

const failed: string[] = [];
const times: string[] = [];
for (const { name, command, secondRun } of STEPS) {
  console.log(`\n::: ${name}`);
  const since = performance.now();
  let ok = run(command);
  const again = ok ? undefined : secondRun?.();
  if (again !== undefined) {
    console.log(`\n::: ${name}, what failed once more and alone`);
    ok = run(again);
  }
  if (!ok) failed.push(name);
  const how = again !== undefined && ok ? "  (second run)" : "";
  times.push(`${ok ? "ok    " : "FAILED"} ${seconds(since).padStart(8)}  ${name}${how}`);
}
console.log(`\n${times.join("\n")}`);
print("failing tests", testReport);
print("failing tests of the second run", secondReport);
rmSync(reportFolder, { recursive: true, force: true });
if (failed.length > 0)
  console.log(`\nfailed: ${failed.join(", ")}. Run one alone with the commands in scripts/check.ts.`);
console.log(`\n${STEPS.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;

function print(title: string, report: string): void {
  const lines = failedTests(report);
  if (lines.length > 0) console.log(`\n${title}:\n${lines.join("\n")}`);
}
