// What a newcomer should take home from the demo, in a few lines.

import type { LogLine } from "@karpenter-multicloud/core/testing";
import type { Totals } from "./tally.ts";
import type { DemoCloud } from "./demo-cloud.ts";

export interface Outcome {
  readonly cloud: DemoCloud;
  readonly totals: Totals;
  /** The step that did not converge. */
  readonly failed: string | undefined;
  readonly errors: readonly LogLine[];
  readonly complaints: readonly string[];
}

export function summaryLines({ cloud, totals, failed, errors, complaints }: Outcome): readonly string[] {
  return [
    "",
    `${totals.podsBound} pods were bound on up to ${totals.nodesPeak} nodes, at most ${totals.costPerHourPeak.toFixed(4)} per hour.`,
    `${cloud.machinesEver()} machines were bought in all; ${totals.nodesEnd} nodes and ${totals.poolsEnd} pools are left.`,
    `${minutesAndSeconds(totals.virtualSeconds)} of cluster time took ${totals.wallSeconds} s. ${cloud.evidence()}`,
    ...(failed === undefined ? [] : [`NOT CONVERGED: ${failed}. The decisions above say what is missing.`]),
    ...errors.map((line) => `ERROR in the log: ${line.message} ${errorText(line)}`),
    ...complaints.map((text) => `BROKEN PROMISE seen by the cloud: ${text}`),
  ];
}

function errorText(line: LogLine): string {
  const { error, ...fields } = line.fields;
  const text = error instanceof Error ? error.message : error === undefined ? "" : JSON.stringify(error);
  return `${text} ${JSON.stringify(fields)}`;
}

function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
