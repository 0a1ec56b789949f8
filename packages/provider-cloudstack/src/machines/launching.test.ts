import { Label } from "@karpenter-multicloud/core/api";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { Bench, machineIdOf } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;

const start = async (options?: BenchOptions): Promise<Bench> => {
  bench = await Bench.start(options);
  return bench;
};

afterEach(() => bench.close());

const names = (): readonly string[] => bench.fake.state().machines.map(({ name, state }) => `${name} ${state}`);
const deployedOfferings = (): readonly string[] => bench.fake.state().machines.map(({ offering }) => offering);

describe("launching a machine", () => {
  it("T-01: the document's class buys a medium machine with the newest Ubuntu 22.04 in k8s-net, by POST", async () => {
    await start();
    expect(await bench.condition("Ready")).toMatch(/^True/);
    const claim = await bench.launch("default-x7k2p", {
      types: ["medium", "large"],
      requests: { cpu: "1", memory: "2Gi" },
    });
    expect(bench.fake.state().machines).toMatchObject([
      {
        name: "default-x7k2p",
        offering: "medium",
        template: "ubuntu-22.04-k8s-1.33.2",
        zone: "zone-01",
        state: "Running",
      },
    ]);
    expect(bench.calls("deployVirtualMachine")).toMatchObject([{ method: "POST", status: 200 }]);
    expect(claim.status).toMatchObject({
      providerID: `external-cloudstack://${machineIdOf(claim)}`,
      imageID: expect.any(String),
    });
    expect(claim.metadata.labels).toMatchObject({
      [Label.InstanceType]: "medium",
      [Label.Zone]: "zone-01",
      [Label.CapacityType]: "on-demand",
      "karpenter.k8s.cloudstack/network-name": "k8s-net",
      "karpenter.k8s.cloudstack/template-name": "ubuntu-22.04-k8s-1.33.2",
    });
  });

  it("T-45, G-04: looks first, deploys, and tags before its first successful look at the job", async () => {
    await start();
    await bench.launch("a1");
    const log = bench.fake.requestLog().map(({ operation }) => operation);
    const deploy = log.indexOf("deployVirtualMachine");
    expect(log.lastIndexOf("listVirtualMachines", deploy)).toBeGreaterThan(-1);
    expect(log.slice(deploy + 1, deploy + 3)).toContain("createTags");
    expect(bench.fake.state().machines[0]?.tags).toEqual({
      "karpenter.sh/managed-by": "karpenter",
      "kubernetes.io/cluster/prod": "owned",
      "karpenter.sh/nodepool": "default",
      "karpenter.sh/nodeclaim": "a1",
      "karpenter.k8s.cloudstack/nodeclass": "default",
      "karpenter.k8s.cloudstack/nodeclaim-uid": expect.any(String),
    });
  });

  it("T-48, G-06: without capacity the next cheapest is deployed, under the same name once the failed one is expunged", async () => {
    await start({ fake: { as: "admin", capacity: { "medium/zone-01": 0 }, switches: { oldJobCodes: true } } });
    await bench.launch("a1", { types: ["medium", "large"] });
    expect(names()).toEqual(["a1 Running"]);
    expect(deployedOfferings()).toEqual(["large"]);
    expect(bench.eventReasons()).toContain("LaunchFailed");
  });

  it("T-48: where nothing can be expunged at once the next attempt has another name", async () => {
    await start({
      fake: {
        capacity: { "medium/zone-01": 0 },
        faults: [{ match: { operation: "destroyVirtualMachine" }, fault: "status", status: 530, message: "no" }],
      },
    });
    await bench.launch("a1", { types: ["medium", "large"] });
    expect(names()).toEqual(["a1 Error", "a1-r1 Running"]);
    bench.fake.faults([]);
  });

  it("T-49, G-07: another zone serves when one is full, and the full one is left alone for three minutes, then six", async () => {
    await start({ fake: { capacity: { "medium/zone-01": 0 } }, spec: { zones: ["zone-01", "zone-02"] } });
    await bench.launch("a1");
    expect(bench.fake.state().machines).toMatchObject([{ zone: "zone-02", state: "Running" }]);
    expect(bench.decisions.list()).toMatchObject([
      {
        verdict: "LaunchElsewhere",
        subject: "NodeClaim a1",
        detail: "its machine is medium in zone-02, because no host or storage takes medium in zone-01 (LaunchFailed)",
      },
    ]);
    const zones = async (): Promise<readonly boolean[]> =>
      ((await bench.type("medium"))?.offerings ?? []).map(({ availability }) => availability.available);
    expect(await zones()).toEqual([false, true]);
    await bench.pass(3 * 60_000 + 1000);
    expect(await zones()).toEqual([true, true]);
    await bench.launch("a2");
    expect(bench.fake.state().machines.map(({ name, zone, state }) => `${name} ${zone} ${state}`)).toEqual(
      expect.arrayContaining(["a1 zone-02 Running", "a2 zone-02 Running"]),
    );
    // Asked in vain once more: so much had the first zone been opened again.
    expect(bench.calls("deployVirtualMachine")).toHaveLength(4);
    await bench.pass(5 * 60_000);
    expect(await zones()).toEqual([false, true]);
    await bench.pass(60_000);
    expect(await zones()).toEqual([true, true]);
  });

  it("T-50: a limit of CPUs leaves smaller offerings open, says so, and does not deploy in a loop", async () => {
    await start({
      fake: {
        faults: [
          {
            fault: "quota",
            match: { offering: "large" },
            message: "Maximum amount of resources of Type = 'cpu' for Account Name = k8s is exceeded",
          },
        ],
      },
    });
    await bench.launch("a1", { types: ["medium", "large"], requests: { cpu: "3" } }).catch(() => {});
    expect(bench.eventReasons()).toContain("ResourceLimitExceeded");
    expect((await bench.type("medium"))?.offerings[0]?.availability.available).toBe(true);
    expect((await bench.type("large"))?.offerings[0]?.availability).toMatchObject({ available: false });
    for (let again = 0; again < 5; again++) {
      await bench.launch("a1").catch(() => {});
      await bench.pass(10_000);
    }
    expect(bench.calls("deployVirtualMachine").length).toBeLessThanOrEqual(3);
  });

  it("T-51: what the account may no longer take is not tried", async () => {
    await start();
    bench.fake.outside.setLimit("k8s", "0", 0);
    await bench.pass(61_000);
    expect(String(await bench.refusal("a1"))).toMatch(/LimitReached.*user_vm/);
    expect(bench.calls("deployVirtualMachine")).toEqual([]);
    for (const type of ["0", "2", "8", "9", "10"]) bench.fake.outside.setLimit("k8s", type, -1);
    await bench.pass(61_000);
    await bench.launch("a1");
    expect(names()).toEqual(["a1 Running"]);
  });

  it("T-52: a shared network with three addresses takes three machines, the next network the others", async () => {
    await start({ spec: { networkSelectorTerms: [{ name: "shared-dmz" }, { name: "k8s-net" }] } });
    for (const name of ["a1", "a2", "a3", "a4", "a5"]) await bench.launch(name);
    const networks = bench.fake.state().machines.map(({ networkIds }) => networkIds[0]);
    expect(networks.filter((id) => id === "5d7ffe74-a43d-57ab-8840-7a54a796b409")).toHaveLength(3);
    expect(names()).toHaveLength(5);
  });

  it("T-53, G-27: of four at once a strict anti-affinity group takes three on three hosts, one after the other", async () => {
    await start({ spec: { affinityGroups: { names: ["k8s-anti"] } } });
    for (const host of ["kvm-cpu-01", "kvm-gpu-01", "kvm-local-01"]) {
      bench.fake.outside.edit("hosts", host, { resourcestate: "Maintenance" });
    }
    const claims = await Promise.all(["a1", "a2", "a3", "a4"].map((name) => bench.putClaim(name)));
    const created = claims.map((claim) => bench.provider.create(claim, { signal: bench.signal }));
    const outcomes = await bench.during(Promise.allSettled(created));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as Error] : []));
    expect(refused.map(({ name }) => name)).toEqual(["InsufficientCapacity"]);
    expect(bench.eventReasons()).toContain("AffinityUnsatisfiable");
    expect(names().filter((name) => name.endsWith("Running"))).toHaveLength(3);
    const orders = bench.calls("deployVirtualMachine").map(({ at }) => at);
    // Starting takes 12 seconds: nobody orders while another one's machine is being placed.
    for (const [index, at] of orders.slice(1).entries()) expect(at - (orders[index] ?? 0)).toBeGreaterThan(12_000);
  });

  it("T-57: names become host names, and node names equal them", async () => {
    await start();
    await bench.launch("1.starts-with.digit");
    await bench.launch(`${"a".repeat(69)}b`);
    const [first, second] = bench.fake.state().machines;
    expect(first?.name).toBe("n-1-starts-with-digit");
    expect(second?.name).toMatch(/^a{54}-[0-9a-f]{8}$/);
  });

  it("T-59: a class's project owns its machines; lists ask it too", async () => {
    await start({
      spec: {
        project: "k8s-prod",
        networkSelectorTerms: [{ name: "prod-net" }],
        templateSelectorTerms: [{ name: "prod-ubuntu" }],
      },
    });
    await bench.launch("a1");
    expect(bench.calls("deployVirtualMachine")[0]?.body["projectid"]).toBe("e258214d-ca35-539f-b8c5-569843a2660e");
    expect(bench.calls("createTags")[0]?.body["projectid"]).toBeUndefined();
    expect(await bench.provider.list({ signal: bench.signal })).toHaveLength(1);
  });

  it("T-62: a template that is gone by now is looked up anew", async () => {
    await start();
    bench.fake.outside.remove("templates", "ubuntu-22.04-k8s-1.33.2");
    expect((await bench.refusal("a1")).name).toBe("NodeClassNotReady");
    await bench.launch("a1");
    expect(bench.fake.state().machines).toMatchObject([{ template: "ubuntu-22.04-k8s" }]);
  });

  it("T-16: a machine whose name only begins alike is not taken for the claim's", async () => {
    await start();
    await bench.launch("default-abc1");
    await bench.launch("default-abc");
    expect(names()).toEqual(["default-abc1 Running", "default-abc Running"]);
  });

  it("T-43, G-02: a claim for 14 CPUs gets the cheapest that has them", async () => {
    await start();
    await bench.launch("a1", {
      types: ["medium", "k8s.c16.m64", "k8s.c32.m128", "Compute-Optimized-XL"],
      requests: { cpu: "14" },
    });
    expect(deployedOfferings()).toEqual(["k8s.c16.m64"]);
  });

  it("T-36, G-16: a size of a custom offering is ordered with exactly these numbers", async () => {
    await start();
    await bench.launch("a1", { types: ["custom-constrained.4x16"] });
    expect(bench.calls("deployVirtualMachine")[0]?.body).toMatchObject({
      "details[0].cpuNumber": "4",
      "details[0].memory": "16384",
    });
    expect(bench.calls("deployVirtualMachine")[0]?.body).not.toHaveProperty("details[0].cpuSpeed");
  });

  it("T-37: an unconstrained one with a shape of the class is told its speed too", async () => {
    await start({ spec: { customOfferingShapes: [{ cpu: 4, memoryMiB: 8192, cpuSpeedMHz: 2000 }] } });
    await bench.launch("a1", { types: ["custom-unconstrained.4x8"] });
    expect(bench.calls("deployVirtualMachine")[0]?.body).toMatchObject({
      "details[0].cpuNumber": "4",
      "details[0].memory": "8192",
      "details[0].cpuSpeed": "2000",
    });
  });

  it("T-35: two offerings of one name are told apart", async () => {
    await start();
    await bench.launch("a1", { types: ["dup-c2736920"] });
    await bench.launch("a2", { types: ["dup-4717615c"] });
    expect(new Set(bench.calls("deployVirtualMachine").map(({ body }) => body["serviceofferingid"])).size).toBe(2);
  });

  it("T-08: neither what is sent nor the key to sign it stands in a log", async () => {
    await start();
    await bench.launch("a1");
    const userData = Buffer.from(bench.fake.userData("a1") ?? "").toString("base64");
    expect(userData.length).toBeGreaterThan(1000);
    const logged = inspect(bench.logger.lines, { depth: 8 });
    for (const secret of ["fake-user-secret-key", "signature=", userData.slice(0, 100)])
      expect(logged).not.toContain(secret);
    expect(bench.calls("deployVirtualMachine")).toMatchObject([{ method: "POST", query: "" }]);
  });

  it("T-40: of machines with a GPU the cheapest that has the wanted card is bought", async () => {
    await start();
    const types = ["gpu-a100-1x", "gpu-a100-2x", "gpu-legacy-k1", "gpu-a16-vgpu-4q"];
    const requests = { cpu: "1", "nvidia.com/gpu": "1" };
    const k1 = { card: "Group of NVIDIA Corporation GK107GL [GRID K1] GPUs", count: 1 };
    bench.fake.outside.edit("hosts", "kvm-gpu-01", { gpus: [{ card: "NVIDIA A100 40GB", count: 4 }, k1] });
    const key = "karpenter.k8s.cloudstack/instance-gpu-name";
    const a100 = await bench.launch("a1", {
      types,
      requests,
      requirements: [{ key, operator: "In", values: ["NVIDIA-A100-40GB"] }],
    });
    await bench.launch("a2", { types, requests });
    expect(deployedOfferings()).toEqual(["gpu-a100-1x", "gpu-legacy-k1"]);
    expect(a100.metadata.labels?.[key]).toBe("NVIDIA-A100-40GB");
    expect(a100.status?.capacity).toMatchObject({ "nvidia.com/gpu": "1" });
  });

  it("T-41: a claim for amd64 never gets an arm64 machine", async () => {
    await start({ spec: { zones: ["zone-01", "zone-02"] } });
    const of = (arch: string) => [{ key: Label.Arch, operator: "In", values: [arch] }] as const;
    const refusal = await bench.refusal("a1", { types: ["k8s.arm.c4.m16"], requirements: of("amd64") });
    expect(refusal.name).toBe("InsufficientCapacity");
    await bench.launch("a2", { types: ["k8s.arm.c4.m16"], requirements: of("arm64") });
    expect(bench.fake.state().machines).toMatchObject([{ offering: "k8s.arm.c4.m16", zone: "zone-02" }]);
  });

  it("C-47, G-17: the claim says what its machine has, disk included, and what of it pods get", async () => {
    await start({ spec: { rootDiskSize: 50 } });
    const { status } = await bench.launch("a1");
    expect(status?.capacity).toMatchObject({ cpu: "2", pods: "110", "ephemeral-storage": "48640Mi" });
    expect(status?.allocatable).toMatchObject({ cpu: "1930m" });
    expect(bench.calls("deployVirtualMachine")[0]?.body["rootdisksize"]).toBe("50");
  });

  it("G-22: a claim whose class is gone is told so, and no offering is blamed", async () => {
    await start();
    expect((await bench.refusal("a1", { nodeClass: "nothing" })).name).toBe("NodeClassNotReady");
    expect((await bench.type("medium"))?.offerings[0]?.availability.available).toBe(true);
  });

  it("G-27: a machine has as many cards and disks as its class says", async () => {
    await start({
      fake: { as: "admin" },
      spec: {
        networkSelectorTerms: [{ name: "k8s-net" }],
        additionalNetworkSelectorTerms: [[{ name: "shared-dmz" }]],
        dataDisks: [{ offering: "Small" }, { offering: "Custom", sizeGiB: 30 }],
      },
    });
    await bench.launch("a1");
    expect(bench.fake.state().machines[0]?.networkIds).toHaveLength(2);
    expect(bench.fake.state().volumes.map(({ type }) => type)).toEqual(["ROOT", "DATADISK", "DATADISK"]);
    await bench.remove("a1");
    await bench.pass(10_000);
    expect(bench.fake.state()).toMatchObject({ machines: [], volumes: [] });
  });
});
