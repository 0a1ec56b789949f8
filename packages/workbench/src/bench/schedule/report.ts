// The schedule bench's table, and how our figures stand to Karpenter's.

import type { SolveMode } from "@karpenter-multicloud/core/scheduling";
import { count, figure, money, textTable } from "../text-table.ts";
import type { Column } from "../text-table.ts";
import type { KarpenterFigures, KarpenterOutcome } from "./karpenter.ts";
import { KARPENTER_TIMEOUT_SECONDS, KARPENTER_VARIABLE, KARPENTER_WORKERS } from "./karpenter.ts";
import type { RowOutcome } from "./row.ts";
import type { Workload } from "./workloads/index.ts";

export interface ScheduleRow {
  readonly workload: string;
  readonly size: number;
  readonly unit: Workload["unit"];
  readonly places: Workload["places"];
  readonly mode: SolveMode;
  readonly ours: RowOutcome;
  /** The same input for every mode. */
  readonly karpenter?: KarpenterOutcome;
}

export interface Ratio {
  /** Our pods per second over Karpenter's, both with everything a solve has to prepare. */
  readonly ratio?: number;
  /** Ours with preparation over Karpenter's without: what Karpenter's own benchmark would be compared with. */
  readonly ratioSolveOnly?: number;
}

type Cell = (row: ScheduleRow) => string;
type TableColumn = Column & { readonly cell: Cell };

const NONE = "-";

const left = (title: string, cell: Cell): TableColumn => ({ title, align: "left", cell });
const right = (title: string, cell: Cell): TableColumn => ({ title, align: "right", cell });
const number = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? NONE : format(value);

const OUR_COLUMNS: readonly TableColumn[] = [
  left("workload", ({ workload }) => workload),
  right("size", ({ size }) => count(size)),
  left("mode", ({ mode }) => mode),
  right("cold ms", ({ ours }) => (ours.timing ? figure(ours.timing.coldMs) : ours.status)),
  right("p50 ms", ({ ours }) => number(ours.timing?.p50Ms, figure)),
  right("p95 ms", ({ ours }) => number(ours.timing?.p95Ms, figure)),
  right("cpu ms", ({ ours }) => number(ours.timing?.cpuMs, figure)),
  right("pods/s", ({ ours }) => number(ours.podsPerSecond, count)),
  right("nodes", ({ ours }) => number(ours.plan?.nodes, count)),
  right("price/h", ({ ours }) => number(ours.plan?.pricePerHour, money)),
  right("unplaced", ({ ours }) => number(ours.plan?.unplaced, count)),
  right("heap MiB", ({ ours }) => number(ours.timing?.heapMiB, count)),
  left("check", ({ ours }) => ours.check ?? NONE),
];

const KARPENTER_COLUMNS: readonly TableColumn[] = [
  right("K ms", ({ karpenter }) => (karpenter?.status === "measured" ? figure(karpenter.solveMs) : stateOf(karpenter))),
  right("K setup", (row) => number(theirs(row)?.setupMs, figure)),
  right("K pods/s", (row) => number(theirs(row)?.podsPerSecond, count)),
  right("K nodes", (row) => number(theirs(row)?.nodes, count)),
  right("K price/h", (row) => number(theirs(row)?.pricePerHour, money)),
  right("K unplaced", (row) => number(theirs(row)?.unplaced, count)),
  right("ratio", (row) => number(ratioOf(row).ratio, times)),
  right("to solve", (row) => number(ratioOf(row).ratioSolveOnly, times)),
];

export function ratioOf(row: ScheduleRow): Ratio {
  const [ours, karpenter] = [row.ours.timing, theirs(row)];
  if (ours === undefined || karpenter === undefined) return {};
  return {
    ratio: (karpenter.setupMs + karpenter.solveMs) / ours.p50Ms,
    ratioSolveOnly: karpenter.solveMs / ours.p50Ms,
  };
}

export function reportText(rows: readonly ScheduleRow[], withKarpenter: boolean): string {
  const columns = withKarpenter ? [...OUR_COLUMNS, ...KARPENTER_COLUMNS] : OUR_COLUMNS;
  const table = textTable(
    columns,
    rows.map((row) => columns.map(({ cell }) => cell(row))),
  );
  return [table, "", ...notes(rows, withKarpenter), ...profileLines(rows)].join("\n");
}

function notes(rows: readonly ScheduleRow[], withKarpenter: boolean): readonly string[] {
  const surprising = rows.filter(({ places, ours }) => ours.plan && isSurprising(ours.plan, places));
  const unchecked = rows.filter(({ ours }) => ours.check === "too slow");
  return [
    withKarpenter
      ? `K: Karpenter on the same input, ${KARPENTER_WORKERS} workers, ${KARPENTER_TIMEOUT_SECONDS} s at most; "K ms" is its solve alone, "ratio" counts its set-up too, "to solve" does not.`
      : `Karpenter's columns are left out: set ${KARPENTER_VARIABLE} to the path of the oracle's binary to see them.`,
    ...rows.flatMap((row) => (row.ours.error === undefined ? [] : [`${labelOf(row)}: ${row.ours.error}`])),
    ...rows.flatMap((row) => (row.ours.violations ?? []).map((each) => `${labelOf(row)} breaks a rule: ${each}`)),
    ...surprising.map(
      (row) =>
        `${labelOf(row)}: ${count(row.ours.plan?.unplaced ?? 0)} pods found no place, expected ${row.places} to find one`,
    ),
    ...unchecked.map((row) => `${labelOf(row)}: the plan checker was not done in time, so this plan is unchecked`),
  ];
}

function isSurprising({ placed, unplaced }: NonNullable<RowOutcome["plan"]>, places: ScheduleRow["places"]): boolean {
  return places === "every pod" ? unplaced > 0 : placed > 0;
}

function profileLines(rows: readonly ScheduleRow[]): readonly string[] {
  return rows.flatMap((row) => {
    const { profile } = row.ours;
    if (profile === undefined) return [];
    const functions = profile.top.map(({ function: name, ms, share }) => [
      figure(ms),
      `${figure(share * 100)} %`,
      name,
    ]);
    return ["", `${labelOf(row)}: ${profile.file}`, textTable(PROFILE_COLUMNS, functions)];
  });
}

const PROFILE_COLUMNS: readonly Column[] = [
  { title: "self ms", align: "right" },
  { title: "share", align: "right" },
  { title: "function", align: "left" },
];

function labelOf({ workload, size, mode }: ScheduleRow): string {
  return `${workload} ${count(size)} ${mode}`;
}

function theirs({ karpenter }: ScheduleRow): KarpenterFigures | undefined {
  return karpenter?.status === "measured" ? karpenter : undefined;
}

function stateOf(karpenter: KarpenterOutcome | undefined): string {
  return karpenter?.status ?? NONE;
}

function times(value: number): string {
  return `${figure(value)}x`;
}
