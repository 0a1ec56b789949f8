import { FakeClock, MemoryLogger } from "@karpenter-multicloud/core/testing";
import { hours } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";

import { parseEndpoint } from "../client/endpoints.ts";
import { trustCertificate } from "../client/trust.ts";
import { startFakeOvh } from "../testing/index.ts";
import type { FakeOvh } from "../testing/index.ts";
import { mergeFlavors } from "./flavor.ts";
import { fetchCatalogue, Pricing } from "./pricing.ts";

const { signal } = new AbortController();
const FLAVORS = mergeFlavors([{ name: "b3-8", category: "b", state: "available", vCPUs: 2, gpus: 0, ramGB: 8 }]);

let fake: FakeOvh;
const clock = new FakeClock();
const logger = new MemoryLogger();
const started = async (): Promise<Pricing> => {
  fake = await startFakeOvh({ clock });
  trustCertificate(fake.caPem ?? "");
  const shop = { endpoint: parseEndpoint(fake.url), subsidiary: "FR" };
  return new Pricing({ clock, logger, random: () => 0, fetch: fetchCatalogue, shop, interval: hours(12) });
};
const price = (pricing: Pricing): number =>
  FLAVORS.map((flavor) => pricing.book.hourly(flavor, "1az").rate.amount)[0] ?? 0;

afterEach(() => fake.close());

describe("pricing", () => {
  it("O-36: starts with the bundled prices and takes the catalogue's when it was read", async () => {
    const pricing = await started();
    expect(pricing.book.source).toBe("bundled");
    fake.outside.setPrice("b3-8.consumption", 0.09);
    await pricing.refresh(signal);
    expect(pricing.book.source).toBe("live");
    expect(price(pricing)).toBeCloseTo(0.09, 9);
    expect(pricing.isDue).toBe(false);
    await clock.advance(hours(12));
    expect(pricing.isDue).toBe(true);
  });

  it("T-61, O-37: keeps the last prices while the catalogue cannot be read, and says so", async () => {
    const pricing = await started();
    await pricing.refresh(signal);
    const before = pricing.version;
    fake.faults([{ match: { path: "/order/catalog/*" }, fault: "status", status: 500 }]);
    await pricing.refresh(signal);
    expect(pricing.version).toBe(before);
    expect(pricing.book.source).toBe("live");
    expect(pricing.failure).toMatch(/500/);
    expect(logger.find("the order catalogue could not be read")).toBeDefined();
  });

  it("O-36: a catalogue that has not changed is not sent again, and counts as read", async () => {
    const pricing = await started();
    await pricing.refresh(signal);
    const { version } = pricing;
    await clock.advance(hours(12));
    await pricing.refresh(signal);
    expect(fake.requestLog().map(({ status }) => status)).toEqual([200, 304]);
    expect([pricing.version, pricing.readAt, pricing.failure]).toEqual([version, clock.now(), undefined]);
  });

  it("O-35: the list of another subsidiary, in its own currency, takes the place of the whole one", async () => {
    const pricing = await started();
    await pricing.refresh(signal);
    pricing.use({ endpoint: parseEndpoint(fake.url), subsidiary: "FR" });
    expect(pricing.isDue).toBe(false);
    pricing.use({ endpoint: parseEndpoint(fake.url), subsidiary: "CA" });
    expect(pricing.isDue).toBe(true);
    await pricing.refresh(signal);
    expect([pricing.book.currency, pricing.isDue]).toEqual(["CAD", false]);
  });

  it("sends no credentials with it", async () => {
    const pricing = await started();
    await pricing.refresh(signal);
    expect(fake.requestLog().at(-1)).toMatchObject({
      path: "/1.0/order/catalog/public/cloud",
      query: expect.stringContaining("FR"),
    });
    expect(fake.requestLog().at(-1)?.auth).not.toBe("signed");
  });
});
