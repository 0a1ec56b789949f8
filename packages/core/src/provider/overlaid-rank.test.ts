import { describe, expect, it } from "vitest";
import { Annotation, Label, type RequirementSpec } from "../api/index.ts";
import { aNodeClaim } from "../testing/builders/index.ts";
import { overlaidRank } from "./overlaid-rank.ts";

const LISTED: RequirementSpec = { key: Label.InstanceType, operator: "In", values: ["z", "a"] };

function sorted(annotations: Readonly<Record<string, string>>, requirements: readonly RequirementSpec[]) {
  const claim = aNodeClaim();
  const rank = overlaidRank({
    ...claim,
    metadata: { ...claim.metadata, annotations },
    spec: { ...claim.spec, requirements },
  });
  return ["a", "other", "z"].toSorted((a, b) => rank(a) - rank(b));
}

describe("the order of a claim's instance types", () => {
  it("OV-7: with changed prices is the claim's own, and what it does not list comes last", () => {
    expect(sorted({ [Annotation.PriceOverlayApplied]: "true" }, [LISTED])).toEqual(["z", "a", "other"]);
  });

  it("without them leaves everything to the price list", () => {
    expect(sorted({}, [LISTED])).toEqual(["a", "other", "z"]);
    expect(sorted({ [Annotation.PriceOverlayApplied]: "true" }, [])).toEqual(["a", "other", "z"]);
  });
});
