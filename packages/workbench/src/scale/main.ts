// `pnpm scale`: what a large cluster does to the controller's event loop and memory. Exit code 2 for wrong flags; nothing fails for being slow.

import { missingBinaries, neededBinaries } from "@karpenter-multicloud/testkit/control-plane";
import { COMPONENTS } from "../e2e-real/stage.ts";
import { endWithUsage, UsageError } from "../command-line/read-flags.ts";
import { parseScaleOptions } from "./options.ts";
import { runScale } from "./run-scale.ts";
import { scaleTable } from "./scale-table.ts";

try {
  const options = parseScaleOptions(process.argv.slice(2));
  const missing = missingBinaries([...neededBinaries(COMPONENTS), "helm"]);
  if (missing.length > 0) throw new UsageError(`${missing.join(", ")} missing: run pnpm controlplane build`);
  const report = await runScale(options, (text) => process.stderr.write(`${text}\n`));
  console.log(options.json ? JSON.stringify(report) : scaleTable(report));
} catch (error) {
  endWithUsage(error);
}
