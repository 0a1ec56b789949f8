import { NodeClaims } from "@karpenter-multicloud/core/api";
import { hasCode } from "@karpenter-multicloud/core/provider";
import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { afterEach, describe, expect, it } from "vitest";

import { ScalewayAnnotation } from "../api/labels.ts";
import { Bench, serverIdOf } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import type { ViolationKind } from "../testing/index.ts";

let bench: Bench;
let provoked: readonly ViolationKind[] = [];
afterEach(async () => {
  await bench.close(...provoked);
  provoked = [];
});

const start = async (options: BenchOptions = {}): Promise<void> => {
  bench = await Bench.start(options);
};
const MINUTE = 60_000;
const OURS = ["karpenter-managed=true", "karpenter-cluster=prod"];
const nothingLeft = (): void => {
  expect(bench.fake.state().machines).toEqual([]);
  expect([...bench.fake.leakedVolumes(), ...bench.fake.leakedIps()]).toEqual([]);
};

describe("delete (W-49)", () => {
  it("T-52: a running server is terminated, then its root volume is deleted", async () => {
    await start();
    await bench.launch("a");
    await bench.remove("a");
    expect(bench.writes("serverAction").map(({ body }) => body)).toEqual([
      { action: "poweron" },
      { action: "terminate" },
    ]);
    const log = bench.fake.requestLog();
    const at = (operation: string, status: number): number =>
      log.findIndex((entry) => entry.operation === operation && entry.status === status);
    const terminated = log.findLastIndex(({ operation }) => operation === "serverAction");
    expect(at("getServer", 404)).toBeGreaterThan(terminated);
    expect(at("deleteBlockVolume", 204)).toBeGreaterThan(at("getServer", 404));
    nothingLeft();
  });

  it("T-53: a stopped server is deleted, never terminated or powered off", async () => {
    await start();
    const claim = await bench.launch("a");
    bench.fake.outside.setServerState(serverIdOf(claim), "stopped");
    await bench.remove("a");
    expect(bench.writes("deleteServer")).toHaveLength(1);
    expect(bench.writes("serverAction").map(({ body }) => body)).toEqual([{ action: "poweron" }]);
    expect(bench.writes("deleteBlockVolume").at(-1)?.status).toBe(204);
    nothingLeft();
  });

  it("T-53: the local root volume of a stopped server goes through the Instance API", async () => {
    await start({ spec: { zones: ["fr-par-1"], rootVolume: { type: "local", size: "20G" } } });
    const claim = await bench.launch("a", { types: ["DEV1-M"] });
    bench.fake.outside.setServerState(serverIdOf(claim), "stopped");
    await bench.remove("a");
    expect(bench.writes("deleteVolume")).toHaveLength(1);
    nothingLeft();
  });

  it("W-49: a launch that ended before it could mark its root volume leaves none", async () => {
    await start();
    bench.fake.faults([{ match: { operation: "updateBlockVolume" }, fault: "timeoutBefore" }]);
    await bench.refusal("a");
    bench.fake.faults([]);
    expect(bench.fake.state().machines).toHaveLength(1);
    await bench.remove("a");
    nothingLeft();
  });

  it("W-49: a root volume that is not found does not keep the server", async () => {
    await start();
    const claim = await bench.launch("a");
    await bench.kube.delete(NodeClaims, { name: "a" });
    bench.fake.faults([{ match: { operation: "getBlockVolume" }, fault: "status", status: 404, type: "not_found" }]);
    await bench.deleteOnce(await bench.claim("a"));
    expect(bench.writes("serverAction").map(({ body }) => body)).toEqual([
      { action: "poweron" },
      { action: "terminate" },
    ]);
    bench.fake.faults([]);
    while (bench.fake.state().machines.some(({ id }) => id === serverIdOf(claim))) await bench.pass(5_000);
    // The fake did not tell the truth: the volume is there.
    provoked = ["LeakedVolume"];
  });

  it("T-54: nothing is destroyed while the server starts", async () => {
    await start();
    const claim = await bench.launch("a");
    bench.fake.outside.setServerState(serverIdOf(claim), "starting");
    expect(await bench.deleteOnce(claim)).toBe(false);
    expect(bench.writes("serverAction")).toHaveLength(1);
    expect(bench.writes("deleteServer")).toEqual([]);
    bench.fake.outside.setServerState(serverIdOf(claim), "running");
    await bench.remove("a");
    nothingLeft();
  });

  it("T-55: a volume that stays detaching is waited for", async () => {
    await start();
    bench.fake.switches.extraDetachSeconds = 70;
    await bench.launch("a");
    const before = bench.clock.now();
    await bench.remove("a");
    expect(bench.clock.now() - before).toBeGreaterThanOrEqual(75_000);
    // Polled, not tried in vain.
    expect(bench.writes("deleteBlockVolume").map(({ status }) => status)).toEqual([204]);
    nothingLeft();
  });

  it("T-56: after a crash the volume's id stands in the annotation; without it the tag leads to it", async () => {
    await start();
    const claim = await bench.launch("a");
    expect(await bench.deleteOnce(claim)).toBe(false);
    await bench.restart();
    await bench.remove("a");
    nothingLeft();
    const other = await bench.launch("b");
    await bench.deleteOnce(other);
    await bench.kube.patch(NodeClaims, { name: "b" }, { type: "merge", body: { metadata: { finalizers: null } } });
    await bench.kube.delete(NodeClaims, { name: "b" });
    for (let passed = 0; passed <= 12; passed += 2) {
      await bench.collect();
      await bench.pass(2 * MINUTE);
    }
    nothingLeft();
  });

  it("T-57: a server that is gone already leaves its volume to be removed", async () => {
    await start();
    const claim = await bench.launch("a");
    bench.fake.outside.vanish(serverIdOf(claim));
    await bench.pass(10_000);
    expect(bench.fake.leakedVolumes()).toHaveLength(1);
    await bench.remove("a");
    nothingLeft();
  });

  it("T-58: a volume that a CSI driver attached survives its node", async () => {
    await start();
    const claim = await bench.launch("a");
    const volume = bench.fake.outside.attachVolume(serverIdOf(claim));
    await bench.kube.patch(
      NodeClaims,
      { name: "a" },
      { type: "merge", body: { metadata: { annotations: { [ScalewayAnnotation.Volumes]: null } } } },
    );
    await bench.remove("a");
    expect(bench.fake.state().blockVolumes.map(({ id }) => id)).toEqual([volume.id]);
  });

  it("T-59: a locked server is told of once and asked about every ten minutes", async () => {
    await start();
    const claim = await bench.launch("a");
    bench.fake.outside.setServerState(serverIdOf(claim), "locked");
    const calls = (): number => bench.fake.requestLog().filter(({ operation }) => operation === "getServer").length;
    await bench.deleteOnce(claim);
    const before = calls();
    for (let round = 0; round < 20; round++) {
      await bench.deleteOnce(claim);
      await bench.pass(20_000);
    }
    expect(calls()).toBe(before);
    expect(bench.events.notes.filter(({ reason }) => reason === "ServerLocked")).toHaveLength(1);
    await bench.pass(4 * MINUTE);
    await bench.deleteOnce(claim);
    await bench.deleteOnce(claim);
    expect(calls()).toBe(before + 1);
    expect(bench.writes("serverAction").map(({ body }) => body)).toEqual([{ action: "poweron" }]);
  });

  it("a server of somebody else is left alone", async () => {
    await start();
    const claim = await bench.launch("a");
    const foreign = bench.fake.outside.addServer("fr-par-1", { name: "db" });
    const stolen = { ...claim, status: { ...claim.status, providerID: `scaleway://instance/fr-par-1/${foreign.id}` } };
    expect(await bench.deleteOnce(stolen)).toBe(true);
    expect(bench.fake.state().machines.map(({ id }) => id)).toContain(foreign.id);
  });
});

describe("list and get (W-48, W-50)", () => {
  it("T-60: 205 servers come in three pages; a page that is missing is an error", async () => {
    await start({ spec: { zones: ["fr-par-1"] } });
    for (let index = 0; index < 205; index++) {
      bench.fake.outside.addServer("fr-par-1", { name: `m-${index}`, tags: OURS, foreign: false });
    }
    const first = bench.fake.requestLog().length;
    const listed = await bench.during(bench.provider.list({ signal: bench.signal }));
    expect(new Set(listed.map(({ status }) => status?.providerID)).size).toBe(205);
    const pages = bench.fake
      .requestLog()
      .slice(first)
      .filter(({ operation }) => operation === "listServers");
    expect(pages.map(({ query }) => new URLSearchParams(query).get("page"))).toEqual(["1", "2", "3"]);
    bench.fake.switches.truncateLists = true;
    await expect(bench.during(bench.provider.list({ signal: bench.signal }))).rejects.toThrow(/200 of 205/);
    const before = bench.writes().length;
    await expect(bench.collect()).rejects.toThrow(/200 of 205/);
    expect(bench.writes()).toHaveLength(before);
    bench.fake.switches.truncateLists = false;
  });

  it("T-61: servers of another cluster and servers without tags are not ours", async () => {
    await start();
    bench.fake.outside.addServer("fr-par-1", {
      name: "x",
      tags: ["karpenter-managed=true", "karpenter-cluster=other"],
    });
    bench.fake.outside.addServer("fr-par-1", { name: "y" });
    expect(await bench.during(bench.provider.list({ signal: bench.signal }))).toEqual([]);
    for (let passed = 0; passed <= 12; passed += 2) {
      await bench.collect();
      await bench.pass(2 * MINUTE);
    }
    expect(bench.fake.state().machines.map(({ name }) => name)).toEqual(["x", "y"]);
    expect(bench.writes()).toEqual([]);
  });

  it("T-63: a machine is looked for in the zone its provider id names", async () => {
    await start();
    const claim = await bench.launch("a", { zones: ["fr-par-2"] });
    await bench.during(bench.provider.get(claim.status?.providerID ?? "", { signal: bench.signal }));
    const last = bench.fake.requestLog().findLast(({ operation }) => operation === "getServer");
    expect(last?.path).toContain("/zones/fr-par-2/");
  });

  it.each(["k3s://node-1", "scaleway://baremetal/fr-par-2/x"])("T-64: %s is no machine of ours", async (providerID) => {
    await start();
    const asked = bench.provider.get(providerID, { signal: bench.signal });
    await expect(asked).rejects.toSatisfy((error) => hasCode(error, "PROVIDER_MACHINE_NOT_FOUND"));
  });
});

describe("collection (W-51, W-55)", () => {
  it("T-65: an address of ours that nobody uses goes after ten minutes, others stay", async () => {
    await start();
    bench.fake.outside.addIp("fr-par-1", OURS, false);
    const foreign = bench.fake.outside.addIp("fr-par-1", []);
    for (let passed = 0; passed <= 8; passed += 2) {
      await bench.collect();
      expect(bench.fake.state().ips).toHaveLength(2);
      await bench.pass(2 * MINUTE);
    }
    for (let passed = 10; passed <= 12; passed += 2) {
      await bench.collect();
      await bench.pass(2 * MINUTE);
    }
    expect(bench.fake.state().ips.map(({ id }) => id)).toEqual([foreign.id]);
  });

  it("W-55: a server that somebody stopped is told of after five minutes, and its claim given up after fifteen", async () => {
    await start();
    const claim = await bench.launch("a");
    const registered = {
      type: "Registered",
      status: "True",
      reason: "Registered",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    await bench.kube.patchStatus(
      NodeClaims,
      { name: "a" },
      { type: "merge", body: { status: { ...claim.status, conditions: [registered] } } },
    );
    bench.fake.outside.setServerState(serverIdOf(claim), "stopped");
    for (let passed = 0; passed <= 6; passed += 2) {
      await bench.collect();
      await bench.pass(2 * MINUTE);
    }
    expect(bench.events.notes.map(({ reason }) => reason)).toContain("InstanceStopped");
    expect((await bench.claim("a")).metadata.deletionTimestamp).toBeUndefined();
    for (let passed = 0; passed <= 10; passed += 2) {
      await bench.collect();
      await bench.pass(2 * MINUTE);
    }
    expect((await bench.claim("a")).metadata.deletionTimestamp).toBeDefined();
  });

  it("W-55: maintenance within a day is told of, and nothing is done", async () => {
    await start();
    const claim = await bench.launch("a");
    const told = (): readonly string[] =>
      bench.events.notes.filter(({ reason }) => reason === "MaintenancePlanned").map(({ message }) => message);
    bench.fake.outside.planMaintenance(serverIdOf(claim), bench.clock.now() + 25 * 60 * MINUTE);
    await bench.collect();
    expect(told()).toEqual([]);
    await bench.pass(2 * 60 * MINUTE);
    await bench.collect();
    expect(told()[0]).toContain("planned maintenance of server a for 20");
    expect((await bench.claim("a")).metadata.deletionTimestamp).toBeUndefined();
  });

  it("W-51: a server that was found without its NodeClaim is counted when it goes", async () => {
    const metrics = new PromMetrics();
    await start({ metrics });
    const tags = [...OURS, "karpenter-nodeclaim=lost", "karpenter-nodeclaim-uid=lost"];
    bench.fake.outside.addServer("fr-par-1", { name: "lost", tags, foreign: false });
    const [found] = await bench.during(bench.provider.list({ signal: bench.signal }));
    if (found === undefined) throw new Error("the server was not found");
    while (!(await bench.deleteOnce(found))) await bench.pass(5_000);
    expect(await metrics.render()).toContain('karpenter_scaleway_gc_deleted_total{kind="server",reason="orphan"} 1');
    provoked = ["LeakedVolume"];
  });

  it("W-44: a server that never found a hypervisor gives its place up", async () => {
    await start();
    bench.fake.faults([{ match: { zone: "fr-par-1" }, fault: "boot", stuck: true }]);
    await bench.launch("a", { zones: ["fr-par-1"] });
    for (let passed = 0; passed <= 12; passed += 2) {
      await bench.collect();
      await bench.pass(2 * MINUTE);
    }
    expect((await bench.claim("a")).metadata.deletionTimestamp).toBeDefined();
  });
});
