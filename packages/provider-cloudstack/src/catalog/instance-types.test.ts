import { Label } from "@karpenter-multicloud/core/api";
import { kindOfMachine, LearnedMachines, learnedProvider } from "@karpenter-multicloud/core/provider";
import { allocatableFrom, minutes } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";
import { CLOUDSTACK_NODE_CLASS_KIND } from "../api/cloudstack-node-class.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;

const start = async (options?: BenchOptions): Promise<Bench> => {
  bench = await Bench.start(options);
  return bench;
};

afterEach(() => bench.close());

const BOTH = { zones: ["zone-01", "zone-02"] } as const;
const typeNames = async (): Promise<readonly string[]> => (await bench.types()).map(({ name }) => name);
const zonesOf = async (name: string): Promise<readonly string[]> =>
  ((await bench.type(name))?.offerings ?? []).map(({ requirements }) => requirements.get(Label.Zone).any());
const priceOf = async (name: string): Promise<number> => (await bench.type(name))?.offerings[0]?.price?.amount ?? -1;

describe("instance types", () => {
  it("T-34, T-35: names are label values; two of one name are told apart; an alias wins", async () => {
    await start({
      spec: {
        serviceOfferingSelectorTerms: [{ name: "Medium Instance" }, { name: "dup" }, { name: "k8s/8×16 Größe XL" }],
      },
      env: { CLOUDSTACK_INSTANCE_TYPE_ALIASES: "Medium Instance=medium-legacy" },
    });
    expect(await typeNames()).toEqual(["dup-4717615c", "dup-c2736920", "k8s-8-16-Gro-e-XL", "medium-legacy"]);
  });

  it("T-38: what is retired, of the system, volatile or of others is not there", async () => {
    await start({ spec: { ...BOTH, serviceOfferingSelectorTerms: [{ minCPU: 0 }] } });
    const all = await typeNames();
    for (const name of ["retired.c4.m8", "System-Offering-For-Software-Router", "volatile-root", "tenant-b-private"]) {
      expect(all).not.toContain(name);
    }
  });

  it("T-39, T-41: an offering of one zone is only there, and arm64 only where a template of it is", async () => {
    await start({ spec: BOTH });
    expect(await zonesOf("zone2-only.c4.m16")).toEqual(["zone-02"]);
    expect(await zonesOf("k8s.arm.c4.m16")).toEqual(["zone-02"]);
    expect((await bench.type("k8s.arm.c4.m16"))?.requirements.get(Label.Arch).any()).toBe("arm64");
    expect(await zonesOf("medium")).toEqual(["zone-01", "zone-02"]);
  });

  it("T-40: GPUs are counted, named and priced, whichever way the offering tells of them", async () => {
    await start();
    expect((await bench.type("gpu-a100-2x"))?.capacity["nvidia.com/gpu"]).toBe(2);
    expect((await bench.type("gpu-legacy-k1"))?.capacity["nvidia.com/gpu"]).toBe(1);
    expect((await bench.type("gpu-a16-vgpu-4q"))?.capacity["nvidia.com/gpu"]).toBe(1);
    expect(await priceOf("gpu-a100-1x")).toBe(2.15);
    expect(await priceOf("gpu-legacy-k1")).toBeCloseTo(1.24, 2);
    const name = (await bench.type("gpu-a100-1x"))?.requirements
      .get("karpenter.k8s.cloudstack/instance-gpu-name")
      .any();
    expect(name).toBe("NVIDIA-A100-40GB");
  });

  it("T-42: prices come from the table, the offering's detail, the quota plugin, the formula", async () => {
    await start({ spec: { priceTable: [{ offering: "k8s.c8.m32", price: "0.05" }] } });
    expect(await priceOf("k8s.c8.m32")).toBe(0.05);
    expect(await priceOf("k8s.c4.m16")).toBe(0.0756);
    expect(await priceOf("medium")).toBeCloseTo(2 * 0.04 + 4 * 0.005 + 10 * 0.0001, 6);
  });

  it("T-42: the quota plugin's tariffs, where they are asked for; without the plugin it goes on", async () => {
    await start({ env: { CLOUDSTACK_QUOTA_PRICES: "true" } });
    expect(await priceOf("medium")).toBeCloseTo((2 * 7.2 + 4096 * 0.0012) / 720, 8);
    bench.fake.switches.quotaPlugin = false;
    await bench.pass(16 * 60_000);
    expect(await priceOf("medium")).toBeCloseTo(0.101, 3);
  });

  it("T-44, C-41: a part of the memory is the hypervisor's, and the kubelet's reservations are subtracted", async () => {
    await start();
    const medium = await bench.type("medium");
    expect(medium?.capacity).toMatchObject({ cpu: 2000, memory: Math.floor(4096 * 0.925) * 1024 ** 2, pods: 110 });
    expect(medium?.overhead.kubeReserved).toMatchObject({ cpu: 70, memory: (255 + 11 * 110) * 1024 ** 2 });
  });

  it("T-44: once a machine has reported less, the next list says so", async () => {
    await start();
    const learned = new LearnedMachines(() => bench.clock.now());
    const timeouts = { registrationTimeout: minutes(15), initializationTimeout: minutes(15) };
    const provider = learnedProvider(bench.provider, learned, timeouts);
    const nodeClassRef = { ...CLOUDSTACK_NODE_CLASS_KIND, name: "default" };
    const pool = { metadata: { name: "default" }, spec: { template: { spec: { nodeClassRef, requirements: [] } } } };
    const memoryOf = async (): Promise<number | undefined> => {
      const { items } = await bench.during(provider.getInstanceTypes(pool, { signal: bench.signal }));
      return items.find(({ name }) => name === "medium")?.capacity["memory"];
    };
    const promised = Math.floor(4096 * 0.925) * 1024 ** 2;
    expect(await memoryOf()).toBe(promised);
    const reported = { cpu: "2", memory: "3600Mi", pods: "110", "ephemeral-storage": "9Gi" };
    const size = {
      capacity: allocatableFrom(reported),
      allocatable: allocatableFrom({ ...reported, memory: "2000Mi" }),
    };
    learned.observe(kindOfMachine(nodeClassRef, "medium"), "v1.34.1", size);
    expect(await memoryOf()).toBe(3600 * 1024 ** 2);
  });

  it("C-42: labels say zone, offering, network and template, and numbers can be compared", async () => {
    await start({ spec: BOTH, env: { CLOUDSTACK_OFFERING_LABEL_KEYS: "compute-type", CLOUDSTACK_REGION: "north" } });
    const requirements = (await bench.type("k8s.c4.m16"))?.requirements;
    const value = (key: string): string => requirements?.get(key).any() ?? "";
    expect(value("karpenter.k8s.cloudstack/instance-memory")).toBe("16384");
    expect(value("compute-type")).toBe("general-purpose");
    expect(value(Label.Region)).toBe("north");
    expect(value("karpenter.k8s.cloudstack/network-name")).toBe("k8s-net");
  });
});
