import { describe, expect, it } from "vitest";
import { Requirements } from "../requirements/index.ts";
import { aPod } from "../testing/builders/index.ts";
import { stancesOf } from "./preferences.ts";

const CONTEXT = { policy: "Respect", preferencesAreTainted: false } as const;

describe("the ways in which a pod may be tried", () => {
  it("S-321: are one for a pod without wishes", () => {
    const stances = stancesOf(aPod(), [Requirements.empty], CONTEXT);
    expect(stances.map(({ relaxed }) => relaxed)).toEqual([[]]);
  });

  it("S-328: are one more when something has a taint that pods may overlook", () => {
    const stances = stancesOf(aPod(), [Requirements.empty], { ...CONTEXT, preferencesAreTainted: true });
    expect(stances.map(({ relaxed }) => relaxed)).toEqual([[], ["avoiding PreferNoSchedule taints"]]);
  });

  it("S-116: are none for a pod that contradicts itself", () => {
    expect(stancesOf(aPod(), [], CONTEXT)).toEqual([]);
  });
});
