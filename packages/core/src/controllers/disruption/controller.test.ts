// Scenarios of docs/reference/upstream-parity.md: E-38, E-40, E-162.

import { afterEach, describe, expect, it } from "vitest";
import {
  Annotation,
  DISRUPTED_TAINT,
  getCondition,
  hasTaint,
  NodeClaims,
  NodePools,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  type Disruption,
} from "../../api/index.ts";
import {
  aDaemonSetPod,
  aNodeClaim,
  aNodePool,
  aPdb,
  aPod,
  TEST_CLASS,
  type NodeClaimOptions,
} from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { disruptionController } from "./controller.ts";

const IDLE: NodeClaimOptions = { conditions: ["Launched", "Registered", "Initialized", "Consolidatable"] };
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function pool(disruption: Disruption = { budgets: [] }, options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  await harness.put(NodePools, aNodePool({ disruption }));
}

async function idleMachines(...names: readonly string[]): Promise<void> {
  for (const name of names) await harness.putMachine(name, { claim: IDLE });
}

async function start(): Promise<void> {
  await harness.start(disruptionController(harness.deps));
}

async function left(): Promise<readonly string[]> {
  return (await harness.kube.list(NodeClaims)).items.map(({ metadata }) => metadata.name ?? "");
}

async function isTainted(name: string): Promise<boolean> {
  return hasTaint((await harness.stored(Nodes, { name }))?.spec?.taints, DISRUPTED_TAINT);
}

/** "NotEmpty n1", newest last. */
const verdicts = () =>
  harness.deps.decisions.list().map(({ verdict, subject }) => `${verdict} ${subject.replace("Node ", "")}`);

describe("disruption of empty nodes", () => {
  it("D-107, D-114, DX-23: waits 15 s, taints, waits 2 s more, then deletes the claim", async () => {
    await pool();
    await idleMachines("n1");
    await start();
    await harness.pass(14_900);
    expect(await isTainted("n1")).toBe(false);
    await harness.pass(200);
    expect(await isTainted("n1")).toBe(true);
    const [claim] = (await harness.kube.list(NodeClaims)).items;
    expect(claim && getCondition(claim, "DisruptionReason")).toMatchObject({
      status: "True",
      reason: "Empty",
      message: "Empty",
    });
    await harness.pass(2000);
    expect(await left()).toEqual([]);
    expect(verdicts()).toEqual(["Selected n1", "DeleteNodeClaim n1"]);
    expect(harness.logger.find("disrupting node(s)")?.fields).toMatchObject({
      reason: "Empty",
      "disrupted-node-count": 1,
    });
  });

  it("D-62: all empty nodes of all pools go in one command", async () => {
    await pool();
    await harness.put(NodePools, aNodePool({ name: "other", disruption: { budgets: [] } }));
    await idleMachines("n1", "n2");
    await harness.putMachine("n3", { claim: { ...IDLE, nodePool: "other" }, node: { nodePool: "other" } });
    await start();
    await harness.pass(17_500);
    expect(await left()).toEqual([]);
    expect(harness.logger.messages().filter((text) => text === "disrupting node(s)")).toHaveLength(1);
  });

  it("D-11: after a command the next pass comes at once", async () => {
    await pool({ budgets: [{ nodes: "1" }] });
    await idleMachines("n1", "n2");
    await start();
    await harness.pass(17_500 * 2);
    expect(await left()).toEqual([]);
  });

  it("D-108: a pod that lands during the wait is reason enough to forget the command", async () => {
    await pool();
    await idleMachines("n1");
    await start();
    await harness.pass(14_000);
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.pass(30_000);
    expect(await left()).toEqual(["n1"]);
    expect(await isTainted("n1")).toBe(false);
    expect(verdicts()).toContain("ValidationChurn n1");
    expect(verdicts().at(-1)).toBe("TypesUnavailable n1");
  });

  it("D-108: the rest of a command goes on without the node that is no longer empty", async () => {
    await pool();
    await idleMachines("n1", "n2");
    await start();
    await harness.pass(10_000);
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.pass(10_000);
    expect(await left()).toEqual(["n1"]);
  });

  it("D-10, D-108: a node that was promised to pods during the wait stays", async () => {
    await pool();
    await idleMachines("n1");
    await start();
    await harness.pass(14_000);
    harness.deps.state.nominate("n1");
    await harness.pass(15_000);
    expect(await left()).toEqual(["n1"]);
    expect(verdicts()).toContain("Nominated n1");
  });

  it("D-134: rests for consolidateAfter since the last pod, even if the condition is behind", async () => {
    await pool({ budgets: [], consolidateAfter: "5m" });
    await harness.putMachine("n1", { claim: { ...IDLE, lastPodEventTime: "2026-01-01T00:00:00Z" } });
    await start();
    await harness.pass(290_000);
    expect(verdicts()).toEqual(["WaitConsolidateAfter n1"]);
    await harness.pass(40_000);
    expect(await left()).toEqual([]);
  });
});

describe("what keeps an empty node", () => {
  async function expectKeptBy(verdict: string): Promise<void> {
    await start();
    await harness.pass(60_000);
    expect(await left()).toContain("n1");
    expect(verdicts()).toContain(`${verdict} n1`);
    expect(await isTainted("n1")).toBe(false);
  }

  it("D-20: it is not initialized", async () => {
    await pool();
    await harness.putMachine("n1", { claim: IDLE, node: { labels: { "karpenter.sh/initialized": "no" } } });
    await expectKeptBy("NotInitialized");
  });

  it("D-1: the annotation do-not-disrupt on the Node", async () => {
    await pool();
    await harness.putMachine("n1", { claim: IDLE, node: { annotations: { [Annotation.DoNotDisrupt]: "true" } } });
    await expectKeptBy("NodeProtected");
  });

  it("the provider cannot remove its machine", async () => {
    await pool();
    await harness.putMachine("n1", { claim: IDLE });
    harness.provider.kept.set("n1", "its machine is elsewhere");
    await expectKeptBy("NodeProtected");
  });

  it("D-3: a protected DaemonSet pod", async () => {
    await pool();
    await idleMachines("n1");
    await harness.putPod(aDaemonSetPod({ nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } }));
    await expectKeptBy("PodProtected");
  });

  it("D-5: a DaemonSet pod whose budget is used up", async () => {
    await pool();
    await idleMachines("n1");
    await harness.putPod(aDaemonSetPod({ nodeName: "n1" }));
    await harness.put(
      PodDisruptionBudgets,
      aPdb({ namespace: "kube-system", disruptionsAllowed: 0, spec: { maxUnavailable: 1 } }),
    );
    await expectKeptBy("PdbBlocked");
  });

  it("D-31: a budget of 0", async () => {
    await pool({ budgets: [{ nodes: "0" }] });
    await idleMachines("n1");
    await expectKeptBy("Budget");
  });

  it("D-33, D-12: a budget that cannot be read, which is also an error in the log", async () => {
    await pool({ budgets: [{ nodes: "100%", schedule: "not a cron line x", duration: "1h" }] });
    await idleMachines("n1");
    await expectKeptBy("BudgetInvalid");
    expect(harness.logger.lines.find(({ level }) => level === "error")?.fields["NodePool"]).toBe("default");
  });

  it("D-35: a node that is not Ready uses up the budget of the others", async () => {
    await pool({ budgets: [{ nodes: "1" }] });
    await idleMachines("n1");
    await harness.putMachine("n2", { node: { ready: false } });
    await expectKeptBy("Budget");
  });

  it("consolidateAfter: Never", async () => {
    await pool({ budgets: [], consolidateAfter: "Never" });
    await idleMachines("n1");
    await expectKeptBy("ConsolidationDisabled");
  });

  it("D-20: its NodePool is gone", async () => {
    harness = new ControllerHarness();
    await idleMachines("n1");
    await expectKeptBy("NoNodePool");
  });

  it("NP-1: a pool of that name belongs to another autoscaler by now", async () => {
    harness = new ControllerHarness();
    const foreign = aNodePool({ disruption: { budgets: [] } });
    const { template } = foreign.spec;
    const spec = { ...template.spec, nodeClassRef: { ...TEST_CLASS, kind: "Foreign" } };
    await harness.put(NodePools, { ...foreign, spec: { ...foreign.spec, template: { ...template, spec } } });
    await idleMachines("n1");
    await expectKeptBy("NoNodePool");
  });

  it("no claim at all", async () => {
    await pool();
    await harness.putNode({ name: "n1", nodePool: "", providerID: "" });
    await start();
    await harness.pass(60_000);
    expect(verdicts()).toEqual(["Unmanaged n1"]);
  });
});

describe("budgets of several nodes", () => {
  it("D-32: a percentage is rounded up", async () => {
    await pool({ budgets: [{ nodes: "10%" }] });
    await idleMachines(...Array.from({ length: 11 }, (_, i) => `n${i + 10}`));
    await start();
    await harness.pass(17_500);
    expect(await left()).toHaveLength(9);
  });

  it("D-35: nodes that somebody else deletes count", async () => {
    await pool({ budgets: [{ nodes: "2" }] });
    await idleMachines("n1", "n2", "n3");
    const body = { metadata: { finalizers: ["example.com/keep"] } };
    await harness.kube.patch(NodeClaims, { name: "n3" }, { type: "merge", body });
    await harness.kube.delete(NodeClaims, { name: "n3" });
    await start();
    await harness.pass(17_500);
    expect(await left()).toHaveLength(2);
  });
});

describe("disruption and an incomplete picture", () => {
  it("DX-22: a claim that the cloud has not answered for holds up nobody else", async () => {
    await pool();
    await idleMachines("n1");
    const { status: _, ...young } = aNodeClaim({ name: "young" });
    await harness.put(NodeClaims, young);
    await start();
    await harness.pass(18_000);
    expect(await left()).toEqual(["young"]);
    expect(verdicts()).toContain("NotInitialized young");
  });

  it("observe mode: says what would go and touches nothing, not even a leftover taint", async () => {
    await pool(undefined, { settings: { mode: "observe" } });
    await idleMachines("n1");
    await harness.putMachine("n2", { node: { taints: [DISRUPTED_TAINT] } });
    await harness.putPod(aPod({ name: "web", nodeName: "n2" }));
    await start();
    await harness.pass(5 * 60_000);
    expect(verdicts()).toEqual(["ObserveOnly n1", "TypesUnavailable n2"]);
    expect(await left()).toEqual(["n1", "n2"]);
    expect([await isTainted("n1"), await isTainted("n2")]).toEqual([false, true]);
  });
});

describe("pods on a node that is given back", () => {
  it("D-27: finished pods do not count, and neither do pods of DaemonSets", async () => {
    await pool();
    await idleMachines("n1");
    await harness.putPod(aPod({ name: "done", nodeName: "n1", status: { phase: "Succeeded" } }));
    await harness.putPod(aDaemonSetPod({ nodeName: "n1" }));
    await start();
    await harness.pass(17_500);
    expect(await left()).toEqual([]);
    expect((await harness.kube.list(Pods)).items).toHaveLength(2);
  });
});
