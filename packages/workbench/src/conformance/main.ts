// `pnpm conformance`: every promise of the provider contract, kept or not, as a table; with --broken, each mistake and the check that caught it.

import { BROKEN_PROVIDERS, runBroken } from "@karpenter-multicloud/testkit/broken";
import { explain, runChecks, type CheckResult } from "@karpenter-multicloud/testkit/conformance";
import { measureLaunch, type LaunchFigures } from "@karpenter-multicloud/testkit/fault-runs";
import { figure, textTable } from "../bench/text-table.ts";
import { endWithUsage } from "../command-line/read-flags.ts";
import { parseConformanceOptions, type ConformanceOptions } from "./options.ts";

try {
  const options = parseConformanceOptions(process.argv.slice(2));
  process.exitCode = (options.broken ? await showBroken() : await showChecks(options)) ? 0 : 1;
} catch (error) {
  endWithUsage(error);
}

async function showChecks({ provider, subject, nodes }: ConformanceOptions): Promise<boolean> {
  const results = await runChecks(subject, undefined, ({ check, outcome }) => console.error(`${check.id}: ${outcome}`));
  const columns = ["check", "level", "result", "ms", "what the provider does"] as const;
  console.log(
    textTable(
      columns.map((title) => ({ title, align: title === "ms" ? "right" : "left" })),
      results.map(({ check, outcome, milliseconds, message }) => [
        check.id,
        check.level,
        outcome,
        String(milliseconds),
        outcome === "not applicable" ? `(${message})` : check.title,
      ]),
    ),
  );
  const failures = results.filter(({ outcome }) => outcome === "failed");
  for (const failure of failures) console.log(`\n${explain(failure)}`);
  console.log(`\n${provider}: ${summary(results)}`);
  if (nodes > 0) console.log(launchLine(await measureLaunch(subject, nodes)));
  return failures.every(({ check }) => check.level !== "must");
}

function summary(results: readonly CheckResult[]): string {
  const count = (outcome: CheckResult["outcome"]): number =>
    results.filter((result) => result.outcome === outcome).length;
  const time = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return `${count("passed")} passed, ${count("failed")} failed, ${count("not applicable")} not applicable, ${(time / 1000).toFixed(1)} s`;
}

function launchLine({ nodes, ready, requests, callsPerNode, virtualSeconds, milliseconds }: LaunchFigures): string {
  const calls =
    requests === undefined
      ? "no API calls are counted"
      : `${figure(callsPerNode ?? 0)} API calls per node (${Object.entries(requests)
          .map(([action, count]) => `${count} ${action}`)
          .join(", ")})`;
  return `${nodes} NodeClaims at once: ${ready} ready after ${virtualSeconds} s of the clock, ${calls}, ${(milliseconds / 1000).toFixed(1)} s real`;
}

async function showBroken(): Promise<boolean> {
  const rows: string[][] = [];
  let missed = 0;
  for (const broken of BROKEN_PROVIDERS) {
    const { failed, said, caught } = await runBroken(broken);
    console.error(`${broken.breaks}: ${caught ? "caught" : "NOT CAUGHT"}`);
    if (!caught) missed++;
    rows.push([broken.mistake, failed.join(", ") || "none", caught ? "caught" : "NOT CAUGHT", said]);
  }
  const columns = ["the mistake", "failing checks", "", "what the kit says"];
  console.log(
    textTable(
      columns.map((title) => ({ title, align: "left" })),
      rows,
    ),
  );
  console.log(`\n${rows.length} broken providers, ${rows.length - missed} caught by exactly their check`);
  return missed === 0;
}
