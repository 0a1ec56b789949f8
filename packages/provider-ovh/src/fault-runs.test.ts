import { faultRun } from "@karpenter-multicloud/testkit/fault-runs";
import { describe, expect, it } from "vitest";

import { ovhSubject } from "./test-subject.ts";

describe("the whole lifecycle while OVHcloud and the controller fail", () => {
  it.each(Array.from({ length: 12 }, (_, index) => index + 1))(
    "T-75: seed %i leaves one machine per NodeClaim, none without, and removes no wrong one",
    { timeout: 600_000 },
    async (seed) => {
      const { problems, claims } = await faultRun(ovhSubject, seed);
      expect(problems).toEqual([]);
      expect(claims).toBeGreaterThan(5);
    },
  );
});
