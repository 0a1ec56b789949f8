// What a newcomer should take home from the demo, in a few lines.

import type { LogLine } from "@karpenter-multicloud/core/testing";
import type { DemoCloud } from "./demo-cloud.ts";
import type { Totals } from "./view/tally.ts";
import { counted, lasted } from "./view/text-layout.ts";

export interface Outcome {
  readonly cloud: Pick<DemoCloud, "machinesEver" | "evidence">;
  readonly totals: Totals;
  readonly currency: string;
  /** The step that did not converge. */
  readonly failed: string | undefined;
  readonly errors: readonly LogLine[];
  readonly complaints: readonly string[];
}

export function summaryLines(outcome: Outcome): readonly string[] {
  const { cloud, totals, currency, failed, errors, complaints } = outcome;
  const most = `${totals.costPerHourPeak.toFixed(4)} ${currency} per hour`;
  const time = `${lasted(totals.virtualSeconds)} of cluster time took ${totals.wallSeconds} s`;
  return [
    "",
    `${counted(totals.podsBound, "pod")} ran on up to ${counted(totals.nodesPeak, "node")}, at most ${most}.`,
    machinesText(cloud.machinesEver(), totals),
    `${time}. ${cloud.evidence()}`,
    ...(failed === undefined ? [] : [`NOT CONVERGED: ${failed}. The decisions above say what is missing.`]),
    ...errors.map((line) => `ERROR in the log: ${line.message}${errorText(line)}`),
    ...complaints.map((text) => `BROKEN PROMISE seen by the cloud: ${text}`),
  ];
}

function machinesText(bought: number, { nodesEnd, poolsEnd }: Totals): string {
  if (bought === 0) return "No machine was bought.";
  const isClean = nodesEnd === 0 && poolsEnd === 0;
  const left = `${counted(nodesEnd, "node")} and ${counted(poolsEnd, "pool")} are left`;
  return `${counted(bought, "machine")} bought in all; ${isClean ? "all given back, nothing is left" : left}.`;
}

function errorText(line: LogLine): string {
  const { error, ...fields } = line.fields;
  const text = error instanceof Error ? `: ${error.message}` : error === undefined ? "" : `: ${JSON.stringify(error)}`;
  return Object.keys(fields).length === 0 ? text : `${text} ${JSON.stringify(fields)}`;
}
