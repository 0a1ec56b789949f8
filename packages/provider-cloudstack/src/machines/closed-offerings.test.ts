import { Label, NodeClaims } from "@karpenter-multicloud/core/api";
import type { NodePool } from "@karpenter-multicloud/core/api";
import type { Availability } from "@karpenter-multicloud/core/provider";
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

  it("of a group that is none of ours is closed to all: CloudStack puts every machine of the account into it", async () => {
    const message = "Unable to create a deployment, Please check the affinity groups provided";
    const fault = { match: { operation: "deployVirtualMachine" }, fault: "status", at: "job", status: 533 } as const;
    await start({ fake: { faults: [{ ...fault, message, times: 1 }] } });
    await bench.putClass("soft", { affinityGroups: { names: ["k8s-soft-anti"] } });
    await bench.pass(5_000);
    await bench.refusal("a1");
    expect(await open("default")).toMatchObject(CLOSED);
    expect(await open("soft")).toMatchObject(CLOSED);
  });
});

describe("what the limit of an account or project refuses (§10)", () => {
  it("is closed within that project only", async () => {
    const message = "Maximum amount of resources of Type = 'user_vm' for Project Name = k8s-prod is exceeded";
    await start();
    await bench.putClass("prod", {
      project: "k8s-prod",
      networkSelectorTerms: [{ name: "prod-net" }],
      templateSelectorTerms: [{ name: "prod-ubuntu" }],
    });
    await bench.pass(5_000);
    bench.fake.faults([{ fault: "quota", match: { offering: "medium" }, message, times: 1 }]);
    expect((await bench.refusal("p1", { nodeClass: "prod" })).name).toBe("QuotaExceeded");
    expect(await open("prod")).toMatchObject({ available: false, reason: expect.stringContaining("user_vm") });
    expect(await open("prod", "default", "large")).toMatchObject({ available: false });
    expect(await open("default")).toEqual(OPEN);
    await bench.launch("a1");
    await bench.pass(5 * 60_000);
    expect(await open("prod")).toEqual(OPEN);
  });
});
