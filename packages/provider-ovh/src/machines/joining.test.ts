import { Label, Nodes } from "@karpenter-multicloud/core/api";
import type { NodeClaim } from "@karpenter-multicloud/core/api";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, describe, expect, it } from "vitest";

import { OvhAnnotation } from "../api/labels.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import type { ViolationKind } from "../testing/index.ts";

const ZONE_A = "eu-west-par-a";
const POOL_A = "karpenter-b3-8-eu-west-par-a";

let bench: Bench;
let provoked: readonly ViolationKind[] = [];
const started = async (options: BenchOptions = {}): Promise<Bench> => {
  provoked = [];
  return (bench = await Bench.start({ nodes: true, ...options }));
};
afterEach(() => bench.close(...provoked));

const nodeNameOf = (claim: NodeClaim | undefined): string =>
  claim?.metadata.annotations?.[OvhAnnotation.NodeName] ?? "";
const isGoing = async (name: string): Promise<boolean> =>
  (await bench.claim(name)).metadata.deletionTimestamp !== undefined;

describe("between launch and registration", () => {
  it("T-84, O-27a: a machine that fails before it joins is given up within a minute, and its offering avoided", async () => {
    await started({ nodes: false });
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    bench.fake.outside.setMachineStatus(nodeNameOf(claim), "FLAVOR_OUT_OF_STOCK_ERROR");
    await bench.pass(60_000);
    expect(await isGoing("claim-1")).toBe(true);
    const offering = { instanceType: "b3-8", zone: ZONE_A, capacityType: "on-demand" };
    expect(bench.unavailable.availability(offering)).toMatchObject({ available: false, reason: "OutOfStock" });
    expect(bench.events.withReason("OutOfStock")[0]?.message).toContain(nodeNameOf(claim));
    await bench.during(bench.remove("claim-1"));
    expect(bench.bodies("PUT")).toEqual([{ desiredNodes: 0, nodesToRemove: [expect.any(String)] }]);
  });

  it("T-73, O-27: a machine of a suspended project is no failure, however long it stays", async () => {
    await started({ nodes: false });
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    bench.fake.outside.setMachineStatus(nodeNameOf(claim), "USER_NODE_SUSPENDED_SERVICE");
    bench.fake.outside.setClusterStatus("SUSPENDED");
    await bench.pass(minutes(30));
    expect(await isGoing("claim-1")).toBe(false);
    expect(await bench.condition("ProjectUsable")).toMatch(/^False Suspended: /);
    await expect(bench.during(bench.provider.list({ signal: bench.signal }))).resolves.toHaveLength(1);
    expect(bench.writes("PUT")).toEqual([]);
  });

  it("O-27a: a registered machine is none of its business", async () => {
    await started();
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    await bench.pass(minutes(6));
    await bench.register("claim-1");
    bench.fake.outside.setMachineStatus(nodeNameOf(claim), "ERROR");
    await bench.pass(minutes(5));
    expect(await isGoing("claim-1")).toBe(false);
  });

  it("O-29c: a node that gets no provider id is told of after two minutes, and left as it is", async () => {
    await started();
    const [claim] = await bench.machines(1, { zones: [ZONE_A] });
    const name = nodeNameOf(claim);
    await bench.kube.create(Nodes, { apiVersion: "v1", kind: "Node", metadata: { name }, spec: {} });
    await bench.pass(minutes(2));
    expect(bench.events.withReason("ProviderIDMissing")).toEqual([]);
    await bench.pass(minutes(1));
    expect(bench.events.withReason("ProviderIDMissing")[0]?.message).toMatch(/OpenStack cloud controller manager/);
    expect((await bench.node(name)).spec?.providerID).toBeUndefined();
  });

  it("T-38, O-26: a GPU machine has 90 minutes, others 15 and 20", async () => {
    await started();
    const limits = async (flavor: string): Promise<unknown> => {
      const name = `limits-${flavor}`;
      const claim = await bench.claim(await bench.putClaim(name, { flavors: [flavor], zones: [ZONE_A] }));
      const annotations = { [OvhAnnotation.Offering]: `${flavor}/${ZONE_A}` };
      return bench.provider.timeouts?.({ ...claim, metadata: { ...claim.metadata, annotations } });
    };
    expect(await limits("b3-8")).toEqual({ launch: minutes(15), registration: minutes(20) });
    expect(await limits("l4-90")).toEqual({ launch: minutes(90), registration: minutes(90) });
  });

  it("O-19: GPUs that nothing announces are told of on the class after 15 minutes, with what to install", async () => {
    await started({ fake: { switches: { gpuPlugin: false } } });
    await bench.machines(1, { zones: [ZONE_A], flavors: ["l4-90"] });
    await bench.pass(minutes(31));
    await bench.register("claim-1");
    await bench.pass(minutes(10));
    expect(bench.events.withReason("GpuPluginMissing")).toEqual([]);
    await bench.pass(minutes(10));
    expect(bench.events.withReason("GpuPluginMissing")[0]).toMatchObject({
      object: { kind: "OVHNodeClass" },
      message: expect.stringMatching(/l4-90 .*without nvidia\.com\/gpu: install the NVIDIA GPU operator/),
    });
  });
});

describe("a node that comes back", () => {
  it("T-47, O-29b: installed anew with the same ids, it gets its labels, taints and finalizer again, and keeps its claim", async () => {
    await started({ fake: { plan: "free", switches: { loseLabels: true } } });
    const taints = [{ key: "team", value: "a", effect: "NoSchedule" }] as const;
    const [claim] = await bench.machines(1, { zones: [ZONE_A], taints });
    await bench.pass(minutes(6));
    await bench.register("claim-1");
    const name = nodeNameOf(claim);
    const before = await bench.node(name);
    bench.fake.outside.breakMachine(name);
    await bench.pass(minutes(20));
    const after = await bench.node(name);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after.metadata.labels).toMatchObject({ [Label.Registered]: "true", [Label.NodePool]: "default" });
    expect(after.metadata.finalizers).toEqual(before.metadata.finalizers);
    const own = (after.spec?.taints ?? []).filter(({ key }) => !key.startsWith("node.kubernetes.io/"));
    expect(own.map(({ key }) => key)).toEqual(["team"]);
    expect(await isGoing("claim-1")).toBe(false);
    expect(await bench.during(bench.provider.isDrifted(await bench.claim("claim-1"), { signal: bench.signal }))).toBe(
      "",
    );
  });

  it("T-48, O-29b: labels that come late are no drift, before nor after the registration", async () => {
    await started({ fake: { switches: { labelsLateSeconds: 60 } } });
    await bench.machines(1, { zones: [ZONE_A] });
    await bench.pass(minutes(6));
    const drift = async (): Promise<string> =>
      bench.during(bench.provider.isDrifted(await bench.claim("claim-1"), { signal: bench.signal }));
    expect(await drift()).toBe("");
    await bench.register("claim-1");
    expect(await drift()).toBe("");
    await bench.pass(minutes(10));
    expect(await drift()).toBe("");
  });

  it("T-50, O-58: when MKS rolls the nodes to a new version, each claim ends with its machine, and none is left over", async () => {
    await started({ nodes: false, fake: { speed: { listed: 100, redeploy: 60_000 } } });
    await bench.machines(3, { zones: [ZONE_A] });
    await bench.pass(minutes(6));
    bench.fake.outside.upgradeCluster("1.35.0-1");
    bench.fake.outside.rollNodes();
    for (let turn = 0; turn < 16; turn++) {
      await bench.pass(minutes(1));
      const machines = await bench.during(bench.provider.list({ signal: bench.signal }));
      const present = new Set(machines.map(({ status }) => status?.providerID));
      const lost = (await bench.claims()).filter(({ status }) => !present.has(status?.providerID));
      for (const { metadata } of lost) {
        await bench.drop(metadata.name ?? "");
        await bench.machines(1, { zones: [ZONE_A] }, `instead-of-${metadata.name ?? ""}`);
      }
      await bench.collect();
    }
    await bench.collectFor(30);
    const owned = (await bench.claims()).map(({ metadata }) => metadata.annotations?.[OvhAnnotation.NodeId]);
    expect(owned).toHaveLength(3);
    expect(owned.toSorted()).toEqual(
      bench.fake
        .state()
        .machines.map(({ id }) => id)
        .toSorted(),
    );
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 3, upToDateNodes: 3 });
  });

  it("T-46, O-58: on the standard plan a broken machine is replaced, and the new one goes to whoever waits, or away", async () => {
    await started({ nodes: false, fake: { speed: { listed: 100, heal: 60_000 } } });
    const [first] = await bench.machines(2, { zones: [ZONE_A] });
    await bench.pass(minutes(6));
    await bench.collect();
    bench.fake.outside.breakMachine(nodeNameOf(first));
    await bench.pass(minutes(2));
    await bench.collect();
    expect(await bench.measured("karpenter_ovh_machine_replaced_total ")).toEqual([
      "karpenter_ovh_machine_replaced_total 1",
    ]);
    const { providerID = "" } = first?.status ?? {};
    await expect(bench.during(bench.provider.get(providerID, { signal: bench.signal }))).rejects.toThrow(
      /no machine|DELET/,
    );
    await bench.drop("claim-1");
    const [waiting] = await bench.machines(1, { zones: [ZONE_A] }, "waiting");
    expect(bench.writes("PUT")).toEqual([]);
    expect(bench.fake.state().machines.map(({ id }) => id)).toContain(
      waiting?.metadata.annotations?.[OvhAnnotation.NodeId],
    );
    expect(bench.pool(POOL_A)).toMatchObject({ desiredNodes: 2 });
  });
});
