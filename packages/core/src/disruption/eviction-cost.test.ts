import { describe, expect, it } from "vitest";
import { Annotation } from "../api/index.ts";
import { aDaemonSetPod, aPod } from "../testing/builders/index.ts";
import { evictionCost, isEmpty, rescheduleCost, unreadableCost } from "./eviction-cost.ts";

const costing = (text: string) => aPod({ nodeName: "n1", annotations: { [Annotation.PodDeletionCost]: text } });
const withPriority = (priority: number) => aPod({ nodeName: "n1", priority });

describe("D-25: eviction cost", () => {
  it("DT-12: an ordinary pod costs 1", () => {
    expect(evictionCost(aPod())).toBe(1);
  });

  it("DT-12: deletion cost and priority move it up and down", () => {
    const costs = ["101", "100", "99", "-100"].map((text) => evictionCost(costing(text)));
    expect(costs).toEqual(costs.toSorted((a, b) => b - a));
    expect(new Set(costs).size).toBe(4);
    expect(evictionCost(costing("100"))).toBeGreaterThan(1);
    expect(evictionCost(costing("-100"))).toBeLessThan(1);
    expect(evictionCost(withPriority(1))).toBeGreaterThan(1);
    expect(evictionCost(withPriority(-1))).toBeLessThan(1);
  });

  it("D-25: 2^27 of deletion cost and 2^25 of priority are worth one pod", () => {
    expect([evictionCost(costing(String(2 ** 27))), evictionCost(withPriority(2 ** 25))]).toEqual([2, 2]);
    expect([evictionCost(costing(String(-(2 ** 26)))), evictionCost(withPriority(2 ** 24))]).toEqual([0.5, 1.5]);
  });

  it("DT-12: a deletion cost that is not heeded is known, so that somebody can be told", () => {
    expect([unreadableCost(costing("x")), unreadableCost(costing(""))]).toEqual(["x", ""]);
    expect([unreadableCost(costing("1.5e3")), unreadableCost(aPod())]).toEqual([undefined, undefined]);
  });

  it("DT-12: it stays within −10 and 10", () => {
    expect(evictionCost(costing("2147483647"))).toBe(10);
    expect(evictionCost(withPriority(-2_147_483_648))).toBe(-10);
  });

  it.each(["x", "", "0x10", "1e", "12a"])("DT-12: a deletion cost of %j is ignored", (text) => {
    expect(evictionCost(costing(text))).toBe(1);
  });
});

describe("D-26, D-27: empty nodes", () => {
  it("a node's cost is 1 and what its pods add", () => {
    expect(rescheduleCost([])).toBe(1);
    expect(rescheduleCost([aPod(), aPod()])).toBe(3);
  });

  it.each([
    ["no pods", [], true],
    ["an ordinary pod", [aPod({ nodeName: "n1" })], false],
    ["DaemonSet pods only", [aDaemonSetPod({ nodeName: "n1" })], true],
    ["a terminating pod of a Deployment", [aPod({ deletionTimestamp: "2026-01-01T00:00:00Z" })], true],
    [
      "a terminating pod of a StatefulSet",
      [aPod({ deletionTimestamp: "2026-01-01T00:00:00Z", owner: { apiVersion: "apps/v1", kind: "StatefulSet" } })],
      false,
    ],
    ["DT-13: a pod worth nothing", [withPriority(-2_147_483_648)], true],
  ] as const)("DT-33: a node with %s is empty: %#", (_, pods, expected) => {
    expect(isEmpty(pods)).toBe(expected);
  });
});
