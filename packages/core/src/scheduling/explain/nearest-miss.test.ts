import { describe, expect, it } from "vitest";
import { gapOf, tally } from "./nearest-miss.ts";

describe("S-620: what is missing", () => {
  it("is every resource of which there is less than needed, in name order; what just suffices is not short", () => {
    const need = { memory: 2 * 1024 ** 3, cpu: 4000, pods: 1 };
    expect(gapOf(need, { cpu: 2000, memory: 1024 ** 3, pods: 1 })).toEqual([
      { resource: "cpu", need: "4", have: "2" },
      { resource: "memory", need: "2Gi", have: "1Gi" },
    ]);
  });

  it("is told exactly where rounding would hide it", () => {
    const [gap] = gapOf({ memory: 16 * 1024 ** 3 }, { memory: 16 * 1024 ** 3 - 1 });
    expect(gap).toEqual({ resource: "memory", need: String(16 * 1024 ** 3), have: String(16 * 1024 ** 3 - 1) });
  });

  it("of several candidates the one with the fewest failing checks is closest, then the one that failed latest", () => {
    const refusals = [
      { name: "a", reasons: ["TaintNotTolerated"] },
      { name: "b", reasons: ["InsufficientResources"], request: { cpu: 4000 }, free: { cpu: 1000 } },
      { name: "c", reasons: ["InsufficientResources"], request: { cpu: 4000 }, free: { cpu: 3000 } },
      { name: "d", reasons: ["InsufficientResources", "HostPort"], request: { cpu: 4000 }, free: { cpu: 3999 } },
    ] as const;
    expect(tally(refusals)).toEqual({
      count: 4,
      byReason: { TaintNotTolerated: 1, InsufficientResources: 3 },
      closest: { name: "c", failed: "InsufficientResources", gap: [{ resource: "cpu", need: "4", have: "3" }] },
    });
  });
});
