// What was decided and why, done and declined alike, newest first: /debug/decisions, for people and, as JSON, for programs (DX-1).

import { toRfc3339 } from "@karpenter-multicloud/core/api";
import type { Decision } from "@karpenter-multicloud/core/decisions";
import type { Page } from "@karpenter-multicloud/core/telemetry";
import { tableOf } from "./verdict-page.ts";

const COLUMNS = ["TIME", "VERDICT", "SUBJECT", "DETAIL"] as const;
const NOTHING_YET = "nothing has been decided yet: this process does not lead, or has just begun\n";

/** `?verdict=`, `?subject=` (also without its kind) and `?controller=` choose; `?format=json` is for programs. */
export function decisionPage(decisions: () => readonly Decision[]): Page {
  return (query) => {
    const all = decisions();
    const chosen = all
      .filter(
        ({ verdict, subject, controller }) =>
          isAsked(query, "verdict", [verdict]) &&
          isAsked(query, "subject", [subject, subject.slice(subject.indexOf(" ") + 1)]) &&
          isAsked(query, "controller", [controller]),
      )
      .toReversed();
    if (query.get("format") === "json") {
      const plain = chosen.map(({ at, ...decision }) => ({ time: toRfc3339(at), ...decision }));
      return { code: 200, type: "application/json", body: JSON.stringify(plain) };
    }
    const rows = chosen.map(({ at, verdict, subject, detail }) => [toRfc3339(at), verdict, subject, detail]);
    const body = all.length === 0 ? NOTHING_YET : tableOf(rows, COLUMNS);
    return { code: 200, type: "text/plain; charset=utf-8", body };
  };
}

function isAsked(query: URLSearchParams, name: string, values: readonly string[]): boolean {
  const wanted = query.getAll(name);
  return wanted.length === 0 || values.some((value) => wanted.includes(value));
}
