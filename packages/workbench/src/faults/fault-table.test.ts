import type { FaultRun } from "@karpenter-multicloud/testkit/fault-runs";
import { describe, expect, it } from "vitest";
import { faultTable } from "./fault-table.ts";

const run = (over: Partial<FaultRun>): FaultRun => ({
  seed: 1,
  troubles: ["429", "quota", "429"],
  deaths: ["after POST /machines"],
  claims: 10,
  served: 8,
  requests: 1_000,
  virtualMinutes: 720,
  milliseconds: 1_500,
  problems: [],
  ...over,
});

describe("faultTable", () => {
  it("counts runs, strikes and NodeClaims by kind of failure", () => {
    const text = faultTable("nimbus", [run({}), run({ seed: 2, troubles: ["quota"], deaths: [] })]);
    expect(text).toMatch(/^429 +1 +2 +10 +8 +1,000 +0$/m);
    expect(text).toMatch(/^quota +2 +2 +20 +16 +2,000 +0$/m);
    expect(text).toMatch(/^controller dies +1 +1 +10 +8 +1,000 +0$/m);
    expect(text).toMatch(/^all +2 +5 +20 +16 +2,000 +0$/m);
    expect(text).toContain("nimbus, 2 runs, 1.0 days of the clock in 3 s");
    expect(text).toContain("every NodeClaim ended with one machine or none");
  });

  it("names the seed of every problem instead of the verdict", () => {
    const text = faultTable("nimbus", [run({ seed: 7, problems: ["machine m-1 has no NodeClaim"] })]);
    expect(text).toContain("seed 7: machine m-1 has no NodeClaim");
    expect(text).not.toContain("every NodeClaim ended");
  });
});
