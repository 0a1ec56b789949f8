import { describe, expect, it } from "vitest";
import { Label, type NodeClaim } from "../../api/index.ts";
import { anInstanceType, aNodeClaim, aNodePool, anOffering, TEST_CLASS } from "../../testing/builders/index.ts";
import { FakeProvider } from "../../testing/fake-provider.ts";
import {
  addResources,
  allocatableFrom,
  hours,
  minutes,
  seconds,
  subtractResources,
  type Duration,
  type Resources,
} from "../../units/index.ts";
import type { CloudProvider } from "../cloud-provider.ts";
import type { InstanceType } from "../instance-type.ts";
import { LearnedMachines } from "./learned-machines.ts";
import { kindOfMachine, learnedProvider } from "./learned-provider.ts";

const context = { signal: new AbortController().signal };
const KIND = kindOfMachine(TEST_CLASS, "m.4");
const PROMISED = { cpu: "4", memory: "16Gi", pods: "110", "ephemeral-storage": "100Gi" };
const FLAGS = { registrationTimeout: minutes(15), initializationTimeout: 0 as Duration };

interface World {
  readonly provider: FakeProvider;
  readonly learned: LearnedMachines;
  readonly cloud: CloudProvider;
}

function world(type: InstanceType = anInstanceType(), flags = FLAGS): World {
  const provider = new FakeProvider([type, anInstanceType({ name: "other" })]);
  const learned = new LearnedMachines(() => 0);
  return { provider, learned, cloud: learnedProvider(provider, learned, flags) };
}

function see({ learned }: World, allocatable: Readonly<Record<string, string>>): void {
  const seen = allocatableFrom({ ...PROMISED, ...allocatable });
  learned.observe(KIND, "v1.34.1", { capacity: allocatableFrom(PROMISED), allocatable: seen });
}

function comeTwice({ learned }: World): void {
  for (const at of [1000, 2000]) learned.booted(KIND, { at, toRegistered: 100, toInitialized: 200 });
}

async function usable({ cloud }: World): Promise<Resources> {
  const [type] = (await cloud.getInstanceTypes(aNodePool(), context)).items;
  if (!type) throw new Error("no type");
  const { kubeReserved, systemReserved, evictionThreshold } = type.overhead;
  return subtractResources(type.capacity, addResources(kubeReserved, systemReserved, evictionThreshold));
}

describe("instance types", () => {
  it("are the provider's own while no machine was smaller than promised", async () => {
    const all = world();
    const list = await all.provider.getInstanceTypes(aNodePool());
    see(all, {});
    see(all, { memory: "17Gi" });
    const seen = await all.cloud.getInstanceTypes(aNodePool(), context);
    expect(seen).toEqual(list);
    expect(seen.items[0]).toBe(list.items[0]);
  });

  it("O-19: have no more for pods than a machine of theirs had", async () => {
    const type = anInstanceType({ kubeReserved: { cpu: "100m", memory: "1Gi" } });
    const overhead = { ...type.overhead, evictionThreshold: allocatableFrom({ memory: "100Mi" }) };
    const all = world({ ...type, overhead });
    see(all, { memory: "14Gi" });
    expect(await usable(all)).toEqual(allocatableFrom({ ...PROMISED, cpu: "3900m", memory: "14Gi" }));
    see(all, { cpu: "3" });
    expect(await usable(all)).toEqual(allocatableFrom({ ...PROMISED, cpu: "3", memory: "14Gi" }));
  });

  it("O-19: have more memory and storage than promised once two machines had it, never more cpu or pods, and never a quarter more", async () => {
    const all = world();
    see(all, { memory: "17Gi", "ephemeral-storage": "110Gi", cpu: "5", pods: "200" });
    expect(await usable(all)).toEqual(allocatableFrom(PROMISED));
    comeTwice(all);
    expect(await usable(all)).toEqual(allocatableFrom({ ...PROMISED, memory: "17Gi", "ephemeral-storage": "110Gi" }));
    see(all, { memory: "16500Mi" });
    expect((await usable(all))["memory"]).toBe(16_500 * 1024 ** 2);
    const odd = world();
    comeTwice(odd);
    see(odd, { memory: "32Gi" });
    expect(await usable(odd)).toEqual(allocatableFrom(PROMISED));
  });

  it("S-502: huge pages are taken off once", async () => {
    const all = world(anInstanceType({ capacity: { "hugepages-2Mi": "2Gi" } }));
    see(all, { memory: "13Gi" });
    expect((await usable(all))["memory"]).toBe(15 * 1024 ** 3);
  });

  it("change their version with what is learned, and are the same objects between two changes", async () => {
    const all = world();
    see(all, { memory: "14Gi" });
    const first = await all.cloud.getInstanceTypes(aNodePool(), context);
    const second = await all.cloud.getInstanceTypes(aNodePool(), context);
    expect(second).toBe(first);
    see(all, { memory: "13Gi" });
    const third = await all.cloud.getInstanceTypes(aNodePool(), context);
    expect(third.version).not.toBe(first.version);
    expect(third.items[1]).toBe(first.items[1]);
  });

  it("of another NodeClass know nothing of it", async () => {
    const all = world();
    all.learned.observe(kindOfMachine({ ...TEST_CLASS, name: "lean" }, "m.4"), "v1.34.1", {
      capacity: allocatableFrom(PROMISED),
      allocatable: allocatableFrom({ ...PROMISED, memory: "2Gi" }),
    });
    expect(await usable(all)).toEqual(allocatableFrom(PROMISED));
  });

  it("S-503: with offerings of several sizes are left alone", async () => {
    const small = { ...anOffering(), capacityOverride: allocatableFrom({ memory: "8Gi" }) };
    const all = world(anInstanceType({ offerings: [anOffering({ zone: "test-zone-2" }), small] }));
    see(all, { memory: "7Gi" });
    expect(await usable(all)).toEqual(allocatableFrom(PROMISED));
  });
});

describe("a launched machine", () => {
  it("S-218: promises no more than was seen", async () => {
    const all = world();
    see(all, { memory: "14Gi" });
    const { status } = await all.cloud.create(aNodeClaim(), context);
    expect(allocatableFrom(status?.allocatable)).toEqual(allocatableFrom({ ...PROMISED, memory: "14Gi" }));
    expect(allocatableFrom(status?.capacity)).toEqual(allocatableFrom(PROMISED));
  });

  it("O-19: is found by a provider that promises less than the plan counts on, and promises what was seen", async () => {
    const all = world();
    see(all, { memory: "17Gi" });
    comeTwice(all);
    await all.cloud.getInstanceTypes(aNodePool(), context);
    const asked: (string | number | undefined)[] = [];
    const create = all.provider.create.bind(all.provider);
    all.provider.create = async (claim) => {
      asked.push(claim.spec.resources?.requests?.["memory"], claim.spec.resources?.requests?.["cpu"]);
      return await create(claim);
    };
    const requirements = [{ key: Label.InstanceType, operator: "In" as const, values: ["m.4"] }];
    const spec = { requirements, resources: { requests: { cpu: "2", memory: "16900Mi" } } };
    const { status } = await all.cloud.create(aNodeClaim({ spec }), context);
    expect(asked).toEqual(["16Gi", "2"]);
    expect(allocatableFrom(status?.allocatable)).toEqual(allocatableFrom({ ...PROMISED, memory: "17Gi" }));
    const open = { resources: { requests: { memory: "16900Mi" } } };
    await all.cloud.create(aNodeClaim({ spec: open }), context);
    expect(asked[2]).toBe("16900Mi");
  });

  it("of a type that was never seen is what the provider says", async () => {
    const all = world();
    const claim = aNodeClaim();
    expect(await all.cloud.create(claim, context)).toBe(await all.provider.create(claim));
  });
});

describe("timeouts", () => {
  const claim: NodeClaim = aNodeClaim({ labels: { [Label.InstanceType]: "m.4" } });
  const slow = ({ learned }: World, registered: number, initialized = registered): void =>
    learned.booted(KIND, { at: 0, toRegistered: seconds(registered), toInitialized: seconds(initialized) });

  it("LC-32: a machine of a slow type gets twice the time that nearly all of them needed", () => {
    const all = world();
    expect(all.cloud.timeouts?.(claim)).toEqual({});
    slow(all, 400);
    expect(all.cloud.timeouts?.(claim)).toEqual({});
    slow(all, 600);
    expect(all.cloud.timeouts?.(claim)).toEqual({ registration: seconds(1200) });
  });

  it("LC-32: the provider's own time is never made shorter", () => {
    const all = world();
    all.provider.limits = { launch: minutes(5), registration: minutes(90) };
    slow(all, 600);
    expect(all.cloud.timeouts?.(claim)).toEqual({ launch: minutes(5), registration: minutes(90) });
    slow(all, 3000);
    expect(all.cloud.timeouts?.(claim)).toEqual({ launch: minutes(5), registration: minutes(100) });
  });

  it("nobody waits longer than two hours because of what was learned", () => {
    const all = world();
    slow(all, 7000);
    expect(all.cloud.timeouts?.(claim)).toEqual({ registration: hours(2) });
  });

  it("no limit stays no limit", () => {
    const all = world(anInstanceType(), { ...FLAGS, registrationTimeout: 0 as Duration });
    slow(all, 6000, 7000);
    expect(all.cloud.timeouts?.(claim)).toEqual({});
  });

  it("a limit of initialization follows the time since registration", () => {
    const all = world(anInstanceType(), { ...FLAGS, initializationTimeout: minutes(5) });
    slow(all, 60, 60 + 240);
    expect(all.cloud.timeouts?.(claim)).toEqual({ initialization: minutes(8) });
  });

  it("a claim without a type, or of another one, has the provider's own", () => {
    const all = world();
    slow(all, 6000);
    expect(all.cloud.timeouts?.(aNodeClaim())).toEqual({});
    expect(all.cloud.timeouts?.(aNodeClaim({ labels: { [Label.InstanceType]: "other" } }))).toEqual({});
  });
});

describe("everything else", () => {
  it("is the provider's, what it does not have included", async () => {
    const { cloud, provider } = world();
    expect(cloud.name).toBe("fake");
    expect("collectGarbage" in cloud).toBe(false);
    await cloud.create(aNodeClaim(), context);
    expect(await cloud.list(context)).toEqual(await provider.list());
    expect(cloud.supportedNodeClasses()).toEqual(provider.supportedNodeClasses());
  });
});
