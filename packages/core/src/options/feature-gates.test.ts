import { describe, expect, it } from "vitest";

import { defaultFeatureGates, parseFeatureGates } from "./feature-gates.ts";

describe("parseFeatureGates, OP-4", () => {
  it("TC-62: keeps the default of gates that are not named and ignores unknown names", () => {
    expect(parseFeatureGates("NodeRepair=true, ReservedCapacity = false ,Unheard=true")).toEqual({
      ...defaultFeatureGates(),
      NodeRepair: true,
      ReservedCapacity: false,
    });
  });

  it("takes an empty list for the defaults", () => {
    expect(parseFeatureGates("")).toEqual(defaultFeatureGates());
  });

  it.each(["NodeRepair", "NodeRepair=yes", "=true", "A=true=false", "NodeRepair=True"])("refuses %j", (text) => {
    expect(() => parseFeatureGates(text)).toThrow("is not of the form");
  });

  it("is not fooled by names every object has", () => {
    expect(parseFeatureGates("constructor=true,__proto__=true")).toEqual(defaultFeatureGates());
  });
});
