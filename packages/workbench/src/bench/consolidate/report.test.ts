import { describe, expect, it } from "vitest";
import { karpenterConsolidation } from "./karpenter-consolidates.ts";
import { consolidateText, ratioOf } from "./report.ts";
import type { ConsolidateRow } from "./report.ts";

const figures = {
  coldMs: 300,
  p50Ms: 50,
  p95Ms: 80,
  counted: 10,
  leastCpuMs: 45,
  candidates: 500,
  removed: 100,
  replacements: 0,
  savings: 251.8,
};
const row: ConsolidateRow = {
  nodes: 500,
  ours: { status: "measured", ...figures },
  karpenter: { status: "measured", ms: 5000, removed: 101, counted: 3 },
};

describe("the consolidate bench", () => {
  it("says how many times as long Karpenter takes", () => {
    expect(ratioOf(row)).toEqual({ ratio: 100 });
    expect(ratioOf({ nodes: 500, ours: row.ours })).toEqual({});
    expect(ratioOf({ ...row, ours: { status: "not finished" } })).toEqual({});
  });

  it("leaves Karpenter's columns out when it was not asked", () => {
    const [, titles = "", line = ""] = consolidateText([row], false).split("\n");
    expect(titles.trim().split(/ {2,}/)).toEqual([
      "nodes",
      "cold ms",
      "p50 ms",
      "p95 ms",
      "cpu ms",
      "removed",
      "bought",
      "saved/h",
    ]);
    expect(line.trim().split(/ +/)).toEqual(["500", "300", "50.0", "80.0", "45.0", "100", "0", "251.80"]);
    expect(consolidateText([row], true)).toContain("100x");
  });

  it("tells why a line has no figures", () => {
    const text = consolidateText([{ nodes: 7, ours: { status: "failed", error: "out of memory" } }], false);
    expect(text).toContain("7 nodes: out of memory");
  });

  it("reads what the oracle measured", () => {
    expect(karpenterConsolidation({ methodSeconds: { multi: [3, 1, 2] }, removedNodes: 9 })).toEqual({
      status: "measured",
      ms: 2000,
      removed: 9,
      counted: 3,
    });
    expect(karpenterConsolidation({})).toEqual({ status: "failed", error: "the oracle measured nothing" });
  });
});
