import { allocatableOf } from "@karpenter-multicloud/core/provider";
import { Label } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";
import { onDemandPrice, SIMULATED_CATALOG, SIMULATED_ZONES, SimulatedLabel } from "./catalog.ts";
import { placeOf } from "./choose-offering.ts";

const GIB = 1024 ** 3;

function typeNamed(name: string) {
  const found = SIMULATED_CATALOG.find((type) => type.name === name);
  if (found === undefined) throw new Error(`no type ${name}`);
  return found;
}

function priceOf(name: string, zone: string, capacityType: string): number | undefined {
  const offering = typeNamed(name).offerings.find((each) => {
    const place = placeOf(each);
    return place.zone === zone && place.capacityType === capacityType;
  });
  return offering?.price?.amount;
}

describe("simulated catalogue", () => {
  it("SIM-2: has 144 types with distinct names, in code-point order", () => {
    const names = SIMULATED_CATALOG.map((type) => type.name);
    expect(new Set(names).size).toBe(144);
    expect(names).toEqual([...names].sort());
    expect(names).toContain("s-48x-arm64-windows");
  });

  it.each([
    ["c-1x-amd64-linux", "on-demand", 0.027147483648],
    ["c-1x-amd64-linux", "spot", 0.0190032385536],
    ["s-4x-arm64-linux", "on-demand", 0.117179869184],
    ["m-256x-amd64-windows", "on-demand", 8.599023255552],
  ])("SIM-4, TC-75: %s %s costs %d USD", (name, capacityType, price) => {
    for (const zone of SIMULATED_ZONES) {
      expect(Math.abs((priceOf(name, zone, capacityType) ?? Number.NaN) - price)).toBeLessThan(1e-12);
    }
  });

  it("SIM-4: memory counts in decimal gigabytes", () => {
    expect(onDemandPrice(0, 1e9)).toBe(0.001);
    expect(onDemandPrice(2, 0)).toBe(0.05);
  });

  it("SIM-3: capacity and overhead follow from cpu and family", () => {
    const small = typeNamed("s-4x-amd64-linux");
    expect(small.capacity).toEqual({ cpu: 4000, memory: 16 * GIB, pods: 64, "ephemeral-storage": 20 * GIB });
    expect(allocatableOf(small)).toEqual({
      cpu: 3900,
      memory: 16 * GIB - 10 * 1024 ** 2,
      pods: 64,
      "ephemeral-storage": 20 * GIB,
    });
    expect(typeNamed("m-256x-amd64-linux").capacity["pods"]).toBe(1024);
  });

  it("SIM-5: offers each type in four zones, spot and on demand, all available", () => {
    for (const { offerings } of SIMULATED_CATALOG) {
      const places = offerings.map((each) => Object.values(placeOf(each)).join(" "));
      expect(new Set(places).size).toBe(8);
      expect(offerings.every((each) => each.availability.available)).toBe(true);
    }
  });

  it("SIM-6: carries the selectable labels", () => {
    const { requirements } = typeNamed("m-16x-arm64-linux");
    const values = Object.values(SimulatedLabel).map((key) => requirements.get(key).single());
    expect(values).toEqual(["16", "m", "16", "128Gi"]);
    expect(requirements.get(Label.Region).operator).toBe("DoesNotExist");
  });
});
