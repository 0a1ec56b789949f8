import { describe, expect, it } from "vitest";
import { Label, WELL_KNOWN_LABELS } from "../api/index.ts";
import { Requirements } from "../requirements/index.ts";
import { anInstanceType, anOffering } from "../testing/builders/index.ts";
import { clusterCost } from "./cluster-cost.ts";
import { cheapestOffering, compareOfferings, rateOfNode } from "./offering-price.ts";

const WELL_KNOWN = new Set(WELL_KNOWN_LABELS);

describe("cheapestOffering", () => {
  const type = anInstanceType({
    offerings: [
      anOffering({ zone: "z1", price: 0.3 }),
      anOffering({ zone: "z2", price: 0.1, available: "out of stock" }),
      anOffering({ zone: "z3", price: 0.2 }),
      anOffering({ zone: "z4", price: null }),
    ],
  });
  const zone = (value: string) => Requirements.fromLabels({ [Label.Zone]: value });

  it("S-505: is the cheapest that is available", () => {
    expect(cheapestOffering(type, Requirements.empty, WELL_KNOWN)?.rate).toEqual({ amount: 0.2, currency: "EUR" });
  });

  it("S-505: looks only where the requirements allow", () => {
    expect(cheapestOffering(type, zone("z1"), WELL_KNOWN)?.rate?.amount).toBe(0.3);
    expect(cheapestOffering(type, zone("z2"), WELL_KNOWN)).toBeUndefined();
  });

  it("is unpriced only when nothing else is left", () => {
    const answer = cheapestOffering(type, zone("z4"), WELL_KNOWN);
    expect(answer?.offering.price).toBeUndefined();
    expect(answer?.offering.requirements.get(Label.Zone).single()).toBe("z4");
  });

  it("S-306: equal prices are taken as reserved, spot, on-demand, then by zone", () => {
    const offerings = [
      anOffering({ capacityType: "on-demand", zone: "a" }),
      anOffering({ capacityType: "spot", zone: "b" }),
      anOffering({ capacityType: "reserved", zone: "c" }),
      anOffering({ capacityType: "spot", zone: "a" }),
    ];
    const order = offerings.toSorted(compareOfferings).map(({ requirements }) => requirements.get(Label.Zone).single());
    expect(order).toEqual(["c", "a", "b", "a"]);
  });
});

describe("rateOfNode", () => {
  const types = [
    anInstanceType({ name: "m.4", offerings: [anOffering({ zone: "z1", price: 0.3, available: "gone" })] }),
  ];
  const labels = { [Label.InstanceType]: "m.4", [Label.Zone]: "z1", [Label.CapacityType]: "on-demand" };

  it("D-24: is what the offering costs, available or not", () => {
    expect(rateOfNode(labels, types)).toEqual({ amount: 0.3, currency: "EUR" });
  });

  it.each([
    ["another zone", { ...labels, [Label.Zone]: "z2" }],
    ["another capacity type", { ...labels, [Label.CapacityType]: "spot" }],
    ["an unknown type", { ...labels, [Label.InstanceType]: "x" }],
    ["no labels", {}],
  ])("D-24: is unknown for %s", (_, other) => {
    expect(rateOfNode(other, types)).toBeUndefined();
  });

  it("DT-15: a price that is no number is unknown", () => {
    expect(
      rateOfNode(labels, [anInstanceType({ name: "m.4", offerings: [anOffering({ zone: "z1", price: NaN })] })]),
    ).toBe(undefined);
  });

  it("clusterCost adds per currency and lists what has no price", () => {
    const dollars = [
      anInstanceType({ name: "m.4", offerings: [anOffering({ zone: "z1", price: 2, currency: "USD" })] }),
    ];
    const nodes = [
      { name: "n3", nodePool: "eu", labels },
      { name: "n2", nodePool: "eu", labels },
      { name: "n1", nodePool: "us", labels },
      { name: "bare", labels: {} },
    ];
    expect(
      clusterCost(
        nodes,
        new Map([
          ["eu", types],
          ["us", dollars],
        ]),
      ),
    ).toEqual({
      totals: [
        { amount: 0.6, currency: "EUR" },
        { amount: 2, currency: "USD" },
      ],
      unpriced: ["bare"],
    });
  });
});
