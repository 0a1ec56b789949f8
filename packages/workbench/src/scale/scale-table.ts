// The figures of a large cluster for people.

import type { ScaleReport } from "./run-scale.ts";

const COLUMNS = [
  "phase",
  "seconds",
  "nodes",
  "pods",
  "gaps > 10 ms",
  "> 50 ms",
  "longest at most, ms",
  "RSS MiB",
] as const;

export function scaleTable({ phases }: ScaleReport): string {
  const rows = phases.map((phase) => [
    phase.name,
    phase.seconds,
    phase.nodes,
    phase.pods,
    phase.count,
    phase.over50ms,
    phase.atMostMs ?? 0,
    phase.rssMiB,
  ]);
  const lines = [COLUMNS, ...rows].map((row) =>
    row.map((cell, index) =>
      index === 0 ? String(cell).padEnd(18) : String(cell).padStart(COLUMNS[index]?.length ?? 8),
    ),
  );
  return lines.map((cells) => cells.join("  ")).join("\n");
}
