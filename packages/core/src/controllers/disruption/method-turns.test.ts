import { describe, expect, it } from "vitest";
import type { MethodName } from "../../disruption/index.ts";
import { MethodTurns } from "./method-turns.ts";

const NONE = new Set<never>();

describe("MethodTurns", () => {
  it("DX-21: of those that have used nothing yet, the first in Karpenter's order goes first", () => {
    const turns = new MethodTurns();
    turns.askAt(0, "single", "multi", "drift", "emptiness");
    expect(turns.next(0, NONE)).toBe("emptiness");
  });

  it("DX-21: who has used the least for its weight goes next: 3 to 3 to 2", () => {
    const turns = new MethodTurns();
    turns.askAt(0, "emptiness", "drift", "multi");
    const used = new Map<MethodName, number>();
    for (let slice = 0; slice < 800; slice++) {
      const method = turns.next(0, NONE);
      if (method === undefined) throw new Error("one of them is always due");
      turns.took(method, 500);
      used.set(method, (used.get(method) ?? 0) + 1);
    }
    expect([used.get("emptiness"), used.get("drift"), used.get("multi")]).toEqual([300, 300, 200]);
  });

  it("DX-21: a search that takes minutes keeps an empty node waiting for one slice at most", () => {
    const turns = new MethodTurns();
    turns.askAt(0, "multi");
    for (let now = 0; now < 60_000; now += 500) {
      expect(turns.next(now, NONE)).toBe("multi");
      turns.took("multi", 500);
    }
    turns.askAt(60_000, "emptiness");
    expect(turns.next(60_000, NONE)).toBe("emptiness");
  });

  it("DX-21: nobody is given the time back in which there was nothing to do", () => {
    const turns = new MethodTurns();
    turns.askAt(0, "multi");
    for (let now = 0; now < 60_000; now += 500) turns.took(turns.next(now, NONE) ?? "single", 500);
    turns.askAt(60_000, "drift");
    const next: (MethodName | undefined)[] = [];
    for (let slice = 0; slice < 5; slice++) {
      const method = turns.next(60_000, NONE);
      next.push(method);
      if (method) turns.took(method, 500);
    }
    expect(next.filter((method) => method === "multi").length).toBeGreaterThan(0);
  });

  it("DX-21: no method starves behind another one of its kind, however slow they are", () => {
    const turns = new MethodTurns();
    turns.askAt(0, "staticDrift", "drift");
    const asked: (MethodName | undefined)[] = [];
    for (let now = 0; now < 80_000; now += 20_000) {
      const method = turns.next(now, NONE);
      asked.push(method);
      if (method === undefined) continue;
      turns.took(method, 20_000);
      turns.askAt(now + 10_000, method);
    }
    expect(asked).toEqual(["staticDrift", "drift", "staticDrift", "drift"]);
  });

  it("a kind that is full has to wait, and so has a method that is not due", () => {
    const turns = new MethodTurns();
    turns.askAt(0, "drift");
    turns.askAt(5000, "emptiness");
    expect(turns.next(0, new Set(["drift"] as const))).toBeUndefined();
    expect(turns.dueAt(new Set(["drift"] as const))).toBe(5000);
    turns.rest("drift");
    expect(turns.next(1000, NONE)).toBeUndefined();
  });
});
