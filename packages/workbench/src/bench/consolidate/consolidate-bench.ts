// The consolidate bench: how long it takes to find which of many nodes can go together, Karpenter beside it when it is there.

import type { Bench, BenchContext, BenchReport } from "../bench.ts";
import { count } from "../text-table.ts";
import { runConsolidateRow } from "./consolidate-row.ts";
import { askKarpenterToConsolidate } from "./karpenter-consolidates.ts";
import { consolidateText, ratioOf } from "./report.ts";
import type { ConsolidateRow } from "./report.ts";

export const consolidateBench: Bench = { name: "consolidate", run: runConsolidateBench };

const SIZES: readonly number[] = [500, 1000, 2000];
const QUICK_SIZES: readonly number[] = [200];

async function runConsolidateBench(context: BenchContext): Promise<BenchReport> {
  const { options, karpenter, progress, signal } = context;
  const { quick } = options;
  const rows: ConsolidateRow[] = [];
  for (const nodes of options.sizes ?? (quick ? QUICK_SIZES : SIZES)) {
    const theirs =
      karpenter === undefined ? undefined : await askKarpenterToConsolidate(karpenter, { nodes, quick }, signal);
    const ours = await runConsolidateRow({ nodes, quick }, signal);
    rows.push({ nodes, ours, ...(theirs && { karpenter: theirs }) });
    progress(`consolidate ${count(nodes)} nodes: ${ours.status}`);
  }
  return {
    document: { rows: rows.map((row) => ({ ...row, ...ratioOf(row) })) },
    text: consolidateText(rows, karpenter !== undefined),
    sound: rows.every(({ ours }) => ours.status !== "failed"),
  };
}
