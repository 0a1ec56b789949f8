import { describe, expect, it } from "vitest";
import { Label } from "../../api/index.ts";
import { Requirements } from "../../requirements/index.ts";
import type { RequirementLike } from "../../requirements/index.ts";
import { anInstanceType, anOffering, aPoolInput, FIXTURE_WELL_KNOWN } from "../../testing/builders/index.ts";
import { RequirementBook } from "../compile/requirement-book.ts";
import { Sales } from "./explain-sales.ts";
import { typesOf } from "../placement/instance-filter.ts";
import { templatesOf } from "../templates.ts";

const TYPES = [
  anInstanceType({ name: "arm", arch: "arm64", offerings: [anOffering({ zone: "z1" }), anOffering({ zone: "z2" })] }),
  anInstanceType({ name: "intel", offerings: [anOffering({ zone: "z1" })] }),
  anInstanceType({ name: "gone", offerings: [anOffering({ zone: "z2", available: "out of stock" })] }),
  anInstanceType({ name: "special", offerings: [anOffering({ zone: "z1", labels: { "example.com/rack": "r1" } })] }),
];

function sold(...specs: readonly RequirementLike[]): readonly string[] {
  const [template] = templatesOf([aPoolInput({ instanceTypes: TYPES })], {
    daemons: [],
    wellKnown: FIXTURE_WELL_KNOWN,
  });
  if (template === undefined) return [];
  const sales = new Sales(new RequirementBook(FIXTURE_WELL_KNOWN));
  const requirements = Requirements.fromSpecs(specs);
  const kept = sales.keep(template.sold, template, requirements);
  expect(sales.keep(template.sold, template, Requirements.fromSpecs(specs))).toBe(kept);
  return typesOf(kept).map(({ name }) => name);
}

describe("S-621: types that are sold somewhere", () => {
  it("are those of which an offering goes with the requirements", () => {
    expect(sold()).toEqual(["arm", "gone", "intel"]);
    expect(sold({ key: Label.Zone, operator: "In", values: ["z1"] })).toEqual(["arm", "intel"]);
    expect(sold({ key: Label.Arch, operator: "In", values: ["arm64"] })).toEqual(["arm"]);
  });

  it("S-623: count when they are sold out", () => {
    expect(sold({ key: Label.Zone, operator: "In", values: ["z2"] })).toEqual(["arm", "gone"]);
  });

  it("need every requirement of one offering together", () => {
    const zone = { key: Label.Zone, operator: "In", values: ["z2"] };
    expect(sold(zone, { key: Label.InstanceType, operator: "In", values: ["intel", "gone"] })).toEqual(["gone"]);
  });

  it("S-112: include those whose offerings define a label of their own only where it is asked for", () => {
    expect(sold({ key: "example.com/rack", operator: "In", values: ["r1"] })).toEqual([
      "arm",
      "gone",
      "intel",
      "special",
    ]);
    expect(sold({ key: "example.com/rack", operator: "In", values: ["r2"] })).toEqual(["arm", "gone", "intel"]);
  });
});
