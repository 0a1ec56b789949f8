import { Label } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";
import { describe, expect, it } from "vitest";

import { MksClient } from "../client/mks-client.ts";
import { OvhApiError } from "../client/ovh-api.ts";
import type { OvhApi } from "../client/ovh-api.ts";
import { findZones } from "./zones.ts";
import type { RegionZones } from "./zones.ts";

const { signal } = new AbortController();
const api = (answers: Readonly<Record<string, unknown>>): OvhApi => ({
  call: (method, { route }) => {
    const data = Object.entries(answers).find(([part]) => route.includes(part))?.[1];
    if (data !== undefined) return Promise.resolve({ status: 200, data });
    const facts = { method, route, status: 403, errorCode: "NOT_GRANTED_CALL", said: "no", outcomeUnknown: false };
    return Promise.reject(new OvhApiError(facts));
  },
});
const node = (region: string, zone: string): Node => ({
  metadata: { labels: { [Label.Region]: region, [Label.Zone]: zone } },
});
const zones = (
  region: string,
  answers: Readonly<Record<string, unknown>> = {},
  nodes: readonly Node[] = [],
  defaultZone?: string,
): Promise<RegionZones> => {
  const access = { mks: new MksClient(api(answers), "p"), kubeId: "k", subsidiary: "FR", denied: new Set<string>() };
  return findZones(
    { access, region, subsidiary: "FR", nodes, ...(defaultZone === undefined ? {} : { defaultZone }) },
    signal,
  );
};

describe("the zones of a region", () => {
  it("O-30: are what the region says", async () => {
    const told = { name: "EU-X", type: "region-3-az", availabilityZones: ["eu-x-b", "eu-x-a", "EU-X-C"] };
    expect(await zones("EU-X", { "/region/": told })).toEqual({
      place: "3az",
      regionType: "region-3-az",
      zones: ["eu-x-a", "eu-x-b", "eu-x-c"],
    });
    expect(
      (await zones("GRA11", { "/region/": { name: "GRA11", type: "region", availabilityZones: [] } })).zones,
    ).toEqual(["nova"]);
  });

  it("O-30: or what the products' availability says", async () => {
    const region = { name: "EU-X", type: "region-3-az", availabilityZones: ["eu-x-a", "eu-x-b", "eu-x-c"] };
    const told = { products: [{ name: "kubernetes", regions: [region] }] };
    expect((await zones("EU-X", { productAvailability: told })).zones).toHaveLength(3);
  });

  it("O-30: or, without these rights, what is known of the region and seen on nodes", async () => {
    expect((await zones("EU-SOUTH-MIL")).zones).toEqual(["eu-south-mil-a", "eu-south-mil-b", "eu-south-mil-c"]);
    expect((await zones("EU-NEW", {}, [node("EU-NEW", "eu-new-a")])).place).toBe("3az");
    expect(await zones("EU-NEW")).toMatchObject({ place: "1az", zones: ["nova"] });
  });

  it("T-49, O-31: a one-AZ region's nodes show their zone, and the setting wins over them", async () => {
    const seen = [node("GRA9", "gra9-a"), node("GRA9", "gra9-a"), node("GRA9", "nova"), node("SBG5", "x")];
    expect((await zones("GRA9", {}, seen)).zones).toEqual(["gra9-a"]);
    expect((await zones("GRA9", {}, seen, "mine")).zones).toEqual(["mine"]);
  });
});
