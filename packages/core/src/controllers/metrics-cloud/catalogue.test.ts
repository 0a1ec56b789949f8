// Scenarios of docs/reference/upstream-parity.md: E-199.

import { afterEach, describe, expect, it } from "vitest";
import { NodePools } from "../../api/index.ts";
import type { InstanceType, InstanceTypes } from "../../provider/index.ts";
import { PromMetrics, silentMetrics, type Metrics } from "../../telemetry/index.ts";
import { aNodePool, anInstanceType, anOffering } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { FakeProvider } from "../../testing/fake-provider.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { Catalogue } from "./catalogue.ts";

const { signal } = new AbortController();
const PRICE = "karpenter_cloudprovider_instance_type_offering_price_estimate";
const AVAILABLE = "karpenter_cloudprovider_instance_type_offering_available";
const CORES = "karpenter_cloudprovider_instance_type_cpu_cores";

let harness: ControllerHarness;
afterEach(() => harness.stop());

/** A cloud whose list changes. */
class Selling extends FakeProvider {
  selling: InstanceTypes = { version: "0", items: [] };
  override async getInstanceTypes(): Promise<InstanceTypes> {
    return this.selling;
  }
}

async function shop(observed?: Metrics): Promise<{
  readonly sell: (list: InstanceTypes) => Promise<readonly InstanceType[]>;
  readonly metrics: PromMetrics;
  readonly catalogue: Catalogue;
}> {
  const metrics = new PromMetrics();
  harness = new ControllerHarness({ metrics: observed ?? metrics });
  await harness.put(NodePools, aNodePool());
  const catalogue = new Catalogue(harness.deps);
  await harness.start();
  const selling = new Selling([]);
  const provider = catalogue.seenThrough(selling, "test");
  const sell = async (list: InstanceTypes): Promise<readonly InstanceType[]> => {
    selling.selling = list;
    return (await provider.getInstanceTypes(aNodePool(), { signal })).items;
  };
  return { sell, metrics, catalogue };
}

describe("catalogue", () => {
  it("M-32: shows what each type has, and what it costs where", async () => {
    const { sell, metrics } = await shop();
    const offerings = [
      anOffering({ zone: "z1", price: 0.2 }),
      anOffering({ zone: "z1", price: 0.1, available: "sold out", labels: { "test/reservation": "r1" } }),
      anOffering({ zone: "z2", price: null, available: "sold out" }),
    ];
    await sell({ version: "1", items: [anInstanceType({ name: "m.4", cpu: "3500m", memory: "1Gi", offerings })] });
    expect(await promSeries(metrics, CORES)).toEqual(['{instance_type="m.4"} 3.5']);
    expect(await promSeries(metrics, "karpenter_cloudprovider_instance_type_memory_bytes")).toEqual([
      '{instance_type="m.4"} 1073741824',
    ]);
    expect(await promSeries(metrics, PRICE)).toEqual(['{instance_type="m.4",capacity_type="on-demand",zone="z1"} 0.1']);
    expect(await promSeries(metrics, AVAILABLE)).toEqual([
      '{instance_type="m.4",capacity_type="on-demand",zone="z1"} 1',
      '{instance_type="m.4",capacity_type="on-demand",zone="z2"} 0',
    ]);
  });

  it("M-32: types that are no longer sold go, with all their offerings", async () => {
    const { sell, metrics } = await shop();
    await sell({ version: "1", items: [anInstanceType({ name: "a" }), anInstanceType({ name: "b" })] });
    await sell({ version: "2", items: [anInstanceType({ name: "b", offerings: [] })] });
    expect(await promSeries(metrics, CORES)).toEqual(['{instance_type="b"} 4']);
    expect(await promSeries(metrics, PRICE)).toEqual([]);
  });

  it("M-32: only types that are others than before are described anew", async () => {
    const described: string[] = [];
    const { sell } = await shop({
      ...silentMetrics,
      hold: (name, object) => void (name === CORES && described.push(object)),
    });
    const same = anInstanceType({ name: "same" });
    await sell({ version: "1", items: [same, anInstanceType({ name: "other" })] });
    await sell({ version: "2", items: [same, anInstanceType({ name: "other" })] });
    expect(described).toEqual(["same", "other", "other"]);
  });

  it("users-want 26: a price of nothing is no price, except for what is reserved", async () => {
    const { sell } = await shop();
    const sound = anInstanceType({ name: "sound" });
    const prices = [0, -1, Number.NaN, 0.1].map((price, index) => anOffering({ zone: `z${index}`, price }));
    const reserved = anOffering({ zone: "z9", capacityType: "reserved", price: 0 });
    const holey = anInstanceType({ name: "gaps", offerings: [...prices, reserved] });
    const [gaps, same] = await sell({ version: "1", items: [holey, sound] });
    expect(gaps?.offerings.map(({ price }) => price?.amount)).toEqual([undefined, undefined, undefined, 0.1, 0]);
    expect(same).toBe(sound);
  });

  it("an unchanged list stays the same list, so that others may compare it", async () => {
    const { sell } = await shop();
    const items = { version: "1", items: [anInstanceType({ offerings: [anOffering({ price: 0 })] })] };
    const first = await sell(items);
    expect(first[0]?.offerings[0]?.price).toBeUndefined();
    expect(await sell(items)).toBe(first);
  });

  it("a list is remembered with its age", async () => {
    const { sell, catalogue } = await shop();
    expect(catalogue.listing("default", 0)).toBeUndefined();
    await sell({ version: "1", items: [anInstanceType()] });
    const now = harness.clock.now();
    expect(catalogue.listing("default", now - 1)).toHaveLength(1);
    expect(catalogue.listing("default", now)).toBeUndefined();
    expect(catalogue.listing("other", 0)).toBeUndefined();
  });

  it("S-702: prices in another currency than the first count as missing, and that is said once", async () => {
    const { sell } = await shop();
    const message = "prices in another currency than the first of the nodepool count as missing";
    const told = () => harness.logger.messages("warn").filter((text) => text === message).length;
    const dollars = anOffering({ zone: "z2", price: 0.05, currency: "USD" });
    const first = anInstanceType({ name: "a", offerings: [anOffering({ zone: "z1", price: null })] });
    const mixed = anInstanceType({ name: "b", offerings: [anOffering({ zone: "z1" }), dollars] });
    const euros = anInstanceType({ name: "c" });
    const sold = await sell({ version: "1", items: [first, mixed, euros] });
    expect(sold[1]?.offerings.map(({ price }) => price)).toEqual([{ amount: 0.1, currency: "EUR" }, undefined]);
    expect([sold[0], sold[2]]).toEqual([first, euros]);
    expect(harness.logger.find(message)?.fields).toMatchObject({
      NodePool: "default",
      currency: "EUR",
      offerings: ["b in z2, on-demand, 0.0500 USD/h"],
      count: 1,
    });
    await sell({ version: "2", items: [first, mixed, euros] });
    expect(told()).toBe(1);
    await sell({ version: "3", items: [first, euros] });
    await sell({ version: "4", items: [first, mixed, euros] });
    expect(told()).toBe(2);
  });

  it("a price of nothing does not say in which currency the pool pays", async () => {
    const { sell } = await shop();
    const free = anInstanceType({ name: "a", offerings: [anOffering({ price: 0, currency: "USD" })] });
    const [, kept] = await sell({ version: "1", items: [free, anInstanceType({ name: "b" })] });
    expect(kept?.offerings[0]?.price).toEqual({ amount: 0.1, currency: "EUR" });
    expect(harness.logger.messages("warn")).toEqual([]);
  });
});
