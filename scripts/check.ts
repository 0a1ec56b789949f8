// Everything the gate checks, in one command: each step with its time, and a last line that counts them.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failedTests } from "./failed-tests.ts";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

/** What vitest says of each test, read again at the end: whoever sees only the last lines of a long log sees what failed. */
const reportFolder = mkdtempSync(join(tmpdir(), "kmc-check-"));
const testReport = join(reportFolder, "tests.json");

const pnpm = (...args: string[]): readonly string[] => ["pnpm", "--silent", ...args];

/** The cheap ones first: a typo should not cost ten minutes. */
const STEPS: readonly Step[] = [
  { name: "format", command: pnpm("format:check") },
  { name: "types and build", command: pnpm("build") },
  { name: "lint", command: pnpm("lint") },
  { name: "generated files", command: pnpm("generate:check") },
  { name: "tests", command: pnpm("test", "--reporter=default", "--reporter=json", `--outputFile.json=${testReport}`) },
  { name: "image", command: pnpm("image:check") },
  { name: "demo, simulated cloud", command: pnpm("demo", "--ci", "--provider", "simulated") },
  { name: "demo, OVHcloud over HTTPS", command: pnpm("demo", "--ci", "--provider", "ovh") },
  { name: "demo, CloudStack", command: pnpm("demo", "--ci", "--provider", "cloudstack") },
  { name: "demo, Scaleway", command: pnpm("demo", "--ci", "--provider", "scaleway") },
  { name: "clients of the clouds, against the fakes", command: pnpm("test:clients") },
];

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const failed: string[] = [];
const times: string[] = [];
for (const { name, command } of STEPS) {
  console.log(`\n::: ${name}`);
  const since = performance.now();
  const [program = "", ...args] = command;
  const { status } = spawnSync(program, args, { stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) failed.push(name);
  times.push(`${status === 0 ? "ok    " : "FAILED"} ${seconds(since).padStart(8)}  ${name}`);
}
console.log(`\n${times.join("\n")}`);
for (const line of failedTests(testReport)) console.log(line);
rmSync(reportFolder, { recursive: true, force: true });
if (failed.length > 0)
  console.log(`\nfailed: ${failed.join(", ")}. Run one alone with the commands in scripts/check.ts.`);
console.log(`\n${STEPS.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
