import { afterEach, describe, expect, it } from "vitest";
import { Label, NodeClaims, Nodes, Pods, type NodeClaim } from "../api/index.ts";
import { KubeError } from "../kube/index.ts";
import { aNodeClaim, aPod, TEST_CLASS } from "../testing/builders/index.ts";
import { ControllerHarness } from "../testing/controller-harness.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { seconds } from "../units/index.ts";
import { MirroredClusterState } from "./mirrored-cluster-state.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function world(): Promise<ControllerHarness> {
  harness = new ControllerHarness();
  await harness.start();
  return harness;
}

function unlaunched(name: string, over: Partial<NodeClaim["spec"]> = {}): NodeClaim {
  const { status: _, ...claim } = aNodeClaim({ name, spec: over });
  return claim;
}

/** Something happens to one of five machines or their pods; marks and promises are taken back. */
async function befall(random: () => number): Promise<void> {
  const { kube, deps } = harness;
  const name = `n${Math.floor(random() * 5)}`;
  const pod = `p${Math.floor(random() * 8)}`;
  const zone = { type: "merge", body: { metadata: { labels: { [Label.Zone]: String(random()) } } } } as const;
  const ready = {
    type: "merge",
    body: { metadata: { labels: { [Label.Initialized]: String(random() < 0.5) } } },
  } as const;
  const other = { type: "merge", body: { status: { providerID: `test:///n${Math.floor(random() * 5)}` } } } as const;
  const all = [
    () => harness.putMachine(name),
    () => kube.patch(Nodes, { name }, zone),
    () => kube.patch(Nodes, { name }, ready),
    () => kube.patch(NodeClaims, { name }, zone),
    () => kube.patchStatus(NodeClaims, { name }, other),
    () => kube.delete(Nodes, { name }),
    () => kube.delete(NodeClaims, { name }),
    () => harness.putPod(aPod({ name: pod, nodeName: name })),
    () =>
      kube.patchStatus(
        Pods,
        { name: pod, namespace: "default" },
        { type: "merge", body: { status: { phase: "Failed" } } },
      ),
    () => kube.delete(Pods, { name: pod, namespace: "default" }, { gracePeriodSeconds: 0 }),
    async () => {
      deps.state.markForDeletion(`test:///${name}`);
      deps.state.nodes();
      deps.state.unmarkForDeletion(`test:///${name}`);
    },
  ];
  const one = all[Math.floor(random() * all.length)];
  // Much of it is not there, or there already.
  await one?.().catch((error: unknown) => {
    if (!KubeError.is(error)) throw error;
  });
}

const names = () => harness.deps.state.nodes().map((node) => node.name);

describe("MirroredClusterState", () => {
  it("S-215: joins Node and NodeClaim by providerID, whatever their names", async () => {
    await world();
    await harness.put(NodeClaims, aNodeClaim({ name: "default-1", providerID: "test:///x" }));
    await harness.putNode({ name: "node-1", providerID: "test:///x" });
    await harness.pass(0);
    const [joined, ...more] = harness.deps.state.nodes();
    expect(more).toEqual([]);
    expect(joined?.nodeClaim?.metadata.name).toBe("default-1");
    expect(joined?.name).toBe("node-1");
    expect(harness.deps.state.nodeByProviderID("test:///x")).toBe(joined);
    expect(harness.deps.state.nodeByName("node-1")).toBe(joined);
  });

  it("T-60, S-219: a node has its bound pods, without those that have ended, so that no rule counts them", async () => {
    await world();
    await harness.putMachine("n1");
    await harness.putPod(aPod({ name: "runs", nodeName: "n1" }));
    await harness.putPod(aPod({ name: "done", nodeName: "n1", status: { phase: "Succeeded" } }));
    await harness.putPod(aPod({ name: "broken", nodeName: "n1", status: { phase: "Failed" } }));
    await harness.putPod(aPod({ name: "elsewhere", nodeName: "n2" }));
    await harness.pass(0);
    expect(harness.deps.state.nodeByName("n1")?.pods.map((pod) => pod.metadata.name)).toEqual(["runs"]);
  });

  it("S-303: initialized nodes come first, then by name", async () => {
    await world();
    await harness.put(NodeClaims, unlaunched("a-ordered"));
    await harness.putMachine("c");
    await harness.putMachine("b");
    await harness.pass(0);
    expect(names()).toEqual(["b", "c", "a-ordered"]);
  });

  it("CS-2: a Node of ours whose claim is not known is no capacity; a Node of nobody is", async () => {
    await world();
    await harness.putNode({ name: "orphan", providerID: "test:///orphan" });
    await harness.putNode({ name: "foreign", nodePool: "", providerID: "" });
    await harness.pass(0);
    expect(names()).toEqual(["foreign"]);
  });

  it("NP-1: the claim of another autoscaler is no capacity of ours and holds nothing up", async () => {
    await world();
    await harness.put(NodeClaims, unlaunched("foreign-1", { nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } }));
    await harness.pass(0);
    expect(names()).toEqual([]);
    expect(harness.deps.state.unsynced()).toEqual([]);
  });

  it("A-14: a claim without a pool is capacity that belongs to no pool", async () => {
    await world();
    const claim = aNodeClaim({ name: "alone" });
    await harness.put(NodeClaims, { ...claim, metadata: { name: "alone" } });
    await harness.pass(0);
    expect(harness.deps.state.nodeByName("alone")?.nodePool).toBeUndefined();
  });

  it("S-213, CS-3: nothing is known before the first lists", () => {
    harness = new ControllerHarness();
    expect(harness.deps.state.unsynced()).toEqual([
      "nodes not listed yet",
      "nodeclaims not listed yet",
      "pods not listed yet",
    ]);
  });

  it("CS-3: an unlaunched claim holds decisions up for 30 seconds, a deleted one does not", async () => {
    await world();
    await harness.put(NodeClaims, unlaunched("default-1"));
    await harness.put(NodeClaims, {
      ...unlaunched("default-2"),
      metadata: { name: "default-2", finalizers: ["example.com/keep"] },
    });
    await harness.kube.delete(NodeClaims, { name: "default-2" });
    await harness.pass(29_000);
    expect(harness.deps.state.unsynced()).toEqual(["nodeclaim default-1 not launched yet"]);
    await harness.pass(1000);
    expect(harness.deps.state.unsynced()).toEqual([]);
  });

  it("LC-11: an own write is part of the picture before the watch tells of it", async () => {
    await world();
    await harness.deps.kube.create(NodeClaims, unlaunched("default-1"));
    expect(names()).toEqual(["default-1"]);
  });

  it("D-9: a mark lasts until it is taken back or the machine is gone", async () => {
    await world();
    await harness.putMachine("n1");
    await harness.pass(0);
    const { state } = harness.deps;
    state.markForDeletion("test:///n1");
    expect(state.nodeByName("n1")?.markedForDeletion).toBe(true);
    state.unmarkForDeletion("test:///n1");
    expect(state.nodeByName("n1")?.markedForDeletion).toBe(false);
    state.markForDeletion("test:///n1");
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await harness.kube.delete(Nodes, { name: "n1" });
    await harness.pass(0);
    expect(names()).toEqual([]);
    await harness.putMachine("n1");
    await harness.pass(0);
    expect(state.nodeByName("n1")?.markedForDeletion).toBe(false);
  });

  it("DX-25: remembers when pods last came or ended, until the machine is gone", async () => {
    await world();
    await harness.putMachine("n1");
    await harness.pass(0);
    const { state } = harness.deps;
    expect(state.nodeByName("n1")?.lastPodEvent).toBeUndefined();
    state.podEvent("test:///n1");
    expect(state.nodeByName("n1")?.lastPodEvent).toBe(harness.clock.now());
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await harness.kube.delete(Nodes, { name: "n1" });
    await harness.pass(0);
    expect(names()).toEqual([]);
    await harness.putMachine("n1");
    await harness.pass(0);
    expect(state.nodeByName("n1")?.lastPodEvent).toBeUndefined();
  });

  it("D-10: a promise ends with its window, and a new one extends it", async () => {
    await world();
    await harness.putMachine("n1");
    await harness.pass(0);
    const { state } = harness.deps;
    state.nominate("n1");
    const first = state.nodeByName("n1")?.nominatedUntil ?? 0;
    expect(first - harness.clock.now()).toBe(20_000);
    await harness.pass(15_000);
    state.nominate("n1");
    expect(state.nodeByName("n1")?.nominatedUntil).toBe(first + 15_000);
  });

  it("D-10: a promise made while the machine was on its way still counts once its Node has another name", async () => {
    await world();
    await harness.put(NodeClaims, aNodeClaim({ name: "default-1", providerID: "test:///x" }));
    await harness.pass(0);
    harness.deps.state.nominate("default-1");
    await harness.putNode({ name: "node-1", providerID: "test:///x" });
    await harness.pass(0);
    expect(harness.deps.state.nodeByName("node-1")?.nominatedUntil).toBe(harness.clock.now() + 20_000);
  });

  it("D-119: a machine is still found by the name of its claim when its Node has another one; a Node of that name goes first", async () => {
    await world();
    const { state } = harness.deps;
    await harness.put(NodeClaims, aNodeClaim({ name: "default-1", providerID: "test:///x" }));
    await harness.putNode({ name: "node-1", providerID: "test:///x" });
    await harness.pass(0);
    expect(state.nodeByName("default-1")).toBe(state.nodeByName("node-1"));
    await harness.putNode({ name: "default-1", nodePool: "", providerID: "" });
    await harness.pass(0);
    expect(state.nodeByName("default-1")?.nodeClaim).toBeUndefined();
  });

  it("§0.8: two Nodes of one machine are one node with the pods of both", async () => {
    await world();
    const claim = aNodeClaim({ name: "default-1", providerID: "test:///x" });
    await harness.put(NodeClaims, { ...claim, status: { ...claim.status, nodeName: "node-2" } });
    await harness.putNode({ name: "node-1", nodePool: "", providerID: "test:///x" });
    await harness.putNode({ name: "node-2", providerID: "test:///x" });
    await harness.putPod(aPod({ name: "web", nodeName: "node-1" }));
    await harness.pass(0);
    expect(names()).toEqual(["node-2"]);
    expect(harness.deps.state.nodes()[0]?.pods).toHaveLength(1);
  });

  it("two claims of one machine: the older one speaks for it, and it is leaving as soon as either is", async () => {
    await world();
    await harness.put(NodeClaims, aNodeClaim({ name: "b-older", providerID: "test:///x" }));
    await harness.pass(1000);
    const younger = aNodeClaim({ name: "a-younger", providerID: "test:///x" });
    await harness.put(NodeClaims, { ...younger, metadata: { ...younger.metadata, finalizers: ["example.com/keep"] } });
    await harness.putNode({ name: "node-1", providerID: "test:///x" });
    await harness.pass(0);
    const [only, ...more] = harness.deps.state.nodes();
    expect(more).toEqual([]);
    expect(only?.nodeClaim?.metadata.name).toBe("b-older");
    expect(only?.markedForDeletion).toBe(false);
    await harness.kube.delete(NodeClaims, { name: "a-younger" });
    await harness.pass(0);
    expect(harness.deps.state.nodes()[0]?.markedForDeletion).toBe(true);
  });

  it("S-1015: what nothing happened to is the same object as before, and a pod that goes changes its own node only", async () => {
    await world();
    for (const name of ["n1", "n2"]) await harness.putMachine(name);
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.pass(0);
    const { state } = harness.deps;
    const [n1, n2] = state.nodes();
    await harness.kube.delete(Pods, { name: "web", namespace: "default" }, { gracePeriodSeconds: 0 });
    await harness.pass(0);
    expect(state.nodes()[0]).not.toBe(n1);
    expect(state.nodes()[0]?.pods).toEqual([]);
    expect(state.nodes()[1]).toBe(n2);
    await harness.putMachine("n0");
    await harness.pass(0);
    expect(names()).toEqual(["n0", "n1", "n2"]);
    expect(state.nodes()[2]).toBe(n2);
  });

  it("is the same after any changes as one that begins with what there is now", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      await world();
      const random = seededRandom(seed);
      for (let step = 0; step < 60; step++) {
        await befall(random);
        if (random() < 0.5) await harness.pass(0);
        if (random() < 0.7) harness.deps.state.nodes();
      }
      await harness.pass(0);
      const { cache, clock, provider, state } = harness.deps;
      const supportedNodeClasses = provider.supportedNodeClasses();
      const window = { nominationWindow: seconds(20), unlaunchedGrace: seconds(30) };
      const fresh = new MirroredClusterState({ cache, clock, supportedNodeClasses, ...window });
      expect(state.nodes()).toEqual(fresh.nodes());
      for (const node of fresh.nodes()) {
        expect(state.nodeByName(node.name)).toEqual(node);
        expect(state.nodeByProviderID(node.providerID)).toEqual(fresh.nodeByProviderID(node.providerID));
      }
      harness.stop();
    }
  });

  it("is made anew only when something changed", async () => {
    await world();
    await harness.putMachine("n1");
    await harness.pass(0);
    const before = harness.deps.state.nodes();
    expect(harness.deps.state.nodes()).toBe(before);
    await harness.kube.patch(
      Nodes,
      { name: "n1" },
      { type: "merge", body: { metadata: { labels: { [Label.Zone]: "z" } } } },
    );
    await harness.pass(0);
    expect(harness.deps.state.nodes()).not.toBe(before);
    expect(harness.deps.state.nodeByName("n1")?.labels[Label.Zone]).toBe("z");
  });
});
