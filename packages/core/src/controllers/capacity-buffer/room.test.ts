// Buffers among all controllers: room is bought, kept, used, bought again and given back.

import { afterEach, describe, expect, it } from "vitest";
import {
  CapacityBuffers,
  getCondition,
  isConditionTrue,
  NodeClaims,
  NodePools,
  Pods,
  PodTemplates,
  type CapacityBufferSpec,
  type NodeClaim,
} from "../../api/index.ts";
import { defaultSettings, type Settings } from "../../options/index.ts";
import {
  aBuffer,
  aNodePool,
  aPod,
  aPodTemplate,
  BUFFER_KEY,
  type NodePoolOptions,
  type PodOptions,
} from "../../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS } from "../../testing/controller-harness.ts";
import { allControllers } from "../all.ts";

const podTemplateRef = { name: "web" };

let harness: ControllerHarness;
let joined: number;
afterEach(() => harness.stop());

interface Start {
  readonly pool?: NodePoolOptions;
  readonly settings?: Partial<Settings>;
  readonly gate?: boolean;
  readonly prepare?: () => Promise<unknown>;
}

/** Machines have 4 cores. */
async function started({ pool, settings, gate = true, prepare }: Start = {}): Promise<void> {
  const { featureGates } = defaultSettings({ clusterName: "test" });
  const gates = { featureGates: { ...featureGates, CapacityBuffer: gate } };
  harness = new ControllerHarness({ settings: { ...gates, ...settings } });
  joined = 0;
  await harness.putReadyClass();
  await harness.put(NodePools, aNodePool({ status: {}, disruption: { budgets: [{ nodes: "100%" }] }, ...pool }));
  await harness.put(PodTemplates, aPodTemplate("1"));
  await prepare?.();
  await harness.start(...allControllers(harness.deps, [TEST_NODE_CLASS]));
}

async function wish(spec: CapacityBufferSpec, name: string = BUFFER_KEY.name): Promise<void> {
  await harness.put(CapacityBuffers, aBuffer({ podTemplateRef, ...spec }, name));
  await harness.pass(3000);
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

/** Every machine that has been bought becomes a node. */
async function join(): Promise<void> {
  while (joined < harness.provider.machines.size) {
    joined++;
    await harness.putNode({ name: `node-${joined}`, nodePool: "", providerID: `fake:///${joined}` });
  }
  await harness.pass(5000);
}

async function run(name: string, nodeName: string, over: PodOptions = {}): Promise<void> {
  await harness.putPod(aPod({ name, requests: { cpu: "1" }, ...over }));
  await harness.kube.bind({ namespace: "default", name }, nodeName);
}

async function provisioning(name: string = BUFFER_KEY.name): Promise<string | undefined> {
  const stored = await harness.stored(CapacityBuffers, { namespace: "default", name });
  const found = stored && getCondition(stored, "Provisioning");
  return found && `${found.reason}: ${found.message}`;
}

const told = (subject: string) =>
  harness.deps.decisions
    .list()
    .filter((record) => record.subject === subject)
    .map(({ verdict }) => verdict);

describe("the room of CapacityBuffers", () => {
  it("E-75, CB-4: a machine is bought for it, and it is told when the room is there", async () => {
    await started();
    await wish({ replicas: 3 });
    expect((await claims()).map(({ spec }) => spec.resources?.requests)).toMatchObject([{ cpu: "3", pods: "3" }]);
    expect(await provisioning()).toBe("RequiresNewCapacity: room for 0 of 3 pods is there; for 3 a machine starts");
    await join();
    expect(await provisioning()).toBe("FitsExistingCapacity: room for 3 pods is there");
    expect(
      harness.events
        .texts()
        .filter((text) => text.includes("CapacityBuffer/headroom"))
        .at(-1),
    ).toBe(
      "Normal Provisioning CapacityBuffer/headroom: Status condition transitioned, Type: Provisioning, Status: False -> True, Reason: FitsExistingCapacity, Message: room for 3 pods is there",
    );
    expect(told("CapacityBuffer default/headroom")).toEqual(["RequiresNewCapacity", "FitsExistingCapacity"]);
  });

  it("S-208: its pods are never written, nominated or spoken of", async () => {
    await started();
    await wish({ replicas: 3 });
    await join();
    await harness.pass(60_000);
    expect((await harness.kube.list(Pods)).items).toEqual([]);
    const about = harness.events.notes.filter(({ resource }) => resource.kind === "Pod");
    expect([about, harness.deps.state.nodeByName("node-1")?.nominatedUntil]).toEqual([[], undefined]);
    expect(harness.logger.find("computed new nodeclaim(s) to fit pod(s)")?.fields).toMatchObject({
      pods: 0,
      "buffer-pods": 3,
    });
    expect(harness.logger.find("found provisionable pod(s)")).toBeUndefined();
  });

  it("E-82, DT-37, D-61: its node is not given back although nothing runs there, and says why", async () => {
    await started();
    await wish({ replicas: 3 });
    await join();
    await harness.pass(5 * 60_000);
    expect(await claims()).toHaveLength(1);
    expect(told("Node node-1")).toContain("BufferPods");
    expect(told("Node node-1")).not.toContain("Selected");
  });

  it("E-83: without the buffer its node goes", async () => {
    await started();
    await wish({ replicas: 3 });
    await join();
    await harness.kube.delete(CapacityBuffers, BUFFER_KEY);
    await harness.pass(2 * 60_000);
    expect([await claims(), harness.provider.machines.size]).toEqual([[], 0]);
  });

  it("E-85: a smaller buffer keeps fewer nodes", async () => {
    await started();
    await wish({ replicas: 8 });
    await join();
    expect(await claims()).toHaveLength(2);
    await harness.kube.patch(CapacityBuffers, BUFFER_KEY, { type: "merge", body: { spec: { replicas: 4 } } });
    await harness.pass(2 * 60_000);
    expect([(await claims()).length, await provisioning()]).toEqual([
      1,
      "FitsExistingCapacity: room for 4 pods is there",
    ]);
  });

  it("CB-3: a restart gives no kept node back, however soon nodes are looked at", async () => {
    await started({
      prepare: async () => {
        await harness.putMachine("n1", {
          claim: { conditions: ["Launched", "Registered", "Initialized", "Consolidatable"] },
        });
        await harness.put(CapacityBuffers, aBuffer({ podTemplateRef, replicas: 3 }));
        // Whoever plans has to wait for the cloud.
        harness.provider.failures.types.push(...Array.from({ length: 4 }, () => new Error("later")));
      },
    });
    await harness.pass(3 * 60_000);
    expect((await claims()).map(({ metadata }) => metadata.name)).toEqual(["n1"]);
    expect(told("Node n1")).not.toContain("Selected");
  });

  it("E-80, E-81: pods that take the room make it be bought again at once", async () => {
    await started();
    await wish({ replicas: 3 });
    await join();
    for (const name of ["a", "b", "c"]) await run(name, "node-1");
    await harness.pass(3000);
    expect(await claims()).toHaveLength(2);
    expect(await provisioning()).toBe("RequiresNewCapacity: room for 1 of 3 pods is there; for 2 a machine starts");
    await join();
    expect(await provisioning()).toBe("FitsExistingCapacity: room for 3 pods is there");
    await harness.pass(60_000);
    expect(await claims()).toHaveLength(2);
  });

  it("E-80: pods that still wait get the room in the plan, and the buffer's is bought in the same one", async () => {
    await started();
    await wish({ replicas: 3 });
    await join();
    for (const name of ["a", "b", "c"]) await harness.putPod(aPod({ name, requests: { cpu: "1" } }));
    await harness.pass(1500);
    expect(harness.events.withReason("Nominated").map(({ message }) => message)).toEqual(
      Array.from({ length: 3 }, () => expect.stringContaining("node/node-1")),
    );
    expect(await claims()).toHaveLength(2);
  });

  it("E-87: a pool's limit caps it, with one word about it and no event", async () => {
    await started({ pool: { limits: { cpu: "4" } } });
    await wish({ replicas: 8 });
    await join();
    await harness.pass(5 * 60_000);
    expect(await claims()).toHaveLength(1);
    expect(await provisioning()).toMatch(
      /^RequiresNewCapacity: room for 4 of 8 pods is there; for 4 there is no place: .*limit cpu/,
    );
    expect(harness.events.withReason("FailedScheduling")).toEqual([]);
    expect(told("CapacityBuffer default/headroom").length).toBeLessThan(4);
    expect(harness.logger.messages("error").filter((text) => !text.includes("unregistered"))).toEqual([]);
  });

  it("CB-3: what finds no place is planned every half minute, not every ten seconds", async () => {
    await started({ pool: { limits: { nodes: 0 } } });
    await wish({ replicas: 1 });
    let lists = 0;
    const getInstanceTypes = harness.provider.getInstanceTypes.bind(harness.provider);
    harness.provider.getInstanceTypes = (pool) => {
      lists++;
      return getInstanceTypes(pool);
    };
    await harness.pass(5 * 60_000);
    expect(lists).toBeGreaterThanOrEqual(9);
    expect(lists).toBeLessThanOrEqual(11);
  });

  it("E-88: several buffers are independent of each other", async () => {
    await started();
    await wish({ replicas: 4 });
    await wish({ replicas: 4 }, "second");
    await join();
    expect(await claims()).toHaveLength(2);
    await harness.kube.delete(CapacityBuffers, { namespace: "default", name: "second" });
    await harness.pass(2 * 60_000);
    expect(await claims()).toHaveLength(1);
    expect(await provisioning()).toBe("FitsExistingCapacity: room for 4 pods is there");
  });

  it("E-89: a buffer that goes as soon as it came leaves no machine", async () => {
    await started();
    await wish({ replicas: 3 });
    await harness.kube.delete(CapacityBuffers, BUFFER_KEY);
    await join();
    await harness.pass(2 * 60_000);
    expect([await claims(), harness.provider.machines.size]).toEqual([[], 0]);
  });

  it("E-90: the room is beside what runs, where there is enough of it", async () => {
    await started();
    await harness.putPod(aPod({ name: "web", requests: { cpu: "1" } }));
    await harness.pass(3000);
    await join();
    await harness.kube.bind({ namespace: "default", name: "web" }, "node-1");
    await wish({ replicas: 3 });
    expect([(await claims()).length, await provisioning()]).toEqual([
      1,
      "FitsExistingCapacity: room for 3 pods is there",
    ]);
  });

  it("E-92: when its node expires, the room is bought elsewhere at once", async () => {
    await started();
    await wish({ replicas: 3 });
    await join();
    const [claim] = await claims();
    harness.provider.slowDeletes = 100;
    await harness.kube.delete(NodeClaims, { name: claim?.metadata.name ?? "" });
    await harness.pass(3000);
    const fresh = (await claims()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    expect(fresh.map((each) => isConditionTrue(each, "Launched"))).toEqual([true]);
  });

  it("observe mode: nothing is bought, and the buffer says so", async () => {
    await started({ settings: { mode: "observe" } });
    await wish({ replicas: 3 });
    expect(await claims()).toEqual([]);
    expect(await provisioning()).toBe(
      "RequiresNewCapacity: room for 0 of 3 pods is there; for 3 there is no place: observe mode, nothing is bought",
    );
    const bought = harness.deps.decisions.list().find(({ verdict }) => verdict === "ObserveOnly");
    expect(bought?.detail).toMatch(/room for 3 pods needs a new machine: m\.4 at /);
  });

  it("without the feature gate a buffer is left alone", async () => {
    await started({ gate: false });
    await wish({ replicas: 3 });
    await harness.pass(60_000);
    expect([await claims(), await provisioning()]).toEqual([[], undefined]);
  });
});
