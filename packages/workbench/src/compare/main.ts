// `pnpm compare disrupt|schedule`: this engine beside Karpenter's own core on random clusters. Progress goes to standard error, the table or the
// JSON document to standard output.

import { DISRUPT } from "./disrupt/judge.ts";
import { startKarpenter } from "./karpenter.ts";
import { COMPARE_HELP, parseCompareOptions, UsageError } from "./options.ts";
import type { CompareOptions } from "./options.ts";
import { reportOf, reportText } from "./report.ts";
import { runComparison } from "./run-comparison.ts";
import { SCHEDULE } from "./schedule/judge.ts";
import type { Subject } from "./subject.ts";

const SUBJECTS: Readonly<Record<CompareOptions["action"], Subject>> = { disrupt: DISRUPT, schedule: SCHEDULE };

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const options = parseCompareOptions(process.argv.slice(2), process.env);
  if (options === "help") {
    console.log(COMPARE_HELP);
    return 0;
  }
  const subject = SUBJECTS[options.action];
  const karpenter = await startKarpenter(options.oracle);
  try {
    const compared = await runComparison(options, { subject, karpenter, progress: (line) => console.error(line) });
    const report = reportOf(compared);
    console.log(options.json ? JSON.stringify(report) : reportText(report, subject.rules));
    return report.total.unexplained === 0 ? 0 : 1;
  } finally {
    karpenter.close();
  }
}
