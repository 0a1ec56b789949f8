import { faultRun } from "@karpenter-multicloud/testkit/fault-runs";
import { describe, expect, it } from "vitest";
import { simulatedSubject } from "./test-subject.ts";

describe("the whole lifecycle while the simulated cloud and the controller fail", () => {
  it.each([1, 2, 3, 4, 5, 6])(
    "seed %i leaves one machine per NodeClaim, none without, and removes no wrong one",
    { timeout: 600_000 },
    async (seed) => {
      const { problems, claims } = await faultRun(simulatedSubject, seed);
      expect(problems).toEqual([]);
      expect(claims).toBeGreaterThan(5);
    },
  );
});
