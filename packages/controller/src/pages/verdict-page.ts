// Why each node stays or goes, as of the last round of looking at all of them: /debug/verdicts, for people and, as JSON, for programs (DX-1).

import { toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeJudgement } from "@karpenter-multicloud/core/decisions";
import type { Page } from "@karpenter-multicloud/core/telemetry";

const COLUMNS = ["NODE", "NODEPOOL", "VERDICT", "PRICE/H", "SINCE", "UNTIL", "DETAIL"] as const;
const NOTHING_YET = "no node has been looked at yet: this process does not lead, or has just begun\n";

/** `?node=`, `?nodepool=` and `?verdict=` choose; `?format=json` is for programs. */
export function verdictPage(judgements: () => readonly NodeJudgement[]): Page {
  return (query) => {
    const chosen = judgements().filter(
      (judgement) =>
        isAsked(query, "node", judgement.node) &&
        isAsked(query, "nodepool", judgement.nodePool ?? "") &&
        isAsked(query, "verdict", judgement.verdict),
    );
    if (query.get("format") === "json") {
      return { code: 200, type: "application/json", body: JSON.stringify(chosen.map(plain)) };
    }
    const body = judgements().length === 0 ? NOTHING_YET : tableOf(chosen.map(cells));
    return { code: 200, type: "text/plain; charset=utf-8", body };
  };
}

function isAsked(query: URLSearchParams, name: string, value: string): boolean {
  const wanted = query.getAll(name);
  return wanted.length === 0 || wanted.includes(value);
}

function plain({ since, until, time, ...judgement }: NodeJudgement) {
  return {
    ...judgement,
    since: toRfc3339(since),
    ...(until !== undefined && { until: toRfc3339(until) }),
    ...(time !== undefined && { time: toRfc3339(time) }),
  };
}

function cells(judgement: NodeJudgement): readonly string[] {
  const { node, nodePool = "", verdict, pricePerHour, currency = "", since, until, detail } = judgement;
  const price = pricePerHour === undefined ? "" : `${pricePerHour.toFixed(4)} ${currency}`;
  const [first, ...others] = judgement.blockers ?? [];
  const more = first && others.length > 0 ? ` (and ${others.length} more)` : "";
  return [
    node,
    nodePool,
    verdict,
    price,
    toRfc3339(since),
    until === undefined ? "" : toRfc3339(until),
    `${detail}${more}`,
  ];
}

/** Columns as wide as what is in them. */
export function tableOf(rows: readonly (readonly string[])[], columns: readonly string[] = COLUMNS): string {
  const all: readonly (readonly string[])[] = [columns, ...rows];
  const widths = columns.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}
