import { MemoryLogger } from "@karpenter-multicloud/core/testing";
import { Label } from "@karpenter-multicloud/core/api";
import { UnavailableOfferings } from "@karpenter-multicloud/core/provider";
import { expect, it } from "vitest";

import { parseType } from "../client/wire.ts";
import type { WireType } from "../client/wire.ts";
import { InstanceTypeCatalog } from "./instance-types.ts";

const GIB = 1024 ** 3;

function type(over: Readonly<Record<string, unknown>>): WireType {
  return parseType("POP2-2C-8G", { arch: "x86_64", ncpus: 2, ram: 8 * GIB, hourly_price: 0.1, ...over });
}

it("W-3: where zones differ, the smallest of each size is promised, another architecture is left out, and it is told once", () => {
  const logger = new MemoryLogger();
  const catalog = new InstanceTypeCatalog(logger);
  const listings = {
    "fr-par-1": type({ ncpus: 4, ram: 8 * GIB }),
    "fr-par-2": type({ ncpus: 2, ram: 16 * GIB }),
    "fr-par-3": type({ arch: "arm64" }),
  };
  const zones = Object.entries(listings).map(([zone, sold]) => ({
    zone,
    types: new Map([[sold.name, sold]]),
    stock: new Map<string, string>(),
  }));
  const image = { id: "x86", arch: "x86_64", type: "instance_sbs", compatibleTypes: undefined };
  const terms = [{ byId: true, candidates: [image, { ...image, id: "arm", arch: "arm64" }] }];
  const input = {
    spec: {},
    classKey: "default",
    resolved: {
      version: "1",
      projectId: "project",
      dropped: [],
      zones: zones.map(({ zone }) => ({ zone, region: "fr-par", terms, privateNetworkIds: [] })),
    },
    catalogue: { version: "1", zones },
    unavailable: new UnavailableOfferings(() => 0),
    memoryOverhead: 0,
    minMemory: 0,
    withScalewayGpu: false,
    priceRootVolumeGbHour: 0,
    pricePublicIpv4Hour: 0,
  };
  const [made, ...others] = catalog.of(input).items;
  expect(others).toEqual([]);
  expect(made?.capacity).toMatchObject({ cpu: 2000, memory: 8 * GIB });
  expect(made?.offerings.map(({ requirements }) => requirements.get(Label.Zone).any())).toEqual([
    "fr-par-1",
    "fr-par-2",
  ]);
  catalog.of({ ...input, catalogue: { version: "2", zones } });
  expect(logger.messages("warn")).toEqual(["zones tell different sizes of one server type: the smallest is taken"]);
});
