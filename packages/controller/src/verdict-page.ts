// Why each node stays or goes, as of the last round of looking at all of them: /debug/verdicts, for people and, as JSON, for programs (DX-1).

import { toRfc3339 } from "@karpenter-multicloud/core/api";
import type { NodeJudgement } from "@karpenter-multicloud/core/decisions";
import type { Page } from "@karpenter-multicloud/core/telemetry";

const COLUMNS = ["NODE", "NODEPOOL", "VERDICT", "SINCE", "UNTIL", "DETAIL"] as const;
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

function plain({ since, until, ...judgement }: NodeJudgement) {
  return { ...judgement, since: toRfc3339(since), ...(until !== undefined && { until: toRfc3339(until) }) };
}

function cells({ node, nodePool = "", verdict, since, until, detail }: NodeJudgement): readonly string[] {
  return [node, nodePool, verdict, toRfc3339(since), until === undefined ? "" : toRfc3339(until), detail];
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const all: readonly (readonly string[])[] = [COLUMNS, ...rows];
  const widths = COLUMNS.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
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
