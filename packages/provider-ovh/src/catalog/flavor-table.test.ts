import { describe, expect, it } from "vitest";
import { SEED_FLAVORS } from "../testing/index.ts";
import { FLAVOR_TABLE, flavorFacts, mksReservation } from "./flavor-table.ts";

describe("flavor table", () => {
  it.each([
    ["c3-8", 4, 8, 100],
    ["r3-32", 4, 32, 100],
    ["b3-8", 2, 8, 50],
    ["t1-45", 8, 45, 400],
    ["t2-45", 15, 45, 400],
  ])("S-26: %s has %i vCPUs, %i GB of memory, %i GB of disk", (name, vCPUs, ramGB, diskGB) => {
    expect(flavorFacts(name)).toMatchObject({ vCPUs, ramGB, diskGB });
  });

  it.each([
    ["b3-16", 170, 30],
    ["b2-7", 160, 22],
    ["b2-30", 190, 43],
    ["b2-120", 310, 66],
  ])("O-19a: MKS keeps %im CPU of %s", (name, cpuMilli, storageGB) => {
    expect(flavorFacts(name)?.mksReserved).toEqual({ cpuMilli, memoryMB: 1590, storageGB });
  });

  it("O-19a: reserves no storage of a disk of unknown size", () => {
    expect(mksReservation(2, undefined)).toEqual({ cpuMilli: 160, memoryMB: 1590 });
    expect(flavorFacts("h200-1920")).not.toHaveProperty("diskGB");
  });

  it("O-34: monthly billing is for b2, c2, r2 and the larger d2 only, plan codes exist for more", () => {
    const families = new Set(FLAVOR_TABLE.filter(({ monthlyInMks }) => monthlyInMks).map(({ family }) => family));
    expect([...families]).toEqual(["b2", "c2", "r2", "d2"]);
    expect(flavorFacts("d2-2")?.monthlyInMks).toBe(false);
    expect(flavorFacts("i1-45")).toMatchObject({
      monthlyInMks: false,
      planCodes: { hourly: "i1-45.consumption", monthly: "i1-45.monthly.postpaid" },
    });
    expect(flavorFacts("b3-8")?.planCodes).toEqual({ hourly: "b3-8.consumption", hourly3Az: "b3-8.consumption.3AZ" });
  });

  it("has a price for each of 75 flavors and a GPU model exactly where there are GPUs", () => {
    expect(FLAVOR_TABLE).toHaveLength(75);
    expect(FLAVOR_TABLE.filter(({ hourlyEUR }) => !(hourlyEUR > 0))).toEqual([]);
    expect(FLAVOR_TABLE.filter(({ gpus, gpu }) => gpus > 0 !== (gpu !== undefined))).toEqual([]);
  });

  it("agrees with what the fake API sells", () => {
    const sold = SEED_FLAVORS.map(({ name, category, vCPUs, ramGB, gpus, hourlyEUR, monthlyEUR, monthlyPools }) => {
      return [name, category, vCPUs, ramGB, gpus, hourlyEUR, monthlyEUR, monthlyPools && name !== "d2-2"];
    });
    const known = FLAVOR_TABLE.map(({ name, category, vCPUs, ramGB, gpus, hourlyEUR, monthlyEUR, monthlyInMks }) => {
      return [name, category, vCPUs, ramGB, gpus, hourlyEUR, monthlyEUR, monthlyInMks];
    });
    expect(sold).toEqual(known);
  });
});
