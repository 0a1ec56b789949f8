// DX-23, DX-24: between the decision and the deletion anything may happen.

import { afterEach, describe, expect, it } from "vitest";
import {
  Annotation,
  DISRUPTED_TAINT,
  getCondition,
  hasTaint,
  NodeClaims,
  NodePools,
  Nodes,
  Pods,
  type NodeClaim,
} from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { aDaemonSetPod, aNodeClaim, aNodePool, aPod, type NodeClaimOptions } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { disruptionController } from "./controller.ts";

const IDLE: NodeClaimOptions = { conditions: ["Launched", "Registered", "Initialized", "Consolidatable"] };
let harness: ControllerHarness;
afterEach(() => harness.stop());

/** Up to the moment when the empty nodes carry the taint and are still there. */
async function tainted(...names: readonly string[]): Promise<void> {
  harness = new ControllerHarness();
  await harness.put(NodePools, aNodePool({ disruption: { budgets: [] } }));
  for (const name of names) await harness.putMachine(name, { claim: IDLE });
  await harness.putPod(aDaemonSetPod({ nodeName: names[0] ?? "" }));
  await harness.start(disruptionController(harness.deps));
  await harness.pass(15_500);
  for (const name of names) expect(await isTainted(name)).toBe(true);
}

/** An idle machine whose pods have not changed for consolidateAfter, of a NodePool with these annotations. */
async function restedMachine(annotations: Readonly<Record<string, string>>): Promise<void> {
  harness = new ControllerHarness();
  const pool = aNodePool({ disruption: { budgets: [], consolidateAfter: "5m", consolidationPolicy: "WhenEmpty" } });
  await harness.put(NodePools, { ...pool, metadata: { ...pool.metadata, annotations } });
  await harness.putMachine("n1", { claim: IDLE });
  await harness.start(disruptionController(harness.deps));
  await harness.pass(5 * 60_000);
}

async function isTainted(name: string): Promise<boolean> {
  return hasTaint((await harness.stored(Nodes, { name }))?.spec?.taints, DISRUPTED_TAINT);
}

async function claim(name: string): Promise<NodeClaim | undefined> {
  return await harness.stored(NodeClaims, { name });
}

async function expectKept(name: string): Promise<void> {
  const stored = await claim(name);
  expect(stored).toBeDefined();
  expect(await isTainted(name)).toBe(false);
  expect(stored && getCondition(stored, "DisruptionReason")).toBeUndefined();
  expect(harness.deps.state.nodeByName(name)?.markedForDeletion).toBe(false);
}

describe("disruption, the last look", () => {
  it("DX-23: a pod that slipped in wins over the decision, and is named", async () => {
    await tainted("n1", "n2");
    await harness.putPod(aPod({ name: "late", nodeName: "n1" }));
    await harness.pass(2000);
    await expectKept("n1");
    expect(await claim("n2")).toBeUndefined();
    expect(harness.deps.decisions.list().find(({ verdict }) => verdict === "TaintRace")?.detail).toContain(
      "default/late",
    );
  });

  it("DX-23: the API server is asked itself, whatever the mirror shows", async () => {
    await tainted("n1");
    let asked = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "list" && resource.kind === "Pod") asked++;
    };
    await harness.pass(2000);
    expect(asked).toBe(1);
  });

  it("DX-23: a pod that became protected meanwhile keeps the node", async () => {
    await tainted("n1");
    const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: "true" } } };
    await harness.kube.patch(Pods, { namespace: "kube-system", name: "agent-x" }, { type: "merge", body });
    await harness.pass(2000);
    await expectKept("n1");
  });

  it("DX-23: a node that became protected meanwhile is kept", async () => {
    await tainted("n1");
    const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: "true" } } };
    await harness.kube.patch(Nodes, { name: "n1" }, { type: "merge", body });
    await harness.pass(2000);
    await expectKept("n1");
  });

  it("DX-24: a pod that ran within consolidateAfter keeps the node, even if no event of it was noted", async () => {
    await restedMachine({});
    const startTime = new Date(harness.clock.now()).toISOString();
    await harness.putPod(aPod({ name: "job", nodeName: "n1", status: { phase: "Succeeded", startTime } }));
    await harness.pass(20_000);
    await expectKept("n1");
    const [verdict] = harness.deps.decisions.list().filter(({ detail }) => detail.startsWith("kept:"));
    expect(verdict).toMatchObject({ verdict: "WaitConsolidateAfter", subject: "Node n1" });
  });

  it("DX-25: a quiet pod that ran within consolidateAfter and has ended does not keep the node", async () => {
    await restedMachine({ [Annotation.QuietPods]: "app=ci" });
    const startTime = new Date(harness.clock.now()).toISOString();
    const status = { phase: "Succeeded", startTime } as const;
    await harness.putPod(aPod({ name: "job", nodeName: "n1", labels: { app: "ci" }, status }));
    await harness.pass(20_000);
    expect(await claim("n1")).toBeUndefined();
  });

  it("DX-25: a quiet pod that runs keeps the node from being empty", async () => {
    await restedMachine({ [Annotation.QuietPods]: "app=ci" });
    await harness.putPod(aPod({ name: "job", nodeName: "n1", labels: { app: "ci" } }));
    await harness.pass(60_000);
    await expectKept("n1");
  });

  it("DX-23, DX-25: so does one that slipped in while the node was tainted", async () => {
    await restedMachine({ [Annotation.QuietPods]: "app=ci" });
    await harness.pass(15_500);
    expect(await isTainted("n1")).toBe(true);
    await harness.putPod(aPod({ name: "job", nodeName: "n1", labels: { app: "ci" } }));
    await harness.pass(2000);
    await expectKept("n1");
  });

  it("the claim is gone before it could be deleted: nothing is left to do", async () => {
    await tainted("n1");
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await harness.kube.delete(Nodes, { name: "n1" });
    await harness.pass(60_000);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("a namesake of another uid is never deleted", async () => {
    await tainted("n1");
    let replaced = false;
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (replaced || phase !== "before" || verb !== "delete" || resource.kind !== "NodeClaim") return;
      replaced = true;
      await harness.kube.delete(NodeClaims, { name: "n1" });
      await harness.put(NodeClaims, aNodeClaim({ name: "n1", providerID: "test:///other" }));
    };
    await harness.pass(2000);
    for (let i = 0; i < 10; i++) await harness.pass(0);
    expect(replaced).toBe(true);
    expect((await claim("n1"))?.status?.providerID).toBe("test:///other");
  });

  it("a delete that fails leaves the node in service; it is judged anew and goes later", async () => {
    await tainted("n1");
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "delete" && resource.kind === "NodeClaim") {
        throw new KubeError(500, "InternalError", "etcd is busy");
      }
    };
    await harness.pass(3000);
    await expectKept("n1");
    expect(harness.logger.messages("error")).not.toEqual([]);
    harness.kube.faults = undefined;
    await harness.pass(75_000);
    expect(await claim("n1")).toBeUndefined();
  });

  it("one node that cannot be looked at does not keep the others", async () => {
    await tainted("n1", "n2");
    let lists = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "list" && resource.kind === "Pod" && ++lists === 1) {
        throw new KubeError(500, "InternalError", "etcd is busy");
      }
    };
    await harness.pass(2500);
    expect(await claim("n2")).toBeUndefined();
    await expectKept("n1");
  });
});

describe("disruption, tainting", () => {
  async function ready(...names: readonly string[]): Promise<void> {
    harness = new ControllerHarness();
    await harness.put(NodePools, aNodePool({ disruption: { budgets: [] } }));
    for (const name of names) await harness.putMachine(name, { claim: IDLE });
    await harness.start(disruptionController(harness.deps));
    await harness.pass(10_000);
  }

  it("D-115: a node that cannot be tainted is left out, the others go on", async () => {
    await ready("n1", "n2");
    harness.kube.faults = ({ phase, verb, resource, key }) => {
      if (phase === "before" && verb === "patch" && resource.kind === "Node" && key?.name === "n1") {
        throw new KubeError(403, "Forbidden", "a webhook said no");
      }
    };
    await harness.pass(60_000);
    expect(await claim("n1")).toBeDefined();
    expect(await claim("n2")).toBeUndefined();
  });

  it("D-114: what others wrote meanwhile is read again, and the mark goes on top of it", async () => {
    await ready("n1");
    let conflicts = 0;
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node" || conflicts++ > 0) return;
      const body = { metadata: { labels: { "example.com/by": "kubelet" } } };
      await harness.kube.patch(Nodes, { name: "n1" }, { type: "merge", body });
    };
    await harness.pass(5500);
    const node = await harness.stored(Nodes, { name: "n1" });
    expect(conflicts).toBeGreaterThan(1);
    expect(hasTaint(node?.spec?.taints, DISRUPTED_TAINT)).toBe(true);
    expect(node?.metadata.labels?.["example.com/by"]).toBe("kubelet");
    await harness.pass(3000);
    expect(await claim("n1")).toBeUndefined();
  });

  it("D-114: a namesake that has come meanwhile is not marked", async () => {
    await ready("n1");
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(Nodes, { name: "n1" });
      await harness.putNode({ name: "n1" });
      throw new KubeError(409, "Conflict", "somebody was faster");
    };
    await harness.pass(6000);
    expect(harness.kube.faults).toBeUndefined();
    expect(hasTaint((await harness.stored(Nodes, { name: "n1" }))?.spec?.taints, DISRUPTED_TAINT)).toBe(false);
  });

  it("D-14: a node whose claim could not be marked loses its taint again", async () => {
    await ready("n1");
    let failures = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "patchStatus" && resource.kind === "NodeClaim" && failures++ < 4) {
        throw new KubeError(409, "Conflict", "somebody was faster");
      }
    };
    await harness.pass(6000);
    expect(failures).toBe(4);
    await harness.pass(11_000);
    await expectKept("n1");
  });

  it("the Node is gone before it is tainted: no error", async () => {
    await ready("n1");
    await harness.kube.delete(Nodes, { name: "n1" });
    await harness.pass(60_000);
    expect(harness.logger.messages("error")).toEqual([]);
    expect(await claim("n1")).toBeDefined();
  });
});
