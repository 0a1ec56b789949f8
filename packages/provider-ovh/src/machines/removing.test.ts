import { NodeClaims } from "@karpenter-multicloud/core/api";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { afterEach, describe, expect, it } from "vitest";

import { OvhAnnotation } from "../api/labels.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import type { ViolationKind } from "../testing/index.ts";

const ZONE_A = "eu-west-par-a";
/** Named machines read READY for this long. */
const SLOW_REMOVAL = { listed: 100, removal: 20_000 };
const POOL_A = "karpenter-b3-8-eu-west-par-a";

let bench: Bench;
let provoked: readonly ViolationKind[] = [];
const started = async (options: BenchOptions = {}): Promise<Bench> => {
  provoked = [];
  return (bench = await Bench.start(options));
};
const nodeId = async (name: string): Promise<string> =>
  (await bench.claim(name)).metadata.annotations?.[OvhAnnotation.NodeId] ?? "";
const left = (): readonly string[] => bench.fake.state().machines.map(({ id }) => id);

afterEach(() => bench.close(...provoked));

describe("removing", () => {
  it("T-20: deleting the oldest machine's claim names exactly that machine", async () => {
    await started();
    for (const name of ["oldest", "middle", "newest"]) await bench.machines(1, { zones: [ZONE_A] }, name);
    const oldest = await nodeId("oldest-1");
    await bench.during(bench.remove("oldest-1"));
    expect(bench.bodies("PUT").at(-1)).toEqual({ desiredNodes: 2, nodesToRemove: [oldest] });
    await bench.pass(120_000);
    expect(left().toSorted()).toEqual([await nodeId("middle-1"), await nodeId("newest-1")].toSorted());
  });

  it("T-21: two claims deleted at once go in one request", async () => {
    await started();
    await bench.machines(3, { zones: [ZONE_A] });
    const ids = [await nodeId("claim-1"), await nodeId("claim-3")];
    await bench.during(Promise.all([bench.remove("claim-1"), bench.remove("claim-3")]));
    expect(bench.bodies("PUT")).toEqual([{ desiredNodes: 1, nodesToRemove: expect.arrayContaining(ids) }]);
  });

  it("T-22, O-41: the last machine leaves an empty pool, which is deleted after its time", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    await bench.during(bench.remove("claim-1"));
    await bench.pass(120_000);
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 0 });
    await bench.collectFor(8);
    expect(bench.writes("DELETE")).toEqual([]);
    await bench.collectFor(6);
    expect(bench.writes("DELETE")).toHaveLength(1);
    expect(bench.fake.state().pools).toEqual([]);
  });

  it("T-23: the last machine goes while a new claim comes: the pool stays and ends with the new machine", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    const old = await nodeId("claim-1");
    await bench.putClaim("new", { zones: [ZONE_A] });
    await bench.during(Promise.all([bench.remove("claim-1"), bench.launch("new")]));
    await bench.pass(120_000);
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 1 });
    expect(left()).toEqual([await nodeId("new")]);
    expect(left()).not.toContain(old);
    expect(bench.writes("DELETE")).toEqual([]);
  });

  it("T-24: asked five times while the machine still reads READY, one request is sent; in the end it is gone", async () => {
    await started({ fake: { speed: SLOW_REMOVAL } });
    await bench.machines(2, { zones: [ZONE_A] });
    await bench.pass(400_000);
    await bench.kube.delete(NodeClaims, { name: "claim-1" });
    const claim = await bench.claim("claim-1");
    for (let time = 0; time < 5; time++) await bench.during(bench.provider.delete(claim, { signal: bench.signal }));
    expect(bench.fake.state().machines.map(({ status }) => status)).toEqual(["READY", "READY"]);
    await bench.pass(20_000);
    await bench.during(bench.provider.delete(claim, { signal: bench.signal }));
    await bench.pass(120_000);
    await expect(bench.during(bench.provider.delete(claim, { signal: bench.signal }))).rejects.toThrow(/is gone/);
    expect(bench.writes("PUT")).toHaveLength(1);
    await bench.release("claim-1");
  });

  it("T-25: a removal whose answer was lost is not sent again, however long the machine reads READY", async () => {
    await started({ fake: { speed: SLOW_REMOVAL } });
    await bench.machines(3, { zones: [ZONE_A] });
    await bench.pass(400_000);
    bench.fake.faults([{ match: { method: "PUT" }, fault: "timeoutAfter", delayMs: 1, times: 1 }]);
    await bench.during(bench.remove("claim-2"));
    await bench.pass(120_000);
    expect(bench.writes("PUT")).toHaveLength(1);
    expect(left()).toHaveLength(2);
  });

  it("O-50.5: a removal that never arrived is sent again", async () => {
    await started();
    await bench.machines(3, { zones: [ZONE_A] });
    const id = await nodeId("claim-2");
    bench.fake.faults([{ match: { method: "PUT" }, fault: "timeoutBefore", delayMs: 1, times: 1 }]);
    await bench.during(bench.remove("claim-2"));
    await bench.pass(120_000);
    expect(left()).toHaveLength(2);
    expect(left()).not.toContain(id);
  });

  it("T-27, O-52: what was ordered for a claim that is gone is removed by name, and nothing else", async () => {
    await started();
    await bench.machines(2, { zones: [ZONE_A] });
    const kept = [await nodeId("claim-1"), await nodeId("claim-2")];
    await bench.putClaim("short", { zones: [ZONE_A] });
    const launch = bench.launch("short").catch(() => undefined);
    while (bench.writes("PUT").length === 0) await bench.pass(100);
    await bench.drop("short");
    await bench.during(launch);
    await bench.collectFor(14);
    await bench.pass(120_000);
    expect(left().toSorted()).toEqual(kept.toSorted());
    expect(bench.bodies("PUT").at(-1)).toMatchObject({ desiredNodes: 2, nodesToRemove: [expect.any(String)] });
  });

  it("T-44: when the machines of one pool cannot be listed, the list fails as a whole", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    bench.fake.faults([{ match: { path: "*/nodes" }, fault: "status", status: 500 }]);
    await expect(bench.during(bench.provider.list({ signal: bench.signal }))).rejects.toThrow(/500/);
  });

  it("T-45: one empty list of machines has no consequences", async () => {
    await started();
    await bench.machines(10, { zones: [ZONE_A] });
    await bench.collectFor(2);
    const writes = bench.writes().length;
    bench.fake.faults([{ match: { path: "*/nodes" }, fault: "status", status: 200, body: "[]", times: 2 }]);
    await bench.collect();
    await bench.during(bench.provider.delete(await bench.claim("claim-1"), { signal: bench.signal }));
    bench.fake.faults([]);
    await bench.collectFor(4);
    expect(bench.writes()).toHaveLength(writes);
    expect(left()).toHaveLength(10);
  });

  it("T-87: after a restart right behind a removal nothing is raised back or removed twice", async () => {
    await started({ fake: { speed: SLOW_REMOVAL } });
    await bench.machines(3, { zones: [ZONE_A] });
    await bench.kube.delete(NodeClaims, { name: "claim-2" });
    await bench.during(bench.provider.delete(await bench.claim("claim-2"), { signal: bench.signal }));
    await bench.restart();
    await bench.during(bench.provider.delete(await bench.claim("claim-2"), { signal: bench.signal }));
    await bench.collect();
    expect(bench.writes("PUT")).toHaveLength(1);
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 2 });
    await bench.pass(120_000);
    await bench.release("claim-2");
    expect(left()).toHaveLength(2);
  });

  it("T-82: a machine that comes back after its claim is gone is removed by name", async () => {
    await started();
    await bench.machines(2, { zones: [ZONE_A] });
    const id = await nodeId("claim-1");
    await bench.during(bench.remove("claim-1"));
    bench.fake.outside.setMachineStatus(id, "READY");
    expect(left()).toContain(id);
    await bench.collectFor(16);
    await bench.pass(120_000);
    expect(left()).toEqual([await nodeId("claim-2")]);
  });

  it("T-26: when MKS takes another machine than the named one, that is told, and the named one is named again", async () => {
    await started({ fake: { switches: { forgetNames: true } } });
    provoked = ["UnnamedMachineDeleted"];
    for (const name of ["oldest", "middle", "newest"]) await bench.machines(1, { zones: [ZONE_A] }, name);
    const named = await nodeId("oldest-1");
    const removal = bench.remove("oldest-1");
    while (!JSON.stringify(bench.bodies("PUT")).includes(named)) await bench.pass(100);
    bench.fake.switches.forgetNames = false;
    await bench.during(removal);
    await bench.pass(120_000);
    expect(left()).toEqual([await nodeId("middle-1")]);
    expect(bench.events.withReason("WrongMachineDeleted").map(({ object }) => object.metadata.name)).toContain(
      "newest-1",
    );
    expect(await bench.measured("karpenter_ovh_wrong_machine_deleted_total ")).toEqual([
      "karpenter_ovh_wrong_machine_deleted_total 1",
    ]);
  });

  it("O-15: with a pool for each claim the pool goes as soon as its machine went", async () => {
    await started({ spec: { poolStrategy: "PerNodeClaim" } });
    await bench.machines(2, { zones: [ZONE_A] });
    expect(bench.bodies("POST")).toMatchObject([
      { desiredNodes: 1, maxNodes: 1, name: expect.stringMatching(/^karpenter-b3-8-[0-9a-f]{8}$/) },
      { desiredNodes: 1, maxNodes: 1, name: expect.stringMatching(/^karpenter-b3-8-[0-9a-f]{8}$/) },
    ]);
    await bench.pass(600_000);
    await bench.during(bench.remove("claim-1"));
    await bench.pass(120_000);
    await bench.collect();
    await bench.pass(10_000);
    expect(bench.fake.state().pools).toHaveLength(1);
    expect(left()).toEqual([await nodeId("claim-2")]);
  });

  it("O-56: a pool that goes between its listing and its machines is listed again, not an error", async () => {
    await started();
    await bench.machines(1, { zones: [ZONE_A] });
    bench.fake.faults([{ match: { operation: "listPoolMachines" }, fault: "status", status: 404, times: 1 }]);
    await expect(bench.during(bench.provider.list({ signal: bench.signal }))).resolves.toHaveLength(1);
  });

  it("O-59: a node may be NotReady for longer than MKS takes to mend it", async () => {
    await started({ env: { OVH_REPAIR_TOLERATION: "40m" } });
    expect(bench.provider.repairPolicies()).toEqual([
      { conditionType: "Ready", conditionStatus: "False", tolerationDuration: 2_400_000 },
      { conditionType: "Ready", conditionStatus: "Unknown", tolerationDuration: 2_400_000 },
    ]);
  });

  it("O-50.3: an API that does not take machine ids gets provider ids, once", async () => {
    await started();
    await bench.machines(2, { zones: [ZONE_A] });
    await bench.pass(600_000);
    const message = "nodesToRemove: unknown node";
    bench.fake.faults([{ match: { method: "PUT" }, fault: "status", status: 400, message, times: 1 }]);
    const { status } = await bench.claim("claim-1");
    await bench.during(bench.remove("claim-1"));
    expect(bench.bodies("PUT").at(-1)).toEqual({ desiredNodes: 1, nodesToRemove: [status?.providerID] });
    await bench.pass(120_000);
    expect(left()).toEqual([await nodeId("claim-2")]);
  });

  it("O-50.1: a machine that the pool's history has is gone at the first look", async () => {
    await started();
    await bench.machines(2, { zones: [ZONE_A] });
    await bench.pass(600_000);
    bench.fake.outside.editPool(POOL_A, { desiredNodes: 1 });
    await bench.pass(120_000);
    const [kept] = left();
    const gone = (await nodeId("claim-1")) === kept ? "claim-2" : "claim-1";
    const deletion = bench.provider.delete(await bench.claim(gone), { signal: bench.signal });
    await expect(bench.during(deletion)).rejects.toThrow(/is gone/);
    expect(bench.writes("PUT")).toEqual([]);
    provoked = ["UnnamedMachineDeleted"];
  });

  it("T-71, O-54: a drain that a disruption budget holds up for 8 minutes is waited for, and nothing is asked twice", async () => {
    await started({ env: { OVH_DELETING_IS_GONE: "false" }, fake: { switches: { drainSeconds: 480 } } });
    await bench.machines(2, { zones: [ZONE_A] });
    await bench.pass(600_000);
    const before = bench.clock.now();
    await bench.during(bench.remove("claim-1"));
    expect(bench.clock.now() - before).toBeGreaterThan(480_000);
    expect(bench.bodies("PUT")).toEqual([{ desiredNodes: 1, nodesToRemove: [expect.any(String)] }]);
    expect(left()).toEqual([await nodeId("claim-2")]);
  });

  it("T-72: while the cluster is being deleted nothing is written, whatever is asked", async () => {
    await started();
    await bench.machines(2, { zones: [ZONE_A] });
    await bench.pass(600_000);
    bench.fake.outside.setClusterStatus("DELETING");
    await bench.pass(310_000);
    expect(await bench.condition("ClusterReady")).toMatch(/^False Deleting: the cluster's status is DELETING/);
    const before = bench.writes().length;
    await bench.drop("claim-2");
    await bench.kube.delete(NodeClaims, { name: "claim-1" });
    await bench.during(bench.provider.delete(await bench.claim("claim-1"), { signal: bench.signal }));
    await bench.putClaim("late", { zones: [ZONE_A] });
    await expect(bench.during(bench.launch("late"))).rejects.toThrow(/is not ready \(ClusterReady: /);
    await bench.collectFor(30);
    expect(bench.writes()).toHaveLength(before);
    expect(left()).toHaveLength(2);
  });

  it("T-73, O-57: while the project is suspended nothing is collected", async () => {
    await started();
    await bench.machines(2, { zones: [ZONE_A] });
    bench.fake.outside.setClusterStatus("SUSPENDED");
    await bench.pass(310_000);
    const before = bench.writes().length;
    await bench.drop("claim-2");
    await bench.collectFor(30);
    expect(bench.writes()).toHaveLength(before);
  });

  it("T-70, O-29: of twelve machines that nobody has five go a round, by name and newest first, a registered one never", async () => {
    bench = await Bench.start({ nodes: true, env: { OVH_CANCEL_PENDING: "false" } });
    const [first] = await bench.machines(1, { zones: [ZONE_A] }, "kept");
    await bench.machines(12, { zones: [ZONE_A] }, "lost");
    await bench.pass(600_000);
    await bench.register("kept-1");
    for (let index = 1; index <= 12; index++) await bench.drop(`lost-${index}`);
    await bench.drop("kept-1");
    await bench.collectFor(30);
    const rounds = bench.bodies("PUT").flatMap((body) => {
      const { nodesToRemove } = body as { readonly nodesToRemove?: readonly string[] };
      return nodesToRemove === undefined ? [] : [nodesToRemove.length];
    });
    expect(rounds).toEqual([5, 5, 2]);
    expect(bench.events.withReason("SurplusMachineRemoved").length).toBeGreaterThan(0);
    await bench.pass(120_000);
    expect(left()).toEqual([first?.metadata.annotations?.[OvhAnnotation.NodeId]]);
  });

  it("T-81: a Node object that core still holds does not keep the claim from ending", async () => {
    const nodes = new Set<string>();
    const hooks: MachineHooks = {
      nodeJoins: async ({ metadata }) => void nodes.add(metadata.name ?? ""),
      nodeReady: async () => {},
      nodeNotReady: async () => {},
      nodeLeaves: async () => {},
      nodeExists: async (name) => nodes.has(name),
    };
    await started({ fake: { hooks, switches: { waitForNodeObject: true } } });
    await bench.machines(1, { zones: [ZONE_A] });
    await bench.pass(600_000);
    expect(nodes.size).toBe(1);
    await bench.during(bench.remove("claim-1"));
    expect(bench.fake.state().machines).toMatchObject([{ status: "DELETING" }]);
    nodes.clear();
    await bench.pass(120_000);
    expect(left()).toEqual([]);
  });

  it("O-50.4: with OVH_DELETE_MODE=node each machine is deleted by a call of its own, and the size is left to MKS", async () => {
    await started({ env: { OVH_DELETE_MODE: "node" } });
    await bench.machines(3, { zones: [ZONE_A] });
    await bench.pass(600_000);
    await bench.during(Promise.all([bench.remove("claim-1"), bench.remove("claim-2")]));
    expect(bench.writes("PUT")).toEqual([]);
    const deletes = bench.writes("DELETE").filter(({ status }) => status === 200);
    expect(deletes.map(({ path }) => path.replace(/^.*\/kube\/[^/]+/, ""))).toEqual([
      expect.stringMatching(/^\/node\//),
      expect.stringMatching(/^\/node\//),
    ]);
    await bench.pass(120_000);
    expect(left()).toHaveLength(1);
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 1 });
  });

  it("O-54a: with OVH_DELETING_IS_GONE=false the claim waits for the real end", async () => {
    await started({ env: { OVH_DELETING_IS_GONE: "false" } });
    await bench.machines(1, { zones: [ZONE_A] });
    await bench.during(bench.remove("claim-1"));
    expect(left()).toEqual([]);
  });

  it("get answers the claim's machine, and MachineNotFound for a foreign or finished one", async () => {
    await started();
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    const id = claim?.status?.providerID ?? "";
    const found = await bench.during(bench.provider.get(id, { signal: bench.signal }));
    expect(found).toMatchObject({
      metadata: { name: "claim-1", uid: claim?.metadata.uid },
      status: { providerID: id },
    });
    const unknown = bench.provider.get("openstack:///99999999-0000-4000-8000-000000000000", { signal: bench.signal });
    await expect(bench.during(unknown)).rejects.toThrow(/no machine with provider id/);
    const foreign = bench.provider.get("aws:///x", { signal: bench.signal });
    await expect(bench.during(foreign)).rejects.toThrow(/is not a machine of OVHcloud/);
    await bench.during(bench.remove("claim-1"));
    await expect(bench.during(bench.provider.get(id, { signal: bench.signal }))).rejects.toThrow(/machine/);
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toEqual([]);
  });
});
