import { describe, expect, it } from "vitest";

import { ovhSettings } from "./settings.ts";

describe("the settings from the environment", () => {
  it("have the documented defaults", () => {
    expect(ovhSettings({})).toMatchObject({
      endpoint: "ovh-eu",
      pace: { perSecond: 5, burst: 10, maxInFlight: 4 },
      maxPools: 100,
      maxNodesPerPool: 100,
      emptyPoolTtl: 600_000,
      surplusTtl: 600_000,
      cancelPending: true,
      deletingIsGone: true,
      adoptLegacyPools: false,
      repairToleration: 1_500_000,
      memoryOverhead: 0.05,
      pricingInterval: 43_200_000,
      monthlyFamilies: ["b2", "c2", "r2", "d2"],
    });
  });

  it("name every mistake at once, with what to do", () => {
    const wrong = {
      OVH_SERVICE_NAME: "my-project",
      OVH_QPS: "fast",
      OVH_EMPTY_POOL_TTL: "soon",
      OVH_TRANSPORT: "native",
      OVH_DELETE_MODE: "node",
      OVH_ADOPT_REPLACEMENTS: "true",
      OVH_APPLICATION_KEY: "only",
    };
    expect(() => ovhSettings(wrong)).toThrow(
      /7 settings are wrong[\s\S]*OVH_TRANSPORT=native: this transport is not available; leave it out or use node-ovh/,
    );
  });

  it("take keys from the environment, and prices can be left alone", () => {
    const keys = { OVH_APPLICATION_KEY: "a", OVH_APPLICATION_SECRET: "b", OVH_CONSUMER_KEY: "c" };
    const settings = ovhSettings({ ...keys, OVH_PRICING_INTERVAL: "off" });
    expect(settings.credentials).toEqual({ applicationKey: "a", applicationSecret: "b", consumerKey: "c" });
    expect(settings).not.toHaveProperty("pricingInterval");
  });
});
