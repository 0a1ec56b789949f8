import { faultRun } from "@karpenter-multicloud/testkit/fault-runs";
import { describe, expect, it } from "vitest";

import { scalewaySubject } from "./test-subject.ts";

describe("the whole lifecycle while Scaleway and the controller fail", () => {
  it.each(Array.from({ length: 8 }, (_, index) => index + 1))(
    "W-74: seed %i leaves one server per NodeClaim, no server, volume or address without, and removes no wrong one",
    { timeout: 600_000 },
    async (seed) => {
      const { problems, claims } = await faultRun(scalewaySubject, seed);
      expect(problems).toEqual([]);
      expect(claims).toBeGreaterThan(5);
    },
  );
});
