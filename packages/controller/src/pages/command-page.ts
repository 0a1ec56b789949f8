// What was done to nodes and what came of it, newest first: /debug/commands, for people and, as JSON, for programs (DX-1).

import { toRfc3339 } from "@karpenter-multicloud/core/api";
import type { CommandRecord } from "@karpenter-multicloud/core/decisions";
import type { Page } from "@karpenter-multicloud/core/telemetry";
import { tableOf } from "./verdict-page.ts";

const COLUMNS = ["STARTED", "METHOD", "DECISION", "NODES", "REPLACEMENTS", "SAVINGS/H", "STATE", "WHY"] as const;
const NOTHING_YET = "no node has been chosen yet: this process does not lead, or there was no reason\n";

/** `?node=` chooses those of a node; `?format=json` is for programs. */
export function commandPage(commands: () => readonly CommandRecord[]): Page {
  return (query) => {
    const wanted = query.getAll("node");
    const chosen = commands()
      .filter(({ nodes }) => wanted.length === 0 || wanted.some((node) => nodes.includes(node)))
      .toReversed();
    if (query.get("format") === "json") {
      return { code: 200, type: "application/json", body: JSON.stringify(chosen.map(plain)) };
    }
    const body = chosen.length === 0 ? NOTHING_YET : tableOf(chosen.map(cells), COLUMNS);
    return { code: 200, type: "text/plain; charset=utf-8", body };
  };
}

function plain({ phases, end, ...record }: CommandRecord) {
  return {
    ...record,
    phases: phases.map(({ start, end: over, ...phase }) => ({
      ...phase,
      start: toRfc3339(start),
      ...(over !== undefined && { end: toRfc3339(over) }),
    })),
    ...(end !== undefined && { end: toRfc3339(end) }),
  };
}

function cells(record: CommandRecord): readonly string[] {
  const { method, decision, nodes, replacements, savingsPerHour, phases, outcome, why = "" } = record;
  const [first] = phases;
  return [
    first ? toRfc3339(first.start) : "",
    method,
    decision,
    nodes.join(","),
    replacements.map(({ types }) => types[0] ?? "").join(","),
    savingsPerHour?.toFixed(4) ?? "",
    outcome ?? phases.at(-1)?.name ?? "",
    why,
  ];
}
