import { describe, expect, it } from "vitest";
import { volumeLimitsOfNode } from "./node-volume-limits.ts";

const announcing = (...drivers: readonly (readonly [name: string, count?: number])[]) => ({
  spec: {
    drivers: drivers.map(([name, count]) => ({
      name,
      nodeID: "id",
      ...(count !== undefined && { allocatable: { count } }),
    })),
  },
});

describe("what a node can attach", () => {
  it("S-235: is what its drivers announce, more or less than the instance type says", () => {
    expect(volumeLimitsOfNode(announcing(["a", 3], ["b", 20]), { a: 16, b: 16 })).toEqual({ a: 3, b: 20 });
  });

  it("S-235: has no limit for a driver that announces none", () => {
    expect(volumeLimitsOfNode(announcing(["a"]), { a: 16 })).toBeUndefined();
  });

  it("S-236: is what the instance type says for drivers that have not started", () => {
    expect(volumeLimitsOfNode(undefined, { a: 16 })).toEqual({ a: 16 });
    expect(volumeLimitsOfNode(announcing(["b", 2]), { a: 16 })).toEqual({ a: 16, b: 2 });
  });

  it("is not limited when nobody says anything", () => {
    expect(volumeLimitsOfNode(undefined, undefined)).toBeUndefined();
  });
});
