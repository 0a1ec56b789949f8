import { describe, expect, it } from "vitest";
import { outcomeOf, stepAfter } from "./row.ts";
import type { RowEvent } from "./row.ts";

const READY: RowEvent = {
  kind: "ready",
  input: { pods: 200, existingNodes: 0, nodePools: 1, instanceTypes: 400, solves: 1 },
};
const COLD: RowEvent = { kind: "cold", ms: 90 };
const MEASURED: RowEvent = {
  kind: "measured",
  timing: { coldMs: 90, p50Ms: 50, p95Ms: 60, warmUps: 3, counted: 10, cpuMs: 45, heapMiB: 30 },
  plan: { nodes: 4, pricePerHour: 2, placed: 200, unplaced: 0 },
};
const CHECKED: RowEvent = { kind: "checked", violations: [] };
const DONE = { tookTooLong: false, exitCode: 0, lastWords: "" };
const KILLED = { tookTooLong: true, exitCode: null, lastWords: "" };

describe("the outcome of a line", () => {
  it("is measured and checked when everything was told", () => {
    expect(outcomeOf([READY, COLD, MEASURED, CHECKED], DONE)).toMatchObject({
      status: "measured",
      podsPerSecond: 4000,
      plan: { nodes: 4 },
      check: "ok",
    });
  });

  it("is not finished when the solve reached its limit", () => {
    expect(outcomeOf([READY], KILLED)).toEqual({ status: "not finished", input: READY.input });
  });

  it("keeps its figures when only the checker was too slow", () => {
    expect(outcomeOf([READY, COLD, MEASURED], KILLED)).toMatchObject({ status: "measured", check: "too slow" });
  });

  it("names the first broken rules", () => {
    const checked: RowEvent = { kind: "checked", violations: ["a", "b", "c", "d"] };
    expect(outcomeOf([READY, COLD, MEASURED, checked], DONE)).toMatchObject({
      check: "violated",
      violations: ["a", "b", "c"],
    });
  });

  it("is failed when the process fell over, with what it said last", () => {
    const fallen = { tookTooLong: false, exitCode: 1, lastWords: "RangeError: no" };
    expect(outcomeOf([READY], fallen)).toMatchObject({ status: "failed", error: "RangeError: no" });
    expect(outcomeOf([READY], { ...fallen, lastWords: "" })).toMatchObject({ error: "the process ended with code 1" });
    expect(outcomeOf([READY, COLD, MEASURED], fallen)).toMatchObject({
      status: "measured",
      check: "failed",
      error: "RangeError: no",
    });
  });
});

describe("the steps of a line", () => {
  it("profile only when a profile is wanted", () => {
    expect(stepAfter(MEASURED, {})).toBe("checked");
    expect(stepAfter(MEASURED, { profileTo: "x.cpuprofile" })).toBe("profiled");
    expect(stepAfter(CHECKED, {})).toBeUndefined();
  });
});
