import { describe, expect, it } from "vitest";

import { OVH_VARIABLES } from "./settings-list.ts";
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
      OVH_TRANSPORT: "carrier-pigeon",
      OVH_DELETE_MODE: "all",
      OVH_ADOPT_REPLACEMENTS: "true",
      OVH_APPLICATION_KEY: "only",
    };
    expect(() => ovhSettings(wrong)).toThrow(
      /7 settings are wrong[\s\S]*OVH_TRANSPORT=carrier-pigeon: is none of the possible values; use node-ovh or native/,
    );
  });

  it("take keys from the environment, and prices can be left alone", () => {
    const keys = { OVH_APPLICATION_KEY: "a", OVH_APPLICATION_SECRET: "b", OVH_CONSUMER_KEY: "c" };
    const settings = ovhSettings({ ...keys, OVH_PRICING_INTERVAL: "off" });
    expect(settings.credentials).toEqual({
      kind: "application-keys",
      applicationKey: "a",
      applicationSecret: "b",
      consumerKey: "c",
    });
    expect(settings).not.toHaveProperty("pricingInterval");
  });

  it("are all on the reference page, and nothing else is", () => {
    const read = new Set<string>(["OVH_APPLICATION_KEY", "OVH_APPLICATION_SECRET", "OVH_CONSUMER_KEY"]);
    for (const name of ["OVH_CLIENT_ID", "OVH_CLIENT_SECRET", "OVH_ACCESS_TOKEN"]) read.add(name);
    const asked = (_: object, name: string): string | undefined => {
      if (name.startsWith("OVH_")) read.add(name);
      return name === "OVH_MAX_NODES_PER_CLUSTER" ? "7" : undefined;
    };
    ovhSettings(new Proxy({}, { get: asked as ProxyHandler<object>["get"] & {} }));
    expect([...read].toSorted()).toEqual(OVH_VARIABLES.map(({ name }) => name).toSorted());
  });

  it("O-1: notice a proxy in either spelling", () => {
    expect(ovhSettings({}).transport).toEqual({ proxied: false });
    expect(ovhSettings({ https_proxy: "http://proxy:3128" }).transport).toEqual({ proxied: true });
    const forced = { HTTPS_PROXY: "http://proxy:3128", OVH_TRANSPORT: "node-ovh" };
    expect(ovhSettings(forced).transport).toEqual({ proxied: true, forced: "node-ovh" });
  });
});
