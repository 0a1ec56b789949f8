import { describe, expect, it } from "vitest";
import type { KarpenterFigures } from "./karpenter.ts";
import { ratioOf, reportText } from "./report.ts";
import type { ScheduleRow } from "./report.ts";

const KARPENTER: KarpenterFigures = {
  status: "measured",
  solveMs: 200,
  setupMs: 50,
  p95Ms: 210,
  counted: 10,
  podsPerSecond: 500,
  nodes: 21,
  unplaced: 0,
  pricePerHour: 32.4,
  heapMiB: 40,
};

const ROW: ScheduleRow = {
  workload: "diverse",
  size: 1000,
  unit: "pending pods",
  places: "every pod",
  mode: "parity",
  ours: {
    status: "measured",
    timing: { coldMs: 123.4, p50Ms: 20, p95Ms: 25.5, warmUps: 3, counted: 10, cpuMs: 19, heapMiB: 35 },
    podsPerSecond: 50_000,
    plan: { nodes: 20, pricePerHour: 31.2, placed: 1000, unplaced: 0 },
    check: "ok",
  },
};

describe("the ratio", () => {
  it("is pods per second over pods per second, with and without Karpenter's set-up", () => {
    expect(ratioOf({ ...ROW, karpenter: KARPENTER })).toEqual({ ratio: 12.5, ratioSolveOnly: 10 });
  });

  it("does not exist when one side was not measured", () => {
    expect(ratioOf(ROW)).toEqual({});
    expect(ratioOf({ ...ROW, karpenter: { status: "not finished" } })).toEqual({});
    expect(ratioOf({ ...ROW, karpenter: KARPENTER, ours: { status: "not finished" } })).toEqual({});
  });
});

describe("the table", () => {
  it("leaves Karpenter's columns out and says how to see them", () => {
    expect(reportText([ROW], false)).toBe(
      [
        "workload   size  mode    cold ms  p50 ms  p95 ms  cpu ms  pods/s  nodes  price/h  unplaced  heap MiB  check",
        "diverse   1,000  parity      123    20.0    25.5    19.0  50,000     20    31.20         0        35  ok",
        "",
        "Karpenter's columns are left out: set KMC_ORACLE to the path of the oracle's binary to see them.",
      ].join("\n"),
    );
  });

  it("puts Karpenter's figures beside ours", () => {
    const [head, line] = reportText([{ ...ROW, karpenter: KARPENTER }], true).split("\n");
    expect(head).toMatch(/check +K ms +K setup +K pods\/s +K nodes +K price\/h +K unplaced +ratio +to solve$/);
    expect(line).toMatch(/ok +200 +50\.0 +500 +21 +32\.40 +0 +12\.5x +10\.0x$/);
  });

  it("says who did not finish", () => {
    const text = reportText(
      [{ ...ROW, ours: { status: "not finished" }, karpenter: { status: "not finished" } }],
      true,
    );
    expect(text.match(/not finished/g)).toHaveLength(2);
  });

  it("S-905: says when pods that should have a place have none, and the other way round", () => {
    const plan = { nodes: 20, pricePerHour: 31.2, placed: 990, unplaced: 10 };
    const lost = reportText([{ ...ROW, ours: { ...ROW.ours, plan } }], false);
    expect(lost).toContain("diverse 1,000 parity: 10 pods found no place, expected every pod to find one");
    expect(reportText([{ ...ROW, places: "no pod" }], false)).toContain("expected no pod to find one");
    expect(reportText([ROW], false)).not.toContain("expected");
  });

  it("names broken rules, failures and plans that nobody checked", () => {
    const violated = { ...ROW.ours, check: "violated", violations: ["Limits default: cpu"] } as const;
    expect(reportText([{ ...ROW, ours: violated }], false)).toContain("breaks a rule: Limits default: cpu");
    expect(reportText([{ ...ROW, ours: { ...ROW.ours, check: "too slow" } }], false)).toContain("unchecked");
    expect(reportText([{ ...ROW, ours: { status: "failed", error: "no memory" } }], false)).toContain("no memory");
  });

  it("lists where the time went when it was profiled", () => {
    const profile = { file: "/tmp/x.cpuprofile", top: [{ function: "pack pack/loop.ts:12", ms: 60, share: 0.6 }] };
    const text = reportText([{ ...ROW, ours: { ...ROW.ours, profile } }], false);
    expect(text).toContain("diverse 1,000 parity: /tmp/x.cpuprofile");
    expect(text).toMatch(/60\.0 +60\.0 % +pack pack\/loop\.ts:12/);
  });
});
