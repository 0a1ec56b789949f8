// Scenarios of docs/reference/upstream-parity.md: E-118, E-120, E-125, E-192.

import { Label } from "@karpenter-multicloud/core/api";
import { allocatableOf, UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import { minutes } from "@karpenter-multicloud/core/units";
import { describe, expect, it } from "vitest";

import { OvhLabel } from "../api/labels.ts";
import type { WireKubeFlavor } from "../client/wire.ts";
import { mergeFlavors } from "./flavor.ts";
import { InstanceTypeCatalog } from "./instance-types.ts";
import type { CatalogInput } from "./instance-types.ts";
import { PriceBook } from "./price-book.ts";

const listed = (name: string, vCPUs: number, ramGB: number, over: Partial<WireKubeFlavor> = {}): WireKubeFlavor => ({
  name,
  category: name.charAt(0),
  state: "available",
  vCPUs,
  gpus: 0,
  ramGB,
  ...over,
});
const FLAVORS = [
  listed("b3-8", 2, 8),
  listed("b3-16", 4, 16),
  listed("b2-7", 2, 7),
  listed("h100-380", 30, 380, { state: "unavailable", gpus: 1 }),
  listed("win-b3-8", 2, 8),
  listed("d2-2", 1, 2),
];
const input = (over: Partial<CatalogInput> = {}): CatalogInput => ({
  spec: {},
  classKey: "default",
  situation: { region: "EU-WEST-PAR", place: "3az", zones: ["eu-west-par-a", "eu-west-par-b", "eu-west-par-c"] },
  flavors: { version: 1, flavors: mergeFlavors(FLAVORS) },
  prices: { version: 0, book: new PriceBook() },
  unavailable: new UnavailableOfferings(() => 0),
  memoryOverhead: 0.05,
  monthlyFamilies: ["b2", "c2", "r2", "d2"],
  ...over,
});
const types = (over: Partial<CatalogInput> = {}): readonly InstanceType[] =>
  new InstanceTypeCatalog().of(input(over)).items;
const type = (name: string, over: Partial<CatalogInput> = {}): InstanceType => {
  const found = types(over).find((each) => each.name === name);
  if (found === undefined) throw new Error(`no type ${name}`);
  return found;
};

describe("instance types", () => {
  it("T-11: b3-16 keeps 170m, 1590 MB and 100Mi for itself and takes 110 pods", () => {
    const b316 = type("b3-16");
    const { cpu, memory, pods } = allocatableOf(b316);
    expect(cpu).toBe(3830);
    expect(memory).toBe((b316.capacity["memory"] ?? 0) - 1590e6 - 100 * 1024 ** 2);
    expect(b316.capacity["memory"]).toBe(Math.floor(16 * 1024 ** 3 * 0.95));
    expect(pods).toBe(110);
  });

  it("T-10: b3-8 leaves 1840m", () => {
    expect(allocatableOf(type("b3-8"))["cpu"]).toBe(1840);
  });

  it("O-19: a GPU is announced, and only where there is one", () => {
    expect(type("h100-380").capacity["nvidia.com/gpu"]).toBe(1);
    expect(type("b3-8").capacity).not.toHaveProperty(["nvidia.com/gpu"]);
  });

  it("T-64: an unavailable flavor stays in the list without an available offering", () => {
    const offerings = type("h100-380").offerings;
    expect(offerings).toHaveLength(3);
    expect(offerings.every(({ availability }) => !availability.available)).toBe(true);
  });

  it("O-19c: flavors that no pool can be made of are left out, in name order", () => {
    expect(types().map(({ name }) => name)).toEqual(["b2-7", "b3-16", "b3-8", "h100-380"]);
  });

  it("O-19b: one on-demand offering per zone, the class's zones only", () => {
    const zones = type("b3-8", { spec: { zones: ["eu-west-par-b"] } }).offerings.map((each) =>
      each.requirements.toString(),
    );
    expect(zones).toHaveLength(1);
    expect(zones[0]).toContain("eu-west-par-b");
    expect(type("b3-8").offerings.every((each) => each.requirements.get(Label.CapacityType).has("on-demand"))).toBe(
      true,
    );
  });

  it("O-18: says every key of ours, with the region in upper case", () => {
    const { requirements } = type("b3-8");
    expect(Object.values(OvhLabel).filter((key) => !requirements.has(key))).toEqual([]);
    expect(requirements.get(Label.Region).single()).toBe("EU-WEST-PAR");
    expect(requirements.get(OvhLabel.Memory).single()).toBe("8192");
    expect(requirements.get(OvhLabel.GpuCount).operator).toBe("DoesNotExist");
    expect(requirements.get(OvhLabel.AzType).single()).toBe("3az");
  });

  it("T-18: with monthly billing only generation 2 is available, at a month's price by the hour", () => {
    const spec = { monthlyBilled: true };
    expect(type("b3-8", { spec }).offerings[0]?.availability).toMatchObject({ available: false });
    const [offering] = type("b2-7", { spec }).offerings;
    expect(offering?.availability).toEqual({ available: true });
    expect(offering?.price?.amount).toBeCloseTo(25.17 / 730, 12);
  });

  it("a refused offering is unavailable, and the version says that something changed", () => {
    const unavailable = new UnavailableOfferings(() => 0);
    const catalog = new InstanceTypeCatalog();
    const before = catalog.of(input({ unavailable }));
    expect(catalog.of(input({ unavailable }))).toBe(before);
    unavailable.mark({ instanceType: "b3-8", zone: "eu-west-par-a" }, "OutOfStock", minutes(3));
    const after = catalog.of(input({ unavailable }));
    expect(after.version).not.toBe(before.version);
    const b38 = after.items.find(({ name }) => name === "b3-8");
    expect(b38?.offerings.map(({ availability }) => availability.available)).toEqual([false, true, true]);
    expect(b38?.requirements.get(Label.Zone).has("eu-west-par-a")).toBe(false);
  });

  it("O-19a: a class may say what MKS reserves instead", () => {
    const { kubeReserved } = type("b3-8", { spec: { reserved: { cpuMilli: 200, memoryMB: 1000 } } }).overhead;
    expect(kubeReserved).toMatchObject({ cpu: 200, memory: 1e9 });
  });
});
