import { describe, expect, it } from "vitest";
import { choosePoints, kindOf } from "./choose-points.ts";
import type { CrashPoint } from "./crash-points.ts";

const point = (number: number, call: string): CrashPoint => ({ number, moment: "before", call });
const alternately = (values: readonly number[]) => {
  let index = 0;
  return () => values[index++ % values.length] ?? 0;
};

describe("choosePoints", () => {
  it("spreads over the run", () => {
    const points = Array.from({ length: 100 }, (_, index) => point(index + 1, "list Pod"));
    const chosen = choosePoints(points, 4, () => 0.5).map(({ number }) => number);
    expect(chosen).toEqual([13, 38, 63, 88]);
  });

  it("draws another point of each slice with another seed, never one twice", () => {
    const points = Array.from({ length: 40 }, (_, index) => point(index + 1, "list Pod"));
    const chosen = choosePoints(points, 10, alternately([0, 0.99, 0.3])).map(({ number }) => number);
    expect(chosen).toHaveLength(10);
    expect(new Set(chosen).size).toBe(10);
  });

  it("a kind of call made once counts as much as one made a thousand times", () => {
    const common = Array.from({ length: 1000 }, (_, index) => point(index + 1, "watch Pod"));
    const points = [...common, point(1001, "get NodeClaim a")];
    expect(choosePoints(points, 2, () => 0.5).map(({ call }) => call)).toEqual(["watch Pod", "get NodeClaim a"]);
  });

  it("calls that change something are chosen more often than reads", () => {
    const calls = ["list Pod", "create NodeClaim a", "patch Node b", "POST /pool", "DELETE /pool"];
    const points = Array.from({ length: 200 }, (_, index) => point(index + 1, calls[index % calls.length] ?? ""));
    const chosen = choosePoints(points, 17, () => 0.5).filter(({ call }) => call !== "list Pod");
    expect(chosen.length).toBeGreaterThanOrEqual(14);
  });

  it("kinds ignore names, ids and queries", () => {
    expect(kindOf(point(1, "patch NodeClaim default-abcde"))).toBe("before patch NodeClaim");
    const path = "/1.0/cloud/project/0123456789abcdef0123456789abcdef/flavor?region=EU-WEST-PAR";
    expect(kindOf(point(1, `GET ${path}`))).toBe("before GET /1.0/cloud/project/{}/flavor");
  });
});
