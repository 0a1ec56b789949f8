// Pods that have to move, and pods that wait for a promise that will not be kept.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, NodeClaims, NodePools, Pods, PodDisruptionBudgets, type Pod } from "../../api/index.ts";
import { aDaemonSetPod, aNodePool, aPdb, aPod, UNSCHEDULABLE } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { provisioningController } from "./controller.ts";

const KEEP = ["example.com/keep"];
let harness: ControllerHarness;
afterEach(() => harness.stop());

/** A machine that is being deleted, with these pods on it. */
async function leavingMachine(...onIt: readonly Pod[]): Promise<void> {
  harness = new ControllerHarness();
  await harness.put(NodePools, aNodePool());
  await harness.putMachine("n1");
  for (const pod of onIt) await harness.putPod(pod);
  await harness.kube.patch(NodeClaims, { name: "n1" }, { type: "merge", body: { metadata: { finalizers: KEEP } } });
  await harness.kube.delete(NodeClaims, { name: "n1" });
}

async function newClaims(): Promise<number> {
  return (await harness.kube.list(NodeClaims)).items.filter(({ metadata }) => metadata.name !== "n1").length;
}

const onNode = { nodeName: "n1", requests: { cpu: "1" } } as const;

describe("provisioner and pods of leaving nodes", () => {
  it("S-203, S-215: they are planned anew, and not on the node that leaves", async () => {
    await leavingMachine(aPod({ name: "web", ...onNode }));
    await harness.start(provisioningController(harness.deps));
    await harness.pass(1500);
    expect(await newClaims()).toBe(1);
    await harness.pass(120_000);
    expect(await newClaims()).toBe(1);
  });

  it("S-203: pods of DaemonSets, mirror pods and pods that are done stay out of it", async () => {
    await leavingMachine(
      aDaemonSetPod(onNode),
      aPod({ name: "mirror", ...onNode, owner: { apiVersion: "v1", kind: "Node" } }),
      aPod({ name: "done", ...onNode, status: { phase: "Succeeded" } }),
    );
    await harness.start(provisioningController(harness.deps));
    await harness.pass(15_000);
    expect(await newClaims()).toBe(0);
  });

  it("S-203, D-44: a protected pod gets no machine ahead of time, and one as soon as its protection ends", async () => {
    await leavingMachine(aPod({ name: "web", ...onNode, annotations: { [Annotation.DoNotDisrupt]: "true" } }));
    await harness.start(provisioningController(harness.deps));
    await harness.pass(30_000);
    expect(await newClaims()).toBe(0);
    const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: null } } };
    await harness.kube.patch(Pods, { namespace: "default", name: "web" }, { type: "merge", body });
    await harness.pass(13_000);
    expect(await newClaims()).toBe(1);
  });

  it("S-204: a pod that its budget never lets go gets no machine", async () => {
    await leavingMachine(aPod({ name: "web", ...onNode, labels: { app: "web" } }));
    await harness.put(PodDisruptionBudgets, aPdb({ spec: { maxUnavailable: 0 } }));
    await harness.start(provisioningController(harness.deps));
    await harness.pass(15_000);
    expect(await newClaims()).toBe(0);
  });

  it("S-204: a budget that is only used up now does not keep capacity from coming", async () => {
    await leavingMachine(aPod({ name: "web", ...onNode, labels: { app: "web" } }));
    await harness.put(PodDisruptionBudgets, aPdb({ spec: { maxUnavailable: 1 }, disruptionsAllowed: 0 }));
    await harness.start(provisioningController(harness.deps));
    await harness.pass(1500);
    expect(await newClaims()).toBe(1);
  });
});

describe("pods of a node that is being deleted", () => {
  const terminating = { deletionTimestamp: "2026-01-01T00:00:30Z" };
  const owned = (kind: string) => ({ owner: { apiVersion: "apps/v1", kind, controller: true } });
  const web = { labels: { app: "web" } };

  async function machinesFor(pod: Parameters<typeof aPod>[0], ...pdbs: Parameters<typeof aPdb>[0][]): Promise<number> {
    await leavingMachine(aPod({ name: "web", ...onNode, ...web, ...pod }));
    if (pod?.deletionTimestamp) await harness.kube.delete(Pods, { namespace: "default", name: "web" });
    for (const [index, pdb] of pdbs.entries())
      await harness.put(PodDisruptionBudgets, aPdb({ name: `p${index}`, ...pdb }));
    await harness.start(provisioningController(harness.deps));
    await harness.pass(1500);
    return await newClaims();
  }

  it.each([
    ["an active pod", {}, 1],
    ["a pod of a DaemonSet", owned("DaemonSet"), 0],
    ["a terminating pod of a ReplicaSet", { ...owned("ReplicaSet"), ...terminating }, 0],
    ["a terminating pod of a StatefulSet", { ...owned("StatefulSet"), ...terminating }, 1],
  ])("T-106: for %s %#", async (_, pod, machines) => {
    const { deletionTimestamp, ...rest } = pod as Parameters<typeof aPod>[0] & object;
    expect(await machinesFor({ ...rest, ...(deletionTimestamp && { deletionTimestamp }) })).toBe(machines);
  });

  it.each([
    ["maxUnavailable 0", [{ spec: { maxUnavailable: 0 } }], 0],
    ["maxUnavailable 0%", [{ spec: { maxUnavailable: "0%" } }], 0],
    ["minAvailable 100%", [{ spec: { minAvailable: "100%" } }], 0],
    ["two budgets", [{ spec: { maxUnavailable: 1 } }, { spec: { maxUnavailable: 1 } }], 0],
    ["one budget with room", [{ spec: { maxUnavailable: 1 } }], 1],
  ])("T-106: under %s", async (_, pdbs, machines) => {
    expect(await machinesFor({}, ...pdbs)).toBe(machines);
  });
});

describe("provisioner and nominated pods", () => {
  async function nominatedTo(node: string): Promise<void> {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool());
    await harness.putNode({ name: "n1", nodePool: "", providerID: "", capacity: { cpu: "1" } });
    await harness.start(provisioningController(harness.deps));
    const status = { ...UNSCHEDULABLE, nominatedNodeName: node };
    await harness.putPod(aPod({ name: "web", requests: { cpu: "2" }, status }));
  }

  it("S-201: a pod that preempts its way onto a node waits for that node", async () => {
    await nominatedTo("n1");
    await harness.pass(59_000);
    expect(await newClaims()).toBe(0);
  });

  it("S-202: after a minute it is planned all the same", async () => {
    await nominatedTo("n1");
    await harness.pass(62_000);
    expect(await newClaims()).toBe(1);
  });

  it("S-202: at once when that node is gone", async () => {
    await nominatedTo("gone");
    await harness.pass(1500);
    expect(await newClaims()).toBe(1);
  });
});
