// The consolidate bench's table, and how our figures stand to Karpenter's.

import { count, figure, money, textTable } from "../text-table.ts";
import type { Column } from "../text-table.ts";
import type { ConsolidateFigures, ConsolidateOutcome } from "./consolidate-row.ts";
import type { KarpenterConsolidation } from "./karpenter-consolidates.ts";

export interface ConsolidateRow {
  readonly nodes: number;
  readonly ours: ConsolidateOutcome;
  readonly karpenter?: KarpenterConsolidation;
}

type TableColumn = Column & { readonly cell: (row: ConsolidateRow) => string };

const NONE = "-";

const OURS: readonly TableColumn[] = [
  right("nodes", ({ nodes }) => count(nodes)),
  right("cold ms", ({ ours }) => (ours.status === "measured" ? figure(ours.coldMs) : ours.status)),
  right(
    "p50 ms",
    ours(({ p50Ms }) => figure(p50Ms)),
  ),
  right(
    "p95 ms",
    ours(({ p95Ms }) => figure(p95Ms)),
  ),
  right(
    "cpu ms",
    ours(({ leastCpuMs }) => figure(leastCpuMs)),
  ),
  right(
    "removed",
    ours(({ removed }) => count(removed)),
  ),
  right(
    "bought",
    ours(({ replacements }) => count(replacements)),
  ),
  right(
    "saved/h",
    ours(({ savings }) => money(savings)),
  ),
];

const KARPENTERS: readonly TableColumn[] = [
  right("K ms", ({ karpenter }) =>
    karpenter?.status === "measured" ? figure(karpenter.ms) : (karpenter?.status ?? NONE),
  ),
  right("K removed", ({ karpenter }) => (karpenter?.status === "measured" ? count(karpenter.removed) : NONE)),
  right("ratio", (row) => times(ratioOf(row).ratio)),
];

/** Karpenter's time over ours. */
export function ratioOf({ ours: own, karpenter }: ConsolidateRow): { readonly ratio?: number } {
  if (own.status !== "measured" || karpenter?.status !== "measured") return {};
  return { ratio: karpenter.ms / own.p50Ms };
}

export function consolidateText(rows: readonly ConsolidateRow[], withKarpenter: boolean): string {
  const columns = withKarpenter ? [...OURS, ...KARPENTERS] : OURS;
  const table = textTable(
    columns,
    rows.map((row) => columns.map(({ cell }) => cell(row))),
  );
  const errors = rows.flatMap(({ nodes, ours: { status, ...rest } }) =>
    status === "failed" && "error" in rest ? [`${count(nodes)} nodes: ${rest.error}`] : [],
  );
  return ["multi-node consolidation, one decision and its validation", table, ...errors].join("\n");
}

function right(title: string, cell: TableColumn["cell"]): TableColumn {
  return { title, align: "right", cell };
}

function ours(cell: (figures: ConsolidateFigures) => string): TableColumn["cell"] {
  return ({ ours: own }) => (own.status === "measured" ? cell(own) : NONE);
}

function times(ratio: number | undefined): string {
  return ratio === undefined ? NONE : `${figure(ratio)}x`;
}
