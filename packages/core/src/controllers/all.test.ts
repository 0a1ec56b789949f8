import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, NodePools, Nodes, toRfc3339, type NodeClaim } from "../api/index.ts";
import { defaultSettings } from "../options/index.ts";
import { LearnedMachines, type RepairPolicy } from "../provider/index.ts";
import { aNodePool, aPod, type PodOptions } from "../testing/builders/index.ts";
import { ControllerHarness, TEST_NODE_CLASS, type HarnessOptions } from "../testing/controller-harness.ts";
import { minutes } from "../units/index.ts";
import { allControllers } from "./all.ts";

/** Karpenter's own names, and ours. */
const KNOWN_NAMES: readonly string[] = [
  "provisioner",
  "provisioner.trigger.pod",
  "provisioner.trigger.node",
  "disruption",
  "disruption.queue",
  "eviction-queue",
  "node.termination",
  "node.health",
  "node.hydration",
  "nodeclaim.lifecycle",
  "nodeclaim.disruption",
  "nodeclaim.expiration",
  "nodeclaim.garbagecollection",
  "nodeclaim.consistency",
  "nodeclaim.podevents",
  "nodeclaim.hydration",
  "nodepool.hash",
  "nodepool.readiness",
  "nodepool.validation",
  "nodepool.counter",
  "nodepool.registrationhealth",
  "nodeoverlay.controller",
  "static.provisioning",
  "static.deprovisioning",
  "capacitybuffer",
  "state.node",
  "metrics.pod",
  "metrics.node",
  "metrics.nodepool",
  "operatorpkg.testnodeclass.status",
  "operatorpkg.nodepool.status",
  "operatorpkg.nodeclaim.status",
  "operatorpkg.node.status",
  "operatorpkg.nodeoverlay.status",
  "operatorpkg.capacitybuffer.status",
  "instance.garbagecollection",
  // Ours.
  "learned.machines",
  "learned.store",
];

const SICK = { conditionType: "BadNode", conditionStatus: "False", tolerationDuration: minutes(30) } as const;

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function everything(options: HarnessOptions = {}, policies: readonly RepairPolicy[] = []): Promise<void> {
  harness = new ControllerHarness(options);
  harness.provider.policies = policies;
  await harness.putReadyClass();
  await harness.put(NodePools, aNodePool({ status: {}, disruption: { budgets: [] } }));
  await harness.start(...allControllers(harness.deps, [TEST_NODE_CLASS]));
}

async function pending(over: PodOptions = {}): Promise<void> {
  await harness.putPod(aPod({ name: "web", requests: { cpu: "1" }, ...over }));
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

describe("all controllers", () => {
  it.each([true, false])("every controller has a name of its own that users know, overlays: %s", (NodeOverlay) => {
    const { featureGates } = defaultSettings({ clusterName: "test" });
    harness = new ControllerHarness({ settings: { featureGates: { ...featureGates, NodeOverlay } } });
    const learned = { machines: new LearnedMachines(() => harness.clock.now()), place: { name: "learned" } };
    const names = allControllers({ ...harness.deps, learned }, [TEST_NODE_CLASS]).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("learned.store");
    expect(names.filter((name) => !KNOWN_NAMES.includes(name))).toEqual([]);
    expect(names.includes("nodeoverlay.controller")).toBe(NodeOverlay);
  });

  it.each([true, false])("NodePools with replicas are kept at them only with the feature gate: %s", async (gate) => {
    const { featureGates } = defaultSettings({ clusterName: "test" });
    harness = new ControllerHarness({ settings: { featureGates: { ...featureGates, StaticCapacity: gate } } });
    const all = allControllers(harness.deps, [TEST_NODE_CLASS]);
    expect(all.map(({ name }) => name).filter((name) => name.startsWith("static."))).toEqual(
      gate ? ["static.provisioning", "static.deprovisioning"] : ["static.provisioning"],
    );
    expect(all.map(({ name }) => name).filter((name) => !KNOWN_NAMES.includes(name))).toEqual([]);
  });

  it.each([
    [true, true, true],
    [false, true, false],
    [true, false, false],
  ])(
    "nodes are repaired with the feature gate (%s) and policies of the provider (%s): %s",
    (NodeRepair, any, expected) => {
      const { featureGates } = defaultSettings({ clusterName: "test" });
      harness = new ControllerHarness({ settings: { featureGates: { ...featureGates, NodeRepair } } });
      const policy = { conditionType: "Ready", conditionStatus: "False", tolerationDuration: minutes(30) } as const;
      harness.provider.policies = any ? [policy] : [];
      const names = allControllers(harness.deps, [TEST_NODE_CLASS]).map(({ name }) => name);
      expect(names.includes("node.health")).toBe(expected);
    },
  );

  it.each([true, false])("CapacityBuffers are looked at only with the feature gate: %s", async (gate) => {
    const { featureGates } = defaultSettings({ clusterName: "test" });
    harness = new ControllerHarness({ settings: { featureGates: { ...featureGates, CapacityBuffer: gate } } });
    const asked = new Set<string>();
    harness.kube.faults = ({ resource }) => {
      asked.add(resource.plural);
    };
    const all = allControllers(harness.deps, [TEST_NODE_CLASS]);
    await harness.start(...all);
    expect(all.some(({ name }) => name === "capacitybuffer")).toBe(gate);
    expect(all.map(({ name }) => name).filter((name) => !KNOWN_NAMES.includes(name))).toEqual([]);
    expect(["capacitybuffers", "podtemplates"].map((plural) => asked.has(plural))).toEqual([gate, gate]);
  });

  it("M-47: without observability nothing is told of each object, but prices are looked after", () => {
    harness = new ControllerHarness({ settings: { disableClusterStateObservability: true } });
    const names = allControllers(harness.deps, [TEST_NODE_CLASS]).map(({ name }) => name);
    expect(names.filter((name) => /^metrics\.|^operatorpkg\./.test(name))).toEqual(["metrics.nodepool"]);
  });

  it("a pending pod gets a machine, and the machine goes when the pod has ended", async () => {
    await everything();
    await pending();
    await harness.pass(3000);
    const [claim] = await claims();
    expect(claim?.status?.providerID).toBe("fake:///1");
    await harness.putNode({ name: "node-1", nodePool: "", providerID: "fake:///1" });
    await harness.kube.bind({ namespace: "default", name: "web" }, "node-1");
    await harness.pass(60_000);
    expect(await claims()).toHaveLength(1);
    expect((await claims())[0]?.status?.conditions?.find(({ type }) => type === "Ready")?.status).toBe("True");
    await harness.podEnds({ namespace: "default", name: "web" });
    await harness.pass(2 * 60_000);
    expect(await claims()).toEqual([]);
    expect((await harness.kube.list(Nodes)).items).toEqual([]);
    expect(harness.provider.machines.size).toBe(0);
    expect(harness.logger.messages("error")).toEqual(["node joined without the unregistered taint"]);
  });

  it("D-156: the machine of a node that stays sick goes, though its pod may not be disrupted and never ends", async () => {
    const featureGates = { ...defaultSettings({ clusterName: "test" }).featureGates, NodeRepair: true };
    await everything({ settings: { featureGates } }, [SICK]);
    await pending({ annotations: { [Annotation.DoNotDisrupt]: "true" } });
    await harness.pass(3000);
    await harness.putNode({ name: "node-1", nodePool: "", providerID: "fake:///1" });
    await harness.kube.bind({ namespace: "default", name: "web" }, "node-1");
    await harness.pass(60_000);
    const lastTransitionTime = toRfc3339(harness.clock.now());
    const conditions = [{ type: SICK.conditionType, status: SICK.conditionStatus, lastTransitionTime }];
    await harness.kube.patchStatus(Nodes, { name: "node-1" }, { type: "merge", body: { status: { conditions } } });
    await harness.pass(29 * 60_000);
    expect(harness.provider.machines.size).toBe(1);
    // The dead kubelet never says that the pod has ended.
    await harness.pass(3 * 60_000);
    expect(harness.provider.calls).toContain("delete fake:///1");
    expect([...harness.provider.machines.keys()]).not.toContain("fake:///1");
  });

  it("observe mode: reports and buys nothing, deletes nothing, and only status is written", async () => {
    await everything({ settings: { mode: "observe" } });
    const written: string[] = [];
    await harness.putMachine("n1", {
      claim: { conditions: ["Launched", "Registered", "Initialized", "Consolidatable"] },
    });
    await pending({ requests: { cpu: "64" } });
    await harness.putPod(aPod({ name: "bound", nodeName: "n1", requests: { cpu: "3" } }));
    await harness.putPod(aPod({ name: "second", requests: { cpu: "2" } }));
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && !["get", "list", "watch"].includes(verb)) written.push(`${verb} ${resource.kind}`);
    };
    await harness.pass(20 * 60_000);
    expect([...new Set(written)].filter((text) => !/Status /.test(text))).toEqual([]);
    expect((await claims()).map(({ metadata }) => metadata.name)).toEqual(["n1"]);
    expect(harness.provider.calls).toEqual([]);
    const records = harness.deps.decisions
      .list()
      .map(({ controller, verdict, subject }) => `${controller} ${verdict} ${subject}`);
    expect(records).toContain("provisioner ObserveOnly NodePool default");
    expect(records).toContain("provisioner InsufficientResources Pod default/web");
    expect(records).toContain("disruption TypesUnavailable Node n1");
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("observe mode: what would be bought is recorded once, not every ten seconds", async () => {
    await everything({ settings: { mode: "observe" } });
    await pending();
    await harness.pass(10 * 60_000);
    const records = harness.deps.decisions.list().filter(({ verdict }) => verdict === "ObserveOnly");
    expect(records).toHaveLength(1);
    expect(records[0]?.detail).toMatch(/^observe mode, nothing was bought: 1 pod needs a new machine: m\.4 at /);
    expect(harness.events.withReason("Nominated")).toEqual([]);
  });

  it("LC-9: a deleted NodePool takes its machines with it, drained", async () => {
    await everything();
    await pending();
    await harness.pass(3000);
    await harness.putNode({ name: "node-1", nodePool: "", providerID: "fake:///1" });
    await harness.kube.bind({ namespace: "default", name: "web" }, "node-1");
    await harness.pass(5000);
    await harness.kube.delete(NodePools, { name: "default" });
    // The cluster's own garbage collector follows the owner reference.
    const [claim] = await claims();
    expect(claim?.metadata.ownerReferences?.[0]?.kind).toBe("NodePool");
    await harness.kube.delete(NodeClaims, { name: claim?.metadata.name ?? "" });
    await harness.pass(5000);
    expect(harness.events.withReason("Evicted")).toHaveLength(1);
    await harness.podEnds({ namespace: "default", name: "web" });
    await harness.pass(60_000);
    expect(await claims()).toEqual([]);
    expect(harness.provider.machines.size).toBe(0);
  });
});
