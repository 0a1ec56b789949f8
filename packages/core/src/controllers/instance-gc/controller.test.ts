// Scenarios of docs/reference/upstream-parity.md: E-37.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, Nodes, type NodeClaim } from "../../api/index.ts";
import { NodeClassNotReady, Transient } from "../../provider/index.ts";
import { aNodeClaim, aPod, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { instanceGarbageCollectionController } from "./controller.ts";

const MINUTE = 60_000;
let harness: ControllerHarness;
afterEach(() => harness.stop());

/** Starts with these machines in the cloud. */
async function cloudWith(machines: readonly NodeClaim[], options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  for (const machine of machines) harness.provider.machines.set(machine.status?.providerID ?? "", machine);
}

async function start(): Promise<void> {
  await harness.start(instanceGarbageCollectionController(harness.deps));
}

const machines = () => [...harness.provider.machines.keys()];

describe("instance.garbagecollection", () => {
  it("LC-47, DX-34: a machine that no claim speaks of goes after five minutes, not before", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })]);
    await start();
    await harness.pass(5 * MINUTE - 15_000);
    expect(machines()).toEqual(["test:///lost"]);
    await harness.pass(2 * MINUTE);
    expect(machines()).toEqual([]);
    expect(harness.deps.decisions.list()).toMatchObject([
      { controller: "instance.garbagecollection", verdict: "OrphanMachine", subject: "Machine test:///lost" },
    ]);
  });

  it("a cloud that no NodeClass leads to yet is no error: asked again after 30 seconds, and nothing is given back", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })]);
    const list = harness.provider.list.bind(harness.provider);
    let asked = 0;
    harness.provider.list = async () => {
      asked++;
      throw new NodeClassNotReady("TestNodeClass default is not ready");
    };
    await start();
    await harness.pass(60 * MINUTE);
    expect(asked).toBe(121);
    expect(machines()).toEqual(["test:///lost"]);
    expect(harness.logger.messages("error")).toEqual([]);
    expect(harness.logger.find("machines cannot be listed yet")?.level).toBe("debug");
    harness.provider.list = list;
    await harness.pass(7 * MINUTE);
    expect(machines()).toEqual([]);
  });

  it("LC-47: its Node goes with it", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })]);
    await harness.putNode({ name: "node-1", providerID: "test:///lost" });
    await harness.putNode({ name: "node-2", providerID: "test:///other" });
    await start();
    await harness.pass(7 * MINUTE);
    expect((await harness.kube.list(Nodes)).items.map(({ metadata }) => metadata.name)).toEqual(["node-2"]);
  });

  it("LC-47: a machine that a claim speaks of stays for ever", async () => {
    await cloudWith([]);
    await harness.putMachine("n1");
    await start();
    await harness.pass(30 * MINUTE);
    expect(harness.provider.calls).toEqual([]);
  });

  it("LC-47: a machine whose claim has not noted it yet is known by the claim's uid", async () => {
    await cloudWith([]);
    const { status: _, ...unlaunched } = aNodeClaim({ name: "default-1" });
    const claim = await harness.put(NodeClaims, unlaunched);
    harness.provider.machines.set("test:///1", { ...claim, status: { providerID: "test:///1" } });
    await start();
    await harness.pass(30 * MINUTE);
    expect(machines()).toEqual(["test:///1"]);
  });

  it("a machine of a claim of the same name but another uid is an orphan", async () => {
    await cloudWith([aNodeClaim({ name: "default-1", providerID: "test:///old" })]);
    await harness.put(NodeClaims, aNodeClaim({ name: "default-1", providerID: "test:///new" }));
    await start();
    await harness.pass(7 * MINUTE);
    expect(machines()).toEqual([]);
  });

  it("RT-30: a machine that is claimed at the last moment stays", async () => {
    await cloudWith([aNodeClaim({ name: "a" }), aNodeClaim({ name: "b" })]);
    await start();
    const remove = harness.provider.delete.bind(harness.provider);
    harness.provider.delete = async (machine) => {
      await remove(machine);
      if (machine.metadata.name === "a") await harness.put(NodeClaims, aNodeClaim({ name: "b" }));
      await harness.clock.settle();
    };
    await harness.pass(7 * MINUTE);
    for (let i = 0; i < 10; i++) await harness.pass(0);
    expect(machines()).toEqual(["test:///b"]);
  });

  it("LC-44: an error of the cloud is no empty list and no proof of anything", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })]);
    harness.provider.list = async () => {
      throw new Transient("the cloud answered 503");
    };
    await start();
    await harness.pass(30 * MINUTE);
    expect(machines()).toEqual(["test:///lost"]);
  });

  it("a cloud that fails is asked at the usual pace, neither in a flood nor after a quarter of an hour", async () => {
    await cloudWith([]);
    let lists = 0;
    harness.provider.list = async () => {
      lists++;
      throw new Transient("the cloud answered 503");
    };
    await start();
    await harness.pass(MINUTE);
    expect(lists).toBeLessThanOrEqual(6);
    await harness.pass(30 * MINUTE);
    expect(lists).toBeGreaterThanOrEqual(15);
  });

  it("DX-34: a machine that was claimed in between starts its five minutes anew", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })]);
    await start();
    await harness.pass(4 * MINUTE);
    await harness.put(NodeClaims, aNodeClaim({ name: "lost" }));
    await harness.pass(3 * MINUTE);
    await harness.kube.delete(NodeClaims, { name: "lost" });
    await harness.pass(3 * MINUTE);
    expect(machines()).toEqual(["test:///lost"]);
    await harness.pass(6 * MINUTE);
    expect(machines()).toEqual([]);
  });

  it("one machine that cannot be deleted keeps neither the others nor the provider's own collection", async () => {
    await cloudWith([aNodeClaim({ name: "a" }), aNodeClaim({ name: "b" })]);
    let collected = 0;
    Object.assign(harness.provider, { collectGarbage: async () => void collected++ });
    const remove = harness.provider.delete.bind(harness.provider);
    harness.provider.delete = async (machine) => {
      if (machine.metadata.name === "a") throw new Transient("a is locked");
      await remove(machine);
    };
    await start();
    await harness.pass(7 * MINUTE);
    expect(machines()).toEqual(["test:///a"]);
    const before = collected;
    await harness.pass(5 * MINUTE);
    expect(collected).toBeGreaterThan(before);
    expect(harness.logger.messages("error")).toContain("Reconciler error");
  });

  it("a machine that is gone already counts as deleted, and its Node goes", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })]);
    await harness.putNode({ name: "node-1", providerID: "test:///lost" });
    const [machine] = harness.provider.machines.values();
    harness.provider.list = async () => (machine ? [machine] : []);
    harness.provider.machines.clear();
    await start();
    await harness.pass(7 * MINUTE);
    expect((await harness.kube.list(Nodes)).items).toEqual([]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a Node that took the name meanwhile is not deleted for it", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })]);
    await harness.putNode({ name: "node-1", providerID: "test:///lost" });
    await start();
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "delete" || resource.kind !== "Node") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(Nodes, { name: "node-1" });
      await harness.putNode({ name: "node-1", providerID: "test:///new" });
    };
    await harness.pass(7 * MINUTE);
    expect((await harness.stored(Nodes, { name: "node-1" }))?.spec?.providerID).toBe("test:///new");
  });

  it("a machine without a providerID cannot be told apart and is left alone", async () => {
    await cloudWith([aNodeClaim({ name: "nameless", providerID: "x" })]);
    const [machine] = harness.provider.machines.values();
    const { status: _, ...nameless } = machine ?? aNodeClaim();
    harness.provider.list = async () => [nameless];
    await start();
    await harness.pass(10 * MINUTE);
    expect(harness.provider.calls).toEqual([]);
  });

  it("the provider's own collection comes after our round, with the managed claims read after the list", async () => {
    await cloudWith([]);
    const order: string[] = [];
    const list = harness.provider.list.bind(harness.provider);
    harness.provider.list = async () => {
      order.push("list");
      return await list();
    };
    const collectGarbage = async (claims: readonly NodeClaim[]) => {
      order.push(...claims.map(({ metadata }) => `claim ${metadata.name}`));
    };
    Object.assign(harness.provider, { collectGarbage });
    await harness.put(NodeClaims, aNodeClaim({ name: "ours" }));
    const foreign = aNodeClaim({ name: "foreign", spec: { nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } } });
    await harness.put(NodeClaims, foreign);
    await start();
    await harness.pass(100);
    expect(order).toEqual(["list", "claim ours"]);
  });

  it("D-149: looks every 10 seconds at first, then every two minutes", async () => {
    await cloudWith([]);
    let lists = 0;
    harness.provider.list = async () => {
      lists++;
      return [];
    };
    await start();
    await harness.pass(195_000);
    expect(lists).toBe(20);
    await harness.pass(110_000);
    expect(lists).toBe(20);
    await harness.pass(490_000);
    expect(lists).toBe(25);
  });

  it("a provider's own numbers count: how often it is looked, and how old an orphan must be", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })]);
    const settings = harness.provider.settings();
    Object.assign(harness.provider, {
      settings: () => ({ ...settings, orphanInterval: 30_000, orphanAge: 10 * MINUTE }),
    });
    await start();
    await harness.pass(10 * MINUTE - 15_000);
    expect(machines()).toEqual(["test:///lost"]);
    await harness.pass(MINUTE);
    expect(machines()).toEqual([]);
    expect(harness.deps.decisions.list()[0]?.detail).toContain("for 10 minutes");
  });

  it("observe mode: the orphan is named, and nothing is deleted", async () => {
    await cloudWith([aNodeClaim({ name: "lost" })], { settings: { mode: "observe" } });
    let collected = 0;
    Object.assign(harness.provider, { collectGarbage: async () => void collected++ });
    await harness.putNode({ name: "node-1", providerID: "test:///lost" });
    await harness.putPod(aPod({ nodeName: "node-1" }));
    await start();
    await harness.pass(30 * MINUTE);
    expect(machines()).toEqual(["test:///lost"]);
    expect(harness.provider.calls).toEqual([]);
    expect(collected).toBe(0);
    expect(harness.deps.decisions.list().map(({ verdict }) => verdict)).toEqual(["OrphanMachine"]);
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
