import { describe, expect, it } from "vitest";

import { poolNormalization, Requirements } from "./index.ts";

const ZONE = "topology.kubernetes.io/zone";

describe("words that only NodePools may use", () => {
  const normalization = { values: { type: { old: "new" } }, poolValues: { [ZONE]: { "gra7-a": "nova" } } };
  const asked = [{ key: ZONE, operator: "In" as const, values: ["gra7-a"] }];

  it("S-102: are read in a NodePool's requirements", () => {
    const requirements = Requirements.fromSpecs(asked, poolNormalization(normalization));
    expect(requirements.get(ZONE).has("nova")).toBe(true);
    expect(requirements.get(ZONE).has("gra7-a")).toBe(false);
  });

  it("are not read in a pod's, which kube-scheduler compares with the node as it is", () => {
    expect(Requirements.fromSpecs(asked, normalization).get(ZONE).has("nova")).toBe(false);
  });

  it("come on top of those that everybody may use", () => {
    expect(poolNormalization(normalization)?.values).toEqual({
      type: { old: "new" },
      [ZONE]: { "gra7-a": "nova" },
    });
    expect(poolNormalization(undefined)).toBeUndefined();
  });
});
