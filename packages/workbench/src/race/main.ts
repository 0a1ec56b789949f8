// `pnpm race`: disruptions on a real control plane while pods bind at random moments. Exit code 1 when a rule was broken, 2 for wrong flags.

import { missingBinaries, neededBinaries } from "@karpenter-multicloud/testkit/control-plane";
import { endWithUsage, UsageError } from "../command-line/read-flags.ts";
import { COMPONENTS } from "../e2e-real/stage.ts";
import { parseRaceOptions } from "./options.ts";
import { runRace } from "./run-race.ts";
import { tableOf } from "./table.ts";

try {
  const options = parseRaceOptions(process.argv.slice(2));
  const missing = missingBinaries([...neededBinaries(COMPONENTS), "helm"]);
  if (missing.length > 0) throw new UsageError(`${missing.join(", ")} missing: run pnpm controlplane build`);
  const report = await runRace(options, (text) => process.stderr.write(`${text}\n`));
  console.log(options.json ? JSON.stringify(report) : tableOf(report));
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} catch (error) {
  endWithUsage(error);
}
