import { Label, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodePool } from "@karpenter-multicloud/core/api";
import type { Availability } from "@karpenter-multicloud/core/provider";
import { afterEach, describe, expect, it } from "vitest";
import { CLOUDSTACK_NODE_CLASS_KIND } from "../api/cloudstack-node-class.ts";
import { Bench, DOCUMENT_SPEC } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";

let bench: Bench;

const start = async (options?: BenchOptions): Promise<Bench> => {
  bench = await Bench.start(options);
  return bench;
};

afterEach(() => bench.close());

/** In zone-01, to machines of that class and pool. */
const open = async (nodeClass: string, pool = "default", type = "medium"): Promise<Availability | undefined> => {
  const nodePool: NodePool = {
    metadata: { name: pool },
    spec: {
      template: { spec: { nodeClassRef: { ...CLOUDSTACK_NODE_CLASS_KIND, name: nodeClass }, requirements: [] } },
    },
  };
  const { items } = await bench.during(bench.provider.getInstanceTypes(nodePool, { signal: bench.signal }));
  return items.find(({ name }) => name === type)?.offerings[0]?.availability;
};

/** One class for the account, two for a project. */
const startWithProject = async (options?: BenchOptions): Promise<void> => {
  await start(options);
  const inProject = {
    project: "k8s-prod",
    networkSelectorTerms: [{ name: "prod-net" }],
    templateSelectorTerms: [{ name: "prod-ubuntu" }],
  };
  await bench.putClass("prod", inProject);
  await bench.putClass("prod-other", { ...inProject, serviceOfferingSelectorTerms: [{ name: "Large Instance" }] });
  await bench.pass(5_000);
};

const OPEN = { available: true };
const CLOSED = { available: false, reason: "its affinity group takes no more" };

/** Three hosts are left. */
const fewHosts = (): void => {
  for (const host of ["kvm-cpu-01", "kvm-gpu-01", "kvm-local-01"])
    bench.fake.outside.edit("hosts", host, { resourcestate: "Maintenance" });
};

const fill = async (names: readonly string[], nodeClass: string): Promise<void> => {
  for (const name of names) await bench.launch(name, { nodeClass });
};

describe("what an affinity group refuses (§10)", () => {
  it("is closed to machines of that group for five minutes, and to nobody else", async () => {
    await start();
    await bench.putClass("anti", { affinityGroups: { names: ["k8s-anti"] } });
    await bench.putClass("soft", { affinityGroups: { names: ["k8s-soft-anti"] } });
    await bench.putClass("both", { affinityGroups: { names: ["k8s-anti", "k8s-soft-anti"] } });
    await bench.pass(5_000);
    fewHosts();
    await fill(["a1", "a2", "a3"], "anti");
    expect(await open("anti")).toEqual(OPEN);
    const refusal = await bench.refusal("a4", { nodeClass: "anti" });
    expect(refusal.name).toBe("InsufficientCapacity");
    expect(bench.eventReasons()).toContain("AffinityUnsatisfiable");
    expect(await open("anti")).toMatchObject(CLOSED);
    for (const other of ["default", "soft", "both"]) expect(await open(other)).toEqual(OPEN);
    await bench.launch("b1");
    await bench.launch("c1", { nodeClass: "soft" });
    // A launch that comes before the next plan asks nobody in vain.
    const orders = bench.calls("deployVirtualMachine").length;
    expect(String(await bench.refusal("a5", { nodeClass: "anti" }))).toContain("its affinity group takes no more");
    expect(bench.calls("deployVirtualMachine")).toHaveLength(orders);
    await bench.pass(5 * 60_000);
    expect(await open("anti")).toEqual(OPEN);
  });

  it("of groups made for each pool, another pool's machines may still be bought", async () => {
    await start({ spec: { affinityGroups: { managed: { type: "host anti-affinity" } } } });
    fewHosts();
    const launch = async (name: string, pool: string) => {
      await bench.putClaim(name);
      await bench.kube.patch(
        NodeClaims,
        { name },
        { type: "merge", body: { metadata: { labels: { [Label.NodePool]: pool } } } },
      );
      return bench.launch(name);
    };
    for (const name of ["a1", "a2", "a3"]) await launch(name, "one");
    await expect(launch("a4", "one")).rejects.toThrow(/affinity/);
    expect(await open("default", "one")).toMatchObject(CLOSED);
    expect(await open("default", "two")).toEqual(OPEN);
    await launch("b1", "two");
    expect(bench.fake.state().machines.find(({ name }) => name === "b1")).toMatchObject({ state: "Running" });
  });

  it("of a group that is none of ours is closed to the whole account: CloudStack puts every machine of the account into it", async () => {
    const message = "Unable to create a deployment, Please check the affinity groups provided";
    const fault = { match: { operation: "deployVirtualMachine" }, fault: "status", at: "job", status: 533 } as const;
    await startWithProject({ fake: { faults: [{ ...fault, message, times: 1 }] } });
    await bench.putClass("soft", { affinityGroups: { names: ["k8s-soft-anti"] } });
    await bench.pass(5_000);
    await bench.refusal("a1");
    expect(await open("default")).toMatchObject(CLOSED);
    expect(await open("soft")).toMatchObject(CLOSED);
    expect(await open("prod")).toEqual(OPEN);
    await bench.pass(5 * 60_000);
    expect(await open("default")).toEqual(OPEN);
  });
});

describe("what one scope is refused (§10)", () => {
  const message = 'Unable to create a deployment for VM instance {"id":7,"instanceName":"i-4-7-VM"}';
  const refuseOnce = (): void =>
    bench.fake.faults([{ fault: "outOfStock", match: { offering: "medium" }, message, times: 1 }]);

  it("for want of hosts is closed for three minutes, then six, within that project only", async () => {
    await startWithProject();
    for (const minutes of [3, 6]) {
      refuseOnce();
      expect((await bench.refusal(`p${minutes}`, { nodeClass: "prod" })).name).toBe("InsufficientCapacity");
      expect(await open("prod")).toMatchObject({ available: false, reason: "CloudStack found no host for it" });
      expect([await open("prod", "default", "large"), await open("default")]).toEqual([OPEN, OPEN]);
      await bench.pass(minutes * 60_000 - 5_000);
      expect((await open("prod"))?.available).toBe(false);
      await bench.pass(6_000);
      expect(await open("prod")).toEqual(OPEN);
    }
    // The account's own count begins anew, and so does the project's once it got one.
    refuseOnce();
    await bench.refusal("a1");
    expect([(await open("default"))?.available, await open("prod")]).toEqual([false, OPEN]);
    await bench.pass(3 * 60_000 + 1_000);
    expect(await open("default")).toEqual(OPEN);
    await bench.launch("p7", { nodeClass: "prod" });
    refuseOnce();
    await bench.refusal("p8", { nodeClass: "prod" });
    await bench.pass(3 * 60_000 + 1_000);
    expect(await open("prod")).toEqual(OPEN);
  });

  it("another account's machines are refused for themselves only", async () => {
    await start({ fake: { as: "admin" }, spec: { account: "k8s", domain: "ROOT/tenant-a" } });
    await bench.putClass("own", {});
    await bench.pass(5_000);
    refuseOnce();
    expect((await bench.refusal("k1")).name).toBe("InsufficientCapacity");
    expect([(await open("default"))?.available, await open("own")]).toEqual([false, OPEN]);
  });

  it("after the order, when its machine ends in an error, is closed to that project", async () => {
    await startWithProject();
    await bench.launch("p1", { nodeClass: "prod" });
    await bench.markLaunched("p1");
    bench.fake.outside.fail("p1");
    await bench.collect();
    expect(await open("prod")).toMatchObject({ available: false, reason: "a machine of it did not start" });
    expect(await open("default")).toEqual(OPEN);
  });

  it("with an internal error three times in a row is closed to that project", async () => {
    await startWithProject();
    bench.fake.faults([
      {
        fault: "status",
        at: "job",
        match: { operation: "deployVirtualMachine" },
        status: 530,
        message: "no",
        times: 3,
      },
    ]);
    const failed: string[] = [];
    for (const name of ["p1", "p2", "p3"]) failed.push((await bench.refusal(name, { nodeClass: "prod" })).name);
    expect(failed).toEqual(["Transient", "Transient", "InsufficientCapacity"]);
    expect(await open("prod")).toMatchObject({ available: false, reason: "CloudStack fails with internal errors" });
    expect(await open("default")).toEqual(OPEN);
  });
});

describe("what storage and networks refuse (§10)", () => {
  it("is closed for three minutes to every size on storage of that type and these tags, in that zone", async () => {
    const { zone: _zone, ...anywhere } = DOCUMENT_SPEC;
    await start({ spec: { ...anywhere, zones: ["zone-01", "zone-02"] } });
    bench.fake.outside.edit("offerings", "large", { storagetags: "nvme" });
    await bench.pass(6 * 60_000);
    const why = "Unable to allocate storage pool for the volume";
    const match = { offering: "medium", zone: "zone-01" };
    bench.fake.faults([{ fault: "outOfStock", match, message: why, times: 1 }]);
    expect((await bench.refusal("a1", { types: ["medium"], zones: ["zone-01"] })).name).toBe("InsufficientCapacity");
    const closed = { available: false, reason: "no shared storage of zone-01 has room left" };
    for (const type of ["medium", "k8s.c2.m8"]) expect(await open("default", "default", type)).toMatchObject(closed);
    expect(await open("default", "default", "large")).toEqual(OPEN);
    expect((await bench.type("medium"))?.offerings[1]?.availability).toEqual(OPEN);
    await bench.pass(3 * 60_000);
    expect(await open("default")).toEqual(OPEN);
  });

  it("of a zone whose networks have no address left nothing is offered for five minutes", async () => {
    await start({ spec: { networkSelectorTerms: [{ name: "shared-dmz" }] } });
    await bench.putClass("more", { networkSelectorTerms: [{ name: "shared-dmz" }, { name: "k8s-net" }] });
    await bench.pass(5_000);
    for (const name of ["a1", "a2", "a3"]) await bench.launch(name);
    expect((await bench.refusal("a4")).name).toBe("InsufficientCapacity");
    const closed = { available: false, reason: "no network of zone-01 has an address left" };
    for (const type of ["medium", "large"]) expect(await open("default", "default", type)).toMatchObject(closed);
    expect(await open("more")).toEqual(OPEN);
    const orders = bench.calls("deployVirtualMachine").length;
    await bench.refusal("a5");
    expect(bench.calls("deployVirtualMachine")).toHaveLength(orders);
    await bench.pass(5 * 60_000);
    expect(await open("default")).toEqual(OPEN);
  });
});

describe("what the limit of an account or project refuses (§10)", () => {
  it("is closed within that project only", async () => {
    const message = "Maximum amount of resources of Type = 'user_vm' for Project Name = k8s-prod is exceeded";
    await startWithProject();
    bench.fake.faults([{ fault: "quota", match: { offering: "medium" }, message, times: 1 }]);
    expect((await bench.refusal("p1", { nodeClass: "prod" })).name).toBe("QuotaExceeded");
    expect(await open("prod")).toMatchObject({ available: false, reason: expect.stringContaining("user_vm") });
    expect(await open("prod", "default", "large")).toMatchObject({ available: false });
    // Also what only another class of that project offers.
    expect(await open("prod-other", "default", "Large-Instance")).toMatchObject({ available: false });
    expect(await open("default")).toEqual(OPEN);
    await bench.launch("a1");
    await bench.pass(5 * 60_000);
    expect(await open("prod")).toEqual(OPEN);
    expect(await open("prod-other", "default", "Large-Instance")).toEqual(OPEN);
  });

  it("of processors is closed for what asks for as many or more, in every class of that project, and what is left is read anew", async () => {
    const message = "Maximum amount of resources of Type = 'cpu' for Project Name = k8s-prod is exceeded";
    await startWithProject();
    bench.fake.faults([{ fault: "quota", match: { offering: "large" }, message, times: 1 }]);
    const reads = bench.calls("listProjects").length;
    expect((await bench.refusal("p1", { nodeClass: "prod", types: ["large"] })).name).toBe("QuotaExceeded");
    const closed = { available: false, reason: expect.stringContaining("cpu") };
    expect(await open("prod", "default", "large")).toMatchObject(closed);
    expect(await open("prod-other", "default", "Large-Instance")).toMatchObject(closed);
    expect(bench.calls("listProjects").length).toBeGreaterThan(reads);
    expect([await open("prod"), await open("default", "default", "large")]).toEqual([OPEN, OPEN]);
    await bench.pass(5 * 60_000);
    expect(await open("prod-other", "default", "Large-Instance")).toEqual(OPEN);
  });
});
