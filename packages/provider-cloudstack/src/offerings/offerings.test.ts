import { describe, expect, it } from "vitest";
import { parseOffering } from "../client/wire.ts";
import { DEFAULT_FORMULA, priceOf, type PriceSources } from "./prices.ts";
import { shapesOf } from "./shapes.ts";

const bounds = { mincpunumber: "2", maxcpunumber: "16", minmemory: "2048", maxmemory: "65536" };
const constrained = parseOffering({
  id: "o1",
  name: "custom-constrained",
  cpuspeed: 2400,
  iscustomized: true,
  serviceofferingdetails: bounds,
});
const unconstrained = parseOffering({ id: "o2", name: "custom-unconstrained", iscustomized: true });
const fixed = parseOffering({ id: "o3", name: "k8s.c4.m16", cpunumber: 4, cpuspeed: 2600, memory: 16_384 });
const sources: PriceSources = { table: [], tariffs: [], formula: DEFAULT_FORMULA };
const [shape] = shapesOf(fixed).shapes;

describe("sizes of an offering", () => {
  it("T-36: a constrained custom offering comes in a grid that stays within its bounds", () => {
    const { shapes } = shapesOf(constrained);
    expect(shapes[0]).toEqual({ cpu: 2, memoryMiB: 2048, cpuSpeed: 2400, isCustom: true });
    expect(shapes).toContainEqual({ cpu: 4, memoryMiB: 16_384, cpuSpeed: 2400, isCustom: true });
    for (const { cpu, memoryMiB } of shapes) {
      expect(cpu >= 2 && cpu <= 16 && memoryMiB >= 2048 && memoryMiB <= 65_536).toBe(true);
    }
    expect(shapes.map(({ cpu, memoryMiB }) => `${cpu}x${memoryMiB / 1024}`)).toEqual([
      "2x2",
      "2x4",
      "2x8",
      "2x16",
      "4x4",
      "4x8",
      "4x16",
      "4x32",
      "8x8",
      "8x16",
      "8x32",
      "8x64",
      "16x16",
      "16x32",
      "16x64",
    ]);
  });

  it("T-37: an unconstrained one has only the sizes of the class, with a speed", () => {
    expect(shapesOf(unconstrained)).toMatchObject({ shapes: [], needsShapes: true });
    const wanted = [
      { cpu: 4, memoryMiB: 8192, cpuSpeedMHz: 2000 },
      { cpu: 4, memoryMiB: 4096 },
    ];
    expect(shapesOf(unconstrained, wanted)).toEqual({
      shapes: [{ cpu: 4, memoryMiB: 8192, cpuSpeed: 2000, isCustom: true }],
      needsShapes: false,
      outside: [{ cpu: 4, memoryMiB: 4096 }],
    });
  });

  it("sizes of the class outside the bounds are named", () => {
    expect(shapesOf(constrained, [{ cpu: 32, memoryMiB: 4096 }])).toMatchObject({
      shapes: [],
      outside: [{ cpu: 32, memoryMiB: 4096 }],
    });
  });
});

describe("T-42: prices", () => {
  const priced = { ...fixed, details: { "karpenter.k8s.cloudstack/price": "0.0756" } };
  const tariff = { name: "k8s.c4.m16", usageType: 1, value: 52.56 };

  it("come from the class's table, the file, the offering's detail, the quota plugin, the formula, in this order", () => {
    if (shape === undefined) throw new Error("a fixed offering has one size");
    const table = [{ offering: "k8s.c4.m16", price: "0.05" }];
    const tariffs = [tariff];
    const all = { ...sources, table, filed: 0.06, tariffs };
    expect(priceOf(priced, shape, 10, all)).toEqual({ perHour: 0.05, origin: "table" });
    expect(priceOf(priced, shape, 10, { ...all, table: [] })).toEqual({ perHour: 0.06, origin: "file" });
    expect(priceOf(priced, shape, 10, { ...sources, tariffs })).toEqual({ perHour: 0.0756, origin: "detail" });
    expect(priceOf(fixed, shape, 10, { ...sources, tariffs }).perHour).toBeCloseTo(0.073, 10);
    expect(priceOf(fixed, shape, 10, sources)).toEqual({
      perHour: 4 * 0.04 + 16 * 0.005 + 10 * 0.0001,
      origin: "formula",
    });
  });

  it("tariffs per CPU and MiB price what has none of its own", () => {
    if (shape === undefined) throw new Error("a fixed offering has one size");
    const tariffs = [
      { name: "vCPU", usageType: 16, value: 7.2 },
      { name: "MEMORY", usageType: 17, value: 0.0012 },
    ];
    const { perHour, origin } = priceOf(fixed, shape, 10, { ...sources, tariffs });
    expect([origin, perHour]).toEqual(["quota", (4 * 7.2 + 16_384 * 0.0012) / 720]);
  });

  it("are never 0, and what is no price is passed over", () => {
    if (shape === undefined) throw new Error("a fixed offering has one size");
    const free = { ...fixed, details: { "karpenter.k8s.cloudstack/price": "0" } };
    expect(priceOf(free, shape, 10, sources)).toEqual({ perHour: 0.0001, origin: "detail" });
    const wrong = { ...fixed, details: { "karpenter.k8s.cloudstack/price": "-1" } };
    expect(priceOf(wrong, shape, 10, { ...sources, filed: "cheap" }).origin).toBe("formula");
  });
});
