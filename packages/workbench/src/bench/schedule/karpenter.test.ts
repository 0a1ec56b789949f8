import { describe, expect, it } from "vitest";
import { BenchError } from "../bench-error.ts";
import { karpenterFigures, requireKarpenter } from "./karpenter.ts";
import type { OracleBench } from "./karpenter.ts";

/** As the program prints it, fields that are not read included. */
const ANSWER: OracleBench & Readonly<Record<string, unknown>> = {
  name: "diverse-100",
  pods: 100,
  setupSeconds: [0.012, 0.008, 0.01],
  solveSeconds: [0.3, 0.5, 0.4],
  medianSolveSeconds: 0.4,
  newNodes: 20,
  errors: 1,
  totalCheapestPrice: 32.4,
  heapMiB: 33.8,
};

describe("Karpenter's figures", () => {
  it("are medians in milliseconds, and pods per second of the solve alone", () => {
    expect(karpenterFigures(ANSWER, 100)).toEqual({
      status: "measured",
      solveMs: 400,
      setupMs: 10,
      p95Ms: 500,
      counted: 3,
      podsPerSecond: 250,
      nodes: 20,
      unplaced: 1,
      pricePerHour: 32.4,
      heapMiB: 33.8,
    });
  });

  it("do not exist for a solve that reached the limit", () => {
    expect(karpenterFigures({ ...ANSWER, solveSeconds: [120.01] }, 100)).toEqual({ status: "not finished" });
  });

  it("do not exist when nothing was measured", () => {
    expect(karpenterFigures({ newNodes: 0, errors: 100, heapMiB: 21 }, 100)).toMatchObject({ status: "failed" });
  });

  it("count nothing to buy as no price", () => {
    expect(karpenterFigures({ solveSeconds: [0.1], newNodes: 0, errors: 0, heapMiB: 1 }, 1)).toMatchObject({
      pricePerHour: 0,
    });
  });
});

it("a path with nothing to run is refused with the variable's name and the fix", async () => {
  const refused = requireKarpenter("/nowhere/oracle");
  await expect(refused).rejects.toBeInstanceOf(BenchError);
  await expect(refused).rejects.toThrow(/KMC_ORACLE "\/nowhere\/oracle".*unset it/);
});
