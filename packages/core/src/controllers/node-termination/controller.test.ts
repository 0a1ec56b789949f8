import { afterEach, describe, expect, it } from "vitest";
import {
  DISRUPTED_TAINT,
  getCondition,
  hasTaint,
  Label,
  NodeClaims,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  TERMINATION_FINALIZER,
} from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { MachineNotFound, Transient } from "../../provider/index.ts";
import {
  aDaemonSetPod,
  aNodeClaim,
  aPdb,
  aPod,
  type NodeClaimOptions,
  type NodeOptions,
} from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { EvictionQueue } from "./eviction-queue.ts";
import { nodeTerminationController } from "./controller.ts";

const NODE = { name: "n1" };
const WEB = { namespace: "default", name: "web" };
const FINALIZER = {
  type: "merge",
  body: { metadata: { finalizers: [TERMINATION_FINALIZER, "example.com/other"] } },
} as const;
/** The class label, without which a Node is nobody's. */
const CLASS = { "karpenter.test.sh/testnodeclass": "default" };
let harness: ControllerHarness;
afterEach(() => harness.stop());

/** A machine whose Node carries our finalizer and another one, and whose claim has its own. */
async function machine(
  over: { claim?: NodeClaimOptions; node?: NodeOptions } = {},
  options: HarnessOptions = {},
): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.putMachine("n1", { ...over, node: { ...over.node, labels: { ...CLASS, ...over.node?.labels } } });
  await harness.kube.patch(Nodes, NODE, FINALIZER);
  await harness.kube.patch(NodeClaims, NODE, FINALIZER);
}

async function deleteNode(): Promise<void> {
  const queue = new EvictionQueue(harness.deps);
  await harness.start(queue.controller(), nodeTerminationController(harness.deps, queue));
  await harness.kube.delete(Nodes, NODE);
  await harness.pass(100);
}

async function released(): Promise<boolean> {
  const node = await harness.stored(Nodes, NODE);
  return node?.metadata.finalizers?.includes(TERMINATION_FINALIZER) !== true;
}

async function condition(type: string) {
  const claim = await harness.stored(NodeClaims, NODE);
  return claim && getCondition(claim, type);
}

describe("node.termination", () => {
  it("D-163, LC-41: deletes the claim, taints, waits five seconds for late pods, then gives the machine back", async () => {
    await machine();
    await deleteNode();
    expect((await harness.stored(NodeClaims, NODE))?.metadata.deletionTimestamp).toBeDefined();
    expect(hasTaint((await harness.stored(Nodes, NODE))?.spec?.taints, DISRUPTED_TAINT)).toBe(true);
    expect(await condition("Drained")).toMatchObject({ status: "Unknown", reason: "Draining" });
    await harness.pass(4000);
    expect(harness.provider.calls).toEqual([]);
    await harness.pass(2500);
    expect((await condition("Drained"))?.status).toBe("True");
    expect(harness.provider.calls).toEqual(["delete test:///n1"]);
    expect((await condition("InstanceTerminating"))?.status).toBe("True");
    expect(await released()).toBe(false);
    await harness.pass(5500);
    expect(await released()).toBe(true);
    expect((await harness.stored(Nodes, NODE))?.metadata.finalizers).toEqual(["example.com/other"]);
  });

  it("D-164: the taint replaces one of its key, and the node leaves the load balancers", async () => {
    await machine({
      node: {
        taints: [
          { key: DISRUPTED_TAINT.key, value: "x", effect: "NoExecute" },
          { key: "a", effect: "NoSchedule" },
        ],
      },
    });
    await deleteNode();
    const node = await harness.stored(Nodes, NODE);
    expect(node?.spec?.taints).toEqual([{ key: "a", effect: "NoSchedule" }, DISRUPTED_TAINT]);
    expect(node?.metadata.labels?.[Label.ExcludeFromLoadBalancers]).toBe("karpenter");
  });

  it("D-179: the Node outlives its machine until the cloud says that it is gone", async () => {
    await machine();
    harness.provider.slowDeletes = 3;
    await deleteNode();
    await harness.pass(15_000);
    expect(await released()).toBe(false);
    await harness.pass(15_000);
    expect(await released()).toBe(true);
    expect(harness.provider.machines.size).toBe(0);
  });

  it("D-179: an error of the cloud is tried again, and the Node stays", async () => {
    await machine();
    harness.provider.failures.delete.push(new Transient("503"), new Transient("503"));
    await deleteNode();
    await harness.pass(6500);
    expect(await released()).toBe(false);
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("D-163: the machine of a Node that is not Ready is gone: released at once, without a drain", async () => {
    await machine({ node: { ready: false } });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    harness.provider.machines.clear();
    await deleteNode();
    expect(await released()).toBe(true);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("D-163: an error of that question is no answer", async () => {
    await machine({ node: { ready: false } });
    harness.provider.machines.clear();
    let failures = 0;
    harness.provider.get = async () => {
      if (failures++ < 3) throw new Transient("503");
      throw new MachineNotFound("gone");
    };
    await deleteNode();
    expect(await released()).toBe(false);
    await harness.pass(5000);
    expect(await released()).toBe(true);
  });

  it("D-182: a Ready node is drained although the cloud calls its machine gone", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    harness.provider.machines.clear();
    await deleteNode();
    await harness.pass(1000);
    expect(await released()).toBe(false);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
    await harness.podEnds(WEB);
    await harness.pass(10_000);
    expect(await released()).toBe(true);
  });

  it("LC-42: a Node without claim is drained and let go without a call to the cloud", async () => {
    harness = new ControllerHarness();
    await harness.putNode({ name: "n1", labels: CLASS });
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await deleteNode();
    await harness.pass(1000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
    expect(await released()).toBe(false);
    await harness.podEnds(WEB);
    await harness.pass(2000);
    expect(await released()).toBe(true);
    expect(harness.provider.calls).toEqual([]);
  });

  it("LC-42: with two claims of one machine neither is deleted, and neither machine", async () => {
    await machine();
    await harness.put(NodeClaims, aNodeClaim({ name: "twin", providerID: "test:///n1" }));
    await deleteNode();
    await harness.pass(10_000);
    expect(await released()).toBe(true);
    expect(harness.provider.calls).toEqual([]);
    expect((await harness.stored(NodeClaims, NODE))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("NP-1: a Node without a class of ours, or without our finalizer, is left alone", async () => {
    harness = new ControllerHarness();
    await harness.putNode({ name: "n1", nodePool: "" });
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    await deleteNode();
    await harness.pass(10_000);
    expect(hasTaint((await harness.stored(Nodes, NODE))?.spec?.taints, DISRUPTED_TAINT)).toBe(false);
    expect(await released()).toBe(false);
  });
});

describe("node.termination, draining", () => {
  it("D-167, D-168: waits for the pods, daemons last, and says how many are left", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.putPod(aDaemonSetPod({ nodeName: "n1" }));
    await deleteNode();
    await harness.pass(1000);
    const agent = { namespace: "kube-system", name: "agent-x" };
    expect((await harness.stored(Pods, agent))?.metadata.deletionTimestamp).toBeUndefined();
    expect(harness.events.withReason("FailedDraining")[0]?.message).toContain("2 pods are waiting");
    await harness.podEnds(WEB);
    await harness.pass(2000);
    expect((await harness.stored(Pods, agent))?.metadata.deletionTimestamp).toBeDefined();
    expect(await released()).toBe(false);
    await harness.podEnds(agent);
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("D-168: a pod that slips in after the drain began is drained too", async () => {
    await machine();
    await deleteNode();
    await harness.pass(3000);
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.pass(10_000);
    expect(harness.provider.calls).toEqual([]);
    await harness.podEnds(WEB);
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("D-173: a budget of none stalls the drain for as long as it stands", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await deleteNode();
    await harness.pass(3_600_000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
    expect(harness.provider.machines.size).toBe(1);
  });

  it("LC-35, D-169: with a deadline the pod gets what is left of it, and then the machine goes", async () => {
    const deadline = "2026-01-01T00:02:00Z";
    await machine({ claim: { annotations: { "karpenter.sh/nodeclaim-termination-timestamp": deadline } } });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", spec: { terminationGracePeriodSeconds: 30 } }));
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await deleteNode();
    await harness.pass(85_000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
    await harness.pass(20_000);
    const { deletionTimestamp = "" } = (await harness.stored(Pods, WEB))?.metadata ?? {};
    expect(Date.parse(deletionTimestamp)).toBeLessThanOrEqual(Date.parse(deadline));
    await harness.pass(200_000);
    expect(harness.provider.machines.size).toBe(0);
  });

  it("D-163: a deadline that cannot be read is an error, and nothing is forced", async () => {
    await machine({ claim: { annotations: { "karpenter.sh/nodeclaim-termination-timestamp": "soon" } } });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await deleteNode();
    await harness.pass(60_000);
    expect(harness.logger.messages("error")).toContain("Reconciler error");
    expect(harness.provider.machines.size).toBe(1);
  });

  it("D-175: pods are told the reason that stands on the claim", async () => {
    await machine({
      claim: {
        conditions: [
          "Registered",
          {
            type: "DisruptionReason",
            status: "True",
            reason: "Empty",
            message: "Empty",
            lastTransitionTime: "2026-01-01T00:00:00Z",
          },
        ],
      },
    });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await deleteNode();
    await harness.pass(1000);
    expect(harness.events.withReason("Evicted")[0]?.message).toBe("Evicted pod: Empty");
  });
});

describe("node.termination, while others write", () => {
  it("RT-21: conflicts are tried again without an error", async () => {
    await machine();
    let conflicts = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb.startsWith("patch") && conflicts++ % 2 === 0 && conflicts < 12) {
        throw new KubeError(409, "Conflict", "later");
      }
    };
    await deleteNode();
    await harness.pass(30_000);
    expect(await released()).toBe(true);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("the claim goes at any moment: no error, and the Node is let go", async () => {
    await machine();
    await harness.kube.patch(NodeClaims, NODE, { type: "merge", body: { metadata: { finalizers: null } } });
    await deleteNode();
    await harness.pass(10_000);
    expect(await released()).toBe(true);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("the claim goes while the cloud deletes its machine: no error", async () => {
    await machine();
    const remove = harness.provider.delete.bind(harness.provider);
    harness.provider.delete = async (claim) => {
      await remove(claim);
      await harness.kube.patch(NodeClaims, NODE, { type: "merge", body: { metadata: { finalizers: null } } });
    };
    await deleteNode();
    await harness.pass(20_000);
    expect(await released()).toBe(true);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("the Node goes while it is tainted: no error", async () => {
    await machine();
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node") return;
      harness.kube.faults = undefined;
      await harness.kube.patch(Nodes, NODE, { type: "merge", body: { metadata: { finalizers: null } } });
    };
    await deleteNode();
    await harness.pass(20_000);
    expect(await harness.stored(Nodes, NODE)).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a restart in the middle goes on where it stopped", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.kube.delete(Nodes, NODE);
    await deleteNode();
    await harness.pass(1000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
  });

  it("observe mode: neither taint nor eviction nor a call to the cloud", async () => {
    await machine({}, { settings: { mode: "observe" } });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await deleteNode();
    await harness.pass(60_000);
    expect(hasTaint((await harness.stored(Nodes, NODE))?.spec?.taints, DISRUPTED_TAINT)).toBe(false);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
    expect((await harness.stored(NodeClaims, NODE))?.metadata.deletionTimestamp).toBeUndefined();
    expect(harness.provider.calls).toEqual([]);
  });

  it("observe mode: a drain that was under way does not reach the cloud", async () => {
    await machine(
      {
        claim: { conditions: ["Registered", "Drained"] },
        node: { taints: [DISRUPTED_TAINT], labels: { [Label.ExcludeFromLoadBalancers]: "karpenter" } },
      },
      { settings: { mode: "observe" } },
    );
    await harness.kube.delete(NodeClaims, NODE);
    await deleteNode();
    await harness.pass(60_000);
    expect(harness.provider.calls).toEqual([]);
    expect(harness.provider.machines.size).toBe(1);
  });
});
