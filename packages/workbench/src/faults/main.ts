// `pnpm faults`: seeded runs of the whole lifecycle while cloud and controller fail, as a table by kind of failure.

import { faultRun, type FaultRun } from "@karpenter-multicloud/testkit/fault-runs";
import { endWithUsage } from "../command-line/read-flags.ts";
import { parseFaultsOptions, type FaultsOptions } from "../conformance/options.ts";
import { faultTable } from "./fault-table.ts";

try {
  process.exitCode = (await main(parseFaultsOptions(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  endWithUsage(error);
}

async function main({ provider, subject, runs: count, seed }: FaultsOptions): Promise<boolean> {
  const runs: FaultRun[] = [];
  for (let next = seed; next < seed + count; next++) {
    const run = await faultRun(subject, next);
    runs.push(run);
    if (run.problems.length > 0 || runs.length % 10 === 0) {
      console.error(
        `${runs.length} of ${count}: seed ${next} ${run.problems.length === 0 ? "in order" : "HAS PROBLEMS"}`,
      );
    }
  }
  console.log(faultTable(provider, runs));
  return runs.every(({ problems }) => problems.length === 0);
}
