import { NodeClaims } from "@karpenter-multicloud/core/api";
import { findProviderError } from "@karpenter-multicloud/core/provider";
import { afterEach, describe, expect, it } from "vitest";

import { OvhAnnotation } from "../api/labels.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import type { ViolationKind } from "../testing/index.ts";

const ZONE_A = "eu-west-par-a";
const POOL_A = "karpenter-b3-8-eu-west-par-a";
const FOREIGN_TEMPLATE = {
  metadata: { labels: {}, annotations: {}, finalizers: [] },
  spec: { taints: [], unschedulable: false },
};

let bench: Bench;
let provoked: readonly ViolationKind[] = [];
const started = async (options: BenchOptions = {}): Promise<Bench> => {
  provoked = [];
  return (bench = await Bench.start(options));
};
const failureOf = async (work: Promise<unknown>): Promise<ReturnType<typeof findProviderError>> =>
  findProviderError(await work.catch((error: unknown) => error));

afterEach(() => bench.close(...provoked));

describe("launching when something goes wrong", () => {
  it("T-28, O-3, O-25: after a crash between ordering and assigning the same machine is taken, and none is ordered", async () => {
    await started();
    await bench.putClaim("one", { zones: [ZONE_A] });
    const dying = bench.launch("one").catch(() => "died");
    while (bench.writes("POST").length === 0) await bench.pass(100);
    await bench.restart();
    expect(await dying).toBe("died");
    expect((await bench.claim("one")).metadata.annotations).not.toHaveProperty([OvhAnnotation.NodeId]);
    const [claim] = await bench.launchAll(["one"]);
    const [machine, ...others] = bench.fake.state().machines;
    expect(others).toEqual([]);
    expect(claim?.metadata.annotations?.[OvhAnnotation.NodeId]).toBe(machine?.id);
    expect(bench.writes("PUT")).toEqual([]);
  });

  it("T-29: after a crash with two of three claims assigned the third takes the third machine", async () => {
    await started();
    const names = await bench.putClaims(3, { zones: [ZONE_A] });
    await bench.launchAll(names);
    const third = names[2] ?? "";
    const annotations = { [OvhAnnotation.NodeId]: null, [OvhAnnotation.NodeName]: null };
    await bench.kube.patch(NodeClaims, { name: third }, { type: "merge", body: { metadata: { annotations } } });
    await bench.kube.patchStatus(
      NodeClaims,
      { name: third },
      { type: "merge", body: { status: { providerID: null } } },
    );
    await bench.restart();
    await bench.launchAll([third]);
    expect(bench.writes("PUT")).toEqual([]);
    const ids = (await bench.claims()).map((claim) => claim.metadata.annotations?.[OvhAnnotation.NodeId]);
    expect(ids.toSorted()).toEqual(
      bench.fake
        .state()
        .machines.map(({ id }) => id)
        .toSorted(),
    );
  });

  it("T-30: a lost answer to the order is answered by looking for the pool", async () => {
    await started({
      fake: { faults: [{ match: { operation: "createPool" }, fault: "timeoutAfter", delayMs: 1, times: 1 }] },
    });
    await bench.machines(2, { zones: [ZONE_A] });
    expect(bench.writes("POST")).toHaveLength(1);
    expect(bench.fake.state().machines).toHaveLength(2);
  });

  it("O-28: an order that never arrived is sent again, after two minutes without a trace of it", async () => {
    await started({
      fake: { faults: [{ match: { operation: "createPool" }, fault: "timeoutBefore", delayMs: 1, times: 1 }] },
    });
    const before = bench.clock.now();
    await bench.machines(1, { zones: [ZONE_A] });
    expect(bench.clock.now() - before).toBeGreaterThanOrEqual(120_000);
    expect(bench.fake.state().machines).toHaveLength(1);
  });

  it("T-31: a pool that stays invisible for a minute is waited for", async () => {
    await started({ fake: { switches: { poolInvisibleSeconds: 60 } } });
    await bench.machines(1, { zones: [ZONE_A] });
    expect(bench.writes("POST")).toHaveLength(1);
    expect(bench.fake.state().machines).toHaveLength(1);
  });

  it("T-32, O-53: a busy pool is asked again until it is ready, without an event in the first five minutes", async () => {
    await started({ fake: { switches: { refusePutWhileBusy: true } } });
    await bench.machines(1, { zones: [ZONE_A] });
    bench.fake.outside.editPool(POOL_A, { status: "UPSCALING" });
    await bench.putClaim("later", { zones: [ZONE_A] });
    const launch = bench.launch("later");
    await bench.pass(240_000);
    expect(bench.events.texts()).toEqual([]);
    expect(bench.writes("PUT").every(({ status }) => status === 400)).toBe(true);
    await bench.pass(120_000);
    expect(bench.events.withReason("PoolBusy").length).toBeGreaterThan(0);
    bench.fake.outside.editPool(POOL_A, { status: null });
    await bench.during(launch);
    expect(bench.fake.state().machines).toHaveLength(2);
  });

  it("T-33: 409 is waited for as well", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    bench.fake.faults([{ match: { method: "PUT" }, fault: "status", status: 409, times: 3 }]);
    await bench.machines(1, { zones: [ZONE_A] }, "later");
    expect(bench.writes("PUT").map(({ status }) => status)).toEqual([409, 409, 409, 200]);
    expect(bench.events.texts()).toEqual([]);
  });

  it("T-34: 429 with Retry-After 2 is repeated after two seconds at the earliest", async () => {
    await started();
    const headers = { "Retry-After": "2" };
    bench.fake.faults([{ match: { operation: "listPools" }, fault: "status", status: 429, headers, times: 1 }]);
    const before = bench.clock.now();
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toEqual([]);
    expect(bench.clock.now() - before).toBeGreaterThanOrEqual(2_000);
  });

  it("T-35: an answer in HTML with status 503 is repeated", async () => {
    await started();
    const body = "<html><body>503</body></html>";
    bench.fake.faults([{ match: { operation: "listPools" }, fault: "status", status: 503, body, times: 2 }]);
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toEqual([]);
  });

  it("T-36: out of stock removes the machine by name, avoids the offering and tells the claim", async () => {
    await started({ fake: { capacity: { [`b3-8/${ZONE_A}`]: 0 } } });
    await bench.putClaim("one", { zones: [ZONE_A], flavors: ["b3-8"] });
    const error = await failureOf(bench.during(bench.launch("one")));
    expect(error).toMatchObject({ code: "PROVIDER_INSUFFICIENT_CAPACITY", conditionReason: "OutOfStock" });
    await bench.drop("one");
    expect(bench.bodies("PUT")).toEqual([{ desiredNodes: 0, nodesToRemove: [expect.any(String)] }]);
    const offering = { instanceType: "b3-8", capacityType: "on-demand" };
    expect(bench.unavailable.availability({ ...offering, zone: ZONE_A }).available).toBe(false);
    expect(bench.unavailable.availability({ ...offering, zone: "eu-west-par-b" }).available).toBe(true);
    await bench.machines(1, { flavors: ["b3-8"] }, "next");
    expect((await bench.claim("next-1")).metadata.labels?.["topology.kubernetes.io/zone"]).toBe("eu-west-par-b");
  });

  it("T-37: an exhausted quota avoids everything as large, with an event that says so", async () => {
    await started({ fake: { quotas: { cores: 3 } } });
    await bench.machines(1, { flavors: ["b3-8"], zones: [ZONE_A] }, "first");
    await bench.putClaim("one", { flavors: ["b3-8"], zones: [ZONE_A] });
    const error = await failureOf(bench.during(bench.launch("one")));
    expect(error).toMatchObject({ code: "PROVIDER_QUOTA_EXCEEDED", conditionReason: "QuotaExceeded" });
    await bench.drop("one");
    const offering = { zone: "eu-west-par-b", capacityType: "on-demand" };
    expect(bench.unavailable.availability({ ...offering, instanceType: "b3-16" }).available).toBe(false);
    expect(bench.events.withReason("QuotaExceeded")[0]?.message).toMatch(/quota in EU-WEST-PAR is used up/);
  });

  it("O-62: a quota that refuses the request itself has the same end, for a new pool and for a growing one", async () => {
    await started({ fake: { switches: { quotaAt: "request" } } });
    await bench.machines(1, { flavors: ["b3-8"], zones: [ZONE_A] }, "first");
    bench.fake.outside.setQuotas({ cores: 3 });
    for (const [name, flavor] of [
      ["make", "b3-16"],
      ["grow", "b3-8"],
    ] as const) {
      await bench.putClaim(name, { flavors: [flavor], zones: [ZONE_A] });
      const error = await failureOf(bench.during(bench.launch(name)));
      expect(error).toMatchObject({ code: "PROVIDER_QUOTA_EXCEEDED", conditionReason: "QuotaExceeded" });
      expect((await bench.claim(name)).metadata.annotations).not.toHaveProperty([OvhAnnotation.PoolName]);
      await bench.drop(name);
    }
    expect(bench.fake.state().machines).toHaveLength(1);
  });

  it("O-27: a machine in ERROR is replaced for the same claim", async () => {
    const fault = {
      match: { operation: "launch" },
      fault: "boot",
      machineStatus: "ERROR",
      noInstance: true,
      times: 1,
    } as const;
    await started({ fake: { faults: [fault] } });
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    await bench.pass(120_000);
    expect(claim?.metadata.annotations?.[OvhAnnotation.FailedMachines]).toBe("1");
    expect(bench.fake.state().machines.map(({ id }) => id)).toEqual([
      claim?.metadata.annotations?.[OvhAnnotation.NodeId],
    ]);
  });

  it("T-83: the failed machine is removed first, then the pool grows; never both in one request", async () => {
    await started();
    await bench.machines(2, { zones: [ZONE_A] });
    const fault = {
      match: { operation: "launch" },
      fault: "boot",
      machineStatus: "ERROR",
      noInstance: true,
      times: 1,
    } as const;
    bench.fake.faults([fault]);
    await bench.machines(1, { zones: [ZONE_A] }, "later");
    expect(bench.bodies("PUT")).toEqual([
      { desiredNodes: 3 },
      { desiredNodes: 2, nodesToRemove: [expect.any(String)] },
      { desiredNodes: 3 },
    ]);
  });

  it("T-41: a pool lowered by someone else is raised back before MKS takes a machine, with an event", async () => {
    await started({ fake: { speed: { listed: 100, removal: 3_600_000 } } });
    await bench.machines(2, { zones: [ZONE_A] });
    await bench.pass(120_000);
    bench.fake.outside.editPool(POOL_A, { desiredNodes: 1 });
    await bench.collect();
    expect(bench.writes("PUT")).toEqual([]);
    await bench.collectFor(2);
    expect(bench.bodies("PUT")).toEqual([{ desiredNodes: 2 }]);
    expect(bench.events.withReason("PoolModifiedExternally").length).toBeGreaterThan(0);
    provoked = ["UnnamedMachineDeleted"];
  });

  it("T-42: autoscale turned on by someone else is turned off, with an event", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    bench.fake.outside.editPool(POOL_A, { autoscale: true });
    await bench.machines(1, { zones: [ZONE_A] }, "later");
    expect(bench.pool(POOL_A)).toMatchObject({ autoscale: false });
    expect(bench.events.withReason("PoolAutoscaleEnabled")).toHaveLength(1);
  });

  it("T-42, O-14: also on a pool where nothing is launched", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    await bench.pass(400_000);
    bench.fake.outside.editPool(POOL_A, { autoscale: true });
    await bench.collect();
    expect(bench.pool(POOL_A)).toMatchObject({ autoscale: false });
    expect(bench.events.withReason("PoolAutoscaleEnabled")).toHaveLength(1);
    expect(bench.bodies("PUT")).toEqual([{ autoscale: false, minNodes: 0, maxNodes: 100 }]);
  });

  it("O-27: a webhook that keeps MKS from its work is named as what it is, and the machine stays", async () => {
    await started();
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    await bench.pass(400_000);
    const name = claim?.metadata.annotations?.[OvhAnnotation.NodeName] ?? "";
    bench.fake.outside.setMachineStatus(name, "USER_WEBHOOK_PREVENTING_OPERATIONS_ERROR");
    await bench.collectFor(20);
    expect(bench.events.withReason("WebhookPreventsOperations")[0]?.message).toContain(name);
    expect(bench.writes("PUT")).toEqual([]);
  });

  it("O-24: whoever keeps undoing the size is told of, and not fought for ever", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    const undo = { match: { method: "PUT" }, fault: "status", status: 200, body: "null" } as const;
    bench.fake.faults([undo]);
    await bench.putClaim("later", { zones: [ZONE_A] });
    const launch = bench.launch("later");
    await bench.pass(10_000);
    expect(bench.events.withReason("PoolModifiedExternally").length).toBeGreaterThan(0);
    expect(bench.writes("PUT").length).toBeLessThanOrEqual(12);
    bench.fake.faults([]);
    await bench.during(launch);
    expect(bench.fake.state().machines).toHaveLength(2);
  });

  it("T-43: a pool of that name which is not ours stays untouched, ours takes another name", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    bench.fake.outside.editPool(POOL_A, { template: FOREIGN_TEMPLATE });
    const before = bench.pool(POOL_A);
    await bench.machines(1, { zones: [ZONE_A] }, "later");
    expect(bench.writes("POST").at(-1)?.body).toMatchObject({ name: `${POOL_A}-2` });
    expect(bench.pool(POOL_A)).toMatchObject({
      desiredNodes: before?.["desiredNodes"],
      template: before?.["template"],
    });
    expect(bench.events.withReason("PoolNameTaken").length).toBeGreaterThan(0);
  });

  it("T-40: of two that want the one free machine one gets it, and the pool grows by one for the other", async () => {
    await started();
    await bench.machines(2, { zones: [ZONE_A] });
    await bench.drop("claim-1");
    await bench.putClaims(2, { zones: [ZONE_A] }, "late");
    bench.fake.faults([{ match: { operation: "listPoolMachines" }, fault: "slow", delayMs: 20, times: 4 }]);
    const first = bench.launch("late-1");
    await bench.pass(1_100);
    await bench.during(Promise.all([first, bench.launch("late-2")]));
    const ids = (await bench.claims()).map((claim) => claim.metadata.annotations?.[OvhAnnotation.NodeId]);
    expect(new Set(ids).size).toBe(3);
    expect(bench.bodies("PUT").at(-1)).toEqual({ desiredNodes: 3 });
    expect(bench.fake.state().machines).toHaveLength(3);
  });

  it("T-63, O-17: a flavor that nobody knows is offered all the same, with its disk and price estimated", async () => {
    const unknown = {
      name: "b9-24",
      category: "b",
      vCPUs: 6,
      ramGB: 24,
      diskGB: 77,
      gpus: 0,
      hourlyEUR: 0,
      kubernetes: true,
      threeAzPlan: false,
      monthlyPools: false,
    };
    await started({ fake: { extraFlavors: [unknown] } });
    const [claim] = await bench.machines(1, { flavors: ["b9-24"], zones: [ZONE_A] });
    expect(bench.bodies("POST")).toMatchObject([{ flavorName: "b9-24", name: "karpenter-b9-24-eu-west-par-a" }]);
    expect(claim?.status?.capacity).toMatchObject({ cpu: "6" });
  });

  it("T-66, O-13: at the limit of nodes the claim hears so, in a new pool as in a growing one", async () => {
    await started({ env: { OVH_MAX_NODES_PER_CLUSTER: "2" } });
    await bench.machines(2, { zones: [ZONE_A] });
    for (const flavor of ["b3-8", "b3-16"]) {
      const error = await failureOf(bench.machines(1, { flavors: [flavor], zones: [ZONE_A] }, flavor));
      expect(error).toMatchObject({ code: "PROVIDER_INSUFFICIENT_CAPACITY", conditionReason: "ClusterNodeLimit" });
    }
    expect(bench.fake.state().machines).toHaveLength(2);
  });

  it("T-65, O-13: at the limit of pools an empty one of ours makes way, else the claim hears why", async () => {
    await started({ env: { OVH_MAX_POOLS: "1" } });
    await bench.machines(1, { zones: [ZONE_A] }, "first");
    const error = await failureOf(bench.machines(1, { flavors: ["b3-16"], zones: [ZONE_A] }, "second"));
    expect(error).toMatchObject({ code: "PROVIDER_INSUFFICIENT_CAPACITY", conditionReason: "PoolLimitReached" });
    await bench.drop("second-1");
    await bench.during(bench.remove("first-1"));
    await bench.pass(300_000);
    await bench.machines(1, { flavors: ["b3-16"], zones: [ZONE_A] }, "third");
    expect(bench.fake.state().pools.map((pool) => pool["name"])).toEqual(["karpenter-b3-16-eu-west-par-a"]);
  });
});
