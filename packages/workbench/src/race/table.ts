// A race's report for people.

import type { RaceReport } from "./run-race.ts";

export function tableOf(report: RaceReport): string {
  const { disruptions, methods, loop, violations } = report;
  const total = Object.values(disruptions).reduce((sum, count) => sum + count, 0);
  const rows: readonly (readonly [string, string | number])[] = [
    ["seed", report.seed],
    ["seconds", report.seconds],
    ["disruptions", total],
    ...Object.entries(disruptions).map(([reason, count]) => [`  ${reason}`, count] as const),
    ["of them, by method", ""],
    ...Object.entries(methods).map(([method, count]) => [`  ${method}`, count] as const),
    ["pods bound", report.podsBound],
    ["most nodes at once", report.mostNodes],
    ["pods evicted", report.podsEvicted],
    ["protected pods at a deadline", report.endedAtDeadline],
    ["pods bound to a marked node", report.boundWhileMarked],
    ["taken after the last look", report.unseen],
    ["nodeclaims ever", report.claims],
    ["machines ever", report.machines],
    ["gaps of the event loop > 10 ms", loop.count],
    ["gaps of the event loop > 50 ms", loop.over50ms],
    ["longest gap at most, ms", loop.atMostMs ?? 0],
    ["broken rules", violations.length],
  ];
  const lines = rows.map(([name, value]) => `${name.padEnd(32)}${String(value).padStart(8)}`);
  return [...lines, ...violations.map((text) => `BROKEN ${text}`)].join("\n");
}
