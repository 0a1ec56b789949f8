import { Label } from "@karpenter-multicloud/core/api";
import type { InstanceType } from "@karpenter-multicloud/core/provider";
import { afterEach, describe, expect, it } from "vitest";

import { SCALEWAY_GPU, ScalewayLabel } from "../api/labels.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import { SEED_TYPES } from "../testing/index.ts";
import { typeMeant } from "./aliases.ts";
import { familyOf } from "./type-selection.ts";

let bench: Bench;
afterEach(() => bench.close());

const start = async (options: BenchOptions = {}): Promise<void> => {
  bench = await Bench.start(options);
};
const priceIn = (type: InstanceType | undefined, zone: string): number | undefined =>
  type?.offerings.find(({ requirements }) => requirements.get(Label.Zone).has(zone))?.price?.amount;
const label = (type: InstanceType | undefined, key: string): string => type?.requirements.get(key).toString() ?? "";
const openZones = (type: InstanceType | undefined): readonly string[] =>
  (type?.offerings ?? [])
    .filter(({ availability }) => availability.available)
    .map(({ requirements }) => requirements.get(Label.Zone).any());
const capacityTypes = (type: InstanceType | undefined): readonly string[] => [
  ...new Set(type?.offerings.map(({ requirements }) => requirements.get(Label.CapacityType).any())),
];
const wish = (values: readonly string[]) => [{ key: Label.CapacityType, operator: "In" as const, values: [...values] }];

describe("discovery (W-1 to W-4)", () => {
  it("T-12: 136 types of fr-par-1 come in two pages of 100", async () => {
    await start({ spec: { zones: ["fr-par-1"] } });
    const pages = bench.fake.requestLog().filter(({ operation }) => operation === "listServerTypes");
    expect(pages.map(({ query }) => query)).toEqual(["per_page=100&page=1", "per_page=100&page=2"]);
    const names = (await bench.types()).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["L4-1-24G", "POP2-2C-8G", "PRO2-XXS", "RENDER-S", "STANDARD3-X2C-8G"]),
    );
  });

  it("T-13: a catalogue that ends short is an error, and the one before stays in use", async () => {
    await start();
    const before = await bench.types();
    bench.fake.switches.truncateLists = true;
    await bench.pass(61 * 60_000);
    expect((await bench.types()).map(({ name }) => name)).toEqual(before.map(({ name }) => name));
    expect(bench.logger.find("using the last known server types")?.level).toBe("warn");
  });

  it("T-14, T-15: prices are those of the zone, never computed from another one's", async () => {
    await start({ spec: { zones: ["fr-par-1", "fr-par-3"] } });
    expect(priceIn(await bench.type("PRO2-XXS"), "fr-par-1")).toBe(0.0561);
    expect(priceIn(await bench.type("PRO2-XXS"), "fr-par-3")).toBe(0.08415);
    expect(priceIn(await bench.type("POP2-6C-24G"), "fr-par-3")).toBe(0.3308);
  });

  it("T-16: a shortage closes one zone and leaves the other open", async () => {
    await start();
    bench.fake.outside.setAvailability("L4-2-24G", "fr-par-1", "shortage");
    bench.fake.outside.setAvailability("L4-2-24G", "fr-par-2", "available");
    await bench.pass(61_000);
    expect(openZones(await bench.type("L4-2-24G"))).toEqual(["fr-par-2"]);
    const claim = await bench.launch("two-gpus", { types: ["L4-2-24G"], requests: { "nvidia.com/gpu": "2" } });
    expect(claim.status?.providerID).toContain("scaleway://instance/fr-par-2/");
  });

  it("T-17: without an answer about availability for ten minutes everything counts as available", async () => {
    await start({ spec: { zones: ["fr-par-2"] } });
    expect(openZones(await bench.type("B300-SXM-2-288G"))).toEqual([]);
    bench.fake.faults([{ match: { operation: "listAvailability" }, fault: "status", status: 500 }]);
    await bench.pass(2 * 60_000);
    expect(openZones(await bench.type("B300-SXM-2-288G"))).toEqual([]);
    await bench.pass(10 * 60_000);
    expect(openZones(await bench.type("B300-SXM-2-288G"))).toEqual(["fr-par-2"]);
  });

  it("T-18: types that end and Windows types are left out; allowEndOfService brings back the first kind only", async () => {
    await start({ spec: { zones: ["fr-par-1"] } });
    bench.fake.outside.setEndOfService("GP1-XS", "fr-par-1", true);
    await bench.pass(61 * 60_000);
    const names = (await bench.types()).map(({ name }) => name);
    expect(names.filter((name) => name === "GP1-XS" || name.endsWith("-WIN"))).toEqual([]);
    expect(names.filter((name) => name === "START1-S" || name === "POP2-2C-8G-WIN")).toEqual([]);
    await bench.putClass("old", { zones: ["fr-par-1"], instanceTypeSelector: { allowEndOfService: true } });
    await bench.pass(5_000);
    expect((await bench.nodeClass("old")).status?.instanceTypeCount).toBe(names.length + endingIn("fr-par-1") + 1);
  });

  it("T-18: START1-S is there for a class that takes types without a future; POP2-2C-8G-WIN is not", async () => {
    await start({ spec: { zones: ["fr-par-1"], instanceTypeSelector: { allowEndOfService: true } } });
    const names = (await bench.types()).map(({ name }) => name);
    expect(names).toContain("START1-S");
    expect(names.filter((name) => name.endsWith("-WIN"))).toEqual([]);
  });

  it("W-1: after a day without a list of types the class says so", async () => {
    await start({ spec: { zones: ["fr-par-1"] }, env: { SCW_CATALOG_TTL: "2h", SCW_AVAILABILITY_TTL: "6h" } });
    bench.fake.faults([{ match: { operation: "listServerTypes" }, fault: "status", status: 500 }]);
    await bench.pass(23 * 3600_000);
    expect(await bench.condition("InstanceTypesReady")).toMatch(/^True/);
    await bench.pass(2 * 3600_000);
    expect(await bench.condition("InstanceTypesReady")).toMatch(/^False CatalogueTooOld: /);
    bench.fake.faults([]);
    await bench.pass(10 * 60_000);
    expect(await bench.condition("InstanceTypesReady")).toMatch(/^True/);
  }, 600_000);

  it("T-23: the cheapest type for a small pod is one whose allocatable memory suffices; STARDUST1-S never is", async () => {
    await start({ spec: { zones: ["fr-par-1"] } });
    expect(await bench.type("STARDUST1-S")).toBeUndefined();
    const claim = await bench.launch("small", {
      types: ["DEV1-S", "DEV1-M", "STARDUST1-S"],
      requests: { cpu: "1", memory: "1Gi" },
    });
    expect(claim.metadata.labels?.[Label.InstanceType]).toBe("DEV1-M");
  });

  it("T-24: include and exclude are patterns", async () => {
    await start({ spec: { instanceTypeSelector: { include: ["POP2-*"], exclude: ["POP2-HN-*"] } } });
    const families = new Set((await bench.types()).map(({ name }) => familyOf(name)));
    expect([...families].toSorted()).toEqual(["POP2", "POP2-HC", "POP2-HM"]);
  });

  it("T-25: it-mil-1 is a zone like any other", async () => {
    await start({ spec: { zones: ["it-mil-1"] } });
    const [type] = await bench.types();
    expect(label(type, Label.Region)).toContain("it-mil");
    expect(await bench.condition("Ready")).toContain("True");
  });

  it("T-26, W-12: a type nobody knew yesterday is offered without a release", async () => {
    const [some] = SEED_TYPES.filter(({ name }) => name === "PRO2-S");
    if (some === undefined) throw new Error("PRO2-S is not on sale");
    await start({ fake: { extraTypes: [{ ...some, name: "FOO9-X2C-8G" }] } });
    const plain = await bench.type("FOO9-X2C-8G");
    expect(priceIn(plain, "fr-par-1")).toBe(0.22338);
    expect(label(plain, ScalewayLabel.Family)).toContain("FOO9");
  });

  it("T-27: a local root volume drops types whose disks are too small, and those without any", async () => {
    await start({ spec: { zones: ["fr-par-1"], rootVolume: { type: "local", size: "40G" } } });
    const names = (await bench.types()).map(({ name }) => name);
    expect(names).toContain("GP1-XS");
    expect(names.filter((name) => name === "DEV1-S" || name === "PLAY2-PICO")).toEqual([]);
  });
});

describe("what types say of themselves (W-5, W-6)", () => {
  it("T-19: L40S-1-48G", async () => {
    await start();
    const type = await bench.type("L40S-1-48G");
    expect(type?.capacity).toMatchObject({ cpu: 8000, memory: 90_931 * 1024 ** 2, "nvidia.com/gpu": 1, pods: 110 });
    expect(label(type, ScalewayLabel.GpuName)).toContain("l40s");
    expect(label(type, ScalewayLabel.GpuMemory)).toContain("49152");
    expect(label(type, ScalewayLabel.Bandwidth)).toContain("2500");
    expect(label(type, ScalewayLabel.Scratch)).toContain("1600");
    expect(label(type, ScalewayLabel.LocalSsd)).toContain("DoesNotExist");
  });

  it("T-20, T-21: H100-SXM and B300-SXM", async () => {
    await start({ spec: { zones: ["fr-par-2"] } });
    const hopper = await bench.type("H100-SXM-2-80G");
    expect(label(hopper, ScalewayLabel.GpuName)).toContain("h100-sxm");
    expect(label(hopper, ScalewayLabel.GpuCount)).toContain("2");
    expect(label(hopper, ScalewayLabel.GpuMemory)).toContain("81920");
    const blackwell = await bench.type("B300-SXM-2-288G");
    expect(label(blackwell, ScalewayLabel.GpuMemory)).toContain("294912");
    expect(priceIn(blackwell, "fr-par-2")).toBe(18.96);
  });

  it("T-22: an arm64 type boots an arm64 image", async () => {
    await start();
    expect(label(await bench.type("BASIC2-A2C-4G"), Label.Arch)).toContain("arm64");
    const amd64 = [{ key: Label.Arch, operator: "In" as const, values: ["amd64"] }];
    const refusal = await bench.refusal("amd", { types: ["BASIC2-A2C-4G"], requirements: amd64 });
    expect(refusal.name).toBe("InsufficientCapacity");
    const claim = await bench.launch("arm", { types: ["BASIC2-A2C-4G"] });
    const [server] = bench.fake.state().servers;
    expect(server?.["image"]).toMatchObject({ id: claim.status?.imageID, arch: "arm64" });
  });
});

describe("the older controller's words (§5)", () => {
  it("T-07, T-09: without being named scaleway-gpu is not offered, and spot never is", async () => {
    await start();
    expect(capacityTypes(await bench.type("L4-1-24G", wish(["on-demand"])))).toEqual(["on-demand"]);
    expect((await bench.refusal("spot", { types: ["L4-1-24G"], capacityTypes: ["spot"] })).message).toContain(
      "Scaleway has no spot machines",
    );
  });

  it("T-08, W-23: with it GPU types get a second offering of the same price, and CPU types do not", async () => {
    await start();
    const asked = wish([SCALEWAY_GPU]);
    expect(capacityTypes(await bench.type("L4-1-24G", asked))).toEqual([SCALEWAY_GPU, "on-demand"]);
    expect(capacityTypes(await bench.type("PRO2-S", asked))).toEqual(["on-demand"]);
    const all = (await bench.types()).map(({ name }) => name);
    const claim = await bench.launch("gpu", { types: all, capacityTypes: [SCALEWAY_GPU] });
    expect(claim.metadata.labels).toMatchObject({
      [Label.InstanceType]: "L4-1-24G",
      [Label.CapacityType]: SCALEWAY_GPU,
      "karpenter.sh/instance-type": "l4",
    });
  });

  it("T-03, T-04, T-06, W-20: aliases mean types in any case; the table has each spelling", async () => {
    await start();
    const { normalizedValues = {}, normalizedLabels } = bench.provider.settings();
    const values = normalizedValues[Label.InstanceType] ?? {};
    expect(normalizedLabels).toEqual({ "karpenter.sh/instance-type": Label.InstanceType });
    expect(["L40s", "l40s", "L40S"].map((text) => values[text])).toEqual(Array(3).fill("L40S-1-48G"));
    expect([values["3070"], values["GPU-L4-S"]]).toEqual(["GPU-3070-S", "L4-1-24G"]);
    expect(typeMeant({}, "L4-2-24G")).toBe("L4-2-24G");
    expect((await bench.refusal("gone", { types: ["GPU-3070-S"] })).message).toContain("GPU-3070-S");
  });
});

function endingIn(zone: string): number {
  const ending = SEED_TYPES.filter(({ zones }) => zones.some((each) => each.zone === zone && each.endOfService));
  return ending.filter(({ name, ramBytes }) => !name.endsWith("-WIN") && ramBytes >= 2 * 1024 ** 3).length;
}
