// Commands with replacements, from the decision to the deletion or the way back (D-112 to D-126).
// Scenarios of docs/reference/upstream-parity.md: E-49, E-58, E-59, E-164, E-165.

import { afterEach, describe, expect, it } from "vitest";
import {
  Annotation,
  DISRUPTED_TAINT,
  getCondition,
  hasTaint,
  Label,
  NodeClaims,
  NodePools,
  Nodes,
  Pods,
  type Disruption,
  type NodeClaim,
} from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aNodePool, anInstanceType, anOffering, aPod, type PodOptions } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { joinReplacement } from "../../testing/joining-replacement.ts";
import { minutes } from "../../units/index.ts";
import { provisioningController } from "../provisioning/controller.ts";
import { disruptionController } from "./controller.ts";

const LARGE = anInstanceType({ name: "m.8", cpu: "8", offerings: [anOffering({ price: 0.4 })] });
const SMALL = anInstanceType({ name: "m.2", cpu: "2", offerings: [anOffering({ price: 0.1 })] });
const CONDITIONS = ["Launched", "Registered", "Initialized", "Consolidatable"];

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function cluster(options: HarnessOptions = {}, disruption: Disruption = {}): Promise<void> {
  harness = new ControllerHarness({ types: [LARGE, SMALL], ...options });
  harness.provider.limits = { registration: minutes(5) };
  await harness.put(NodePools, aNodePool({ disruption: { budgets: [{ nodes: "100%" }], ...disruption } }));
}

async function machine(
  name: string,
  { type = "m.8", drifted = false, pod = {} }: { type?: string; drifted?: boolean; pod?: PodOptions | null } = {},
): Promise<void> {
  const labels = {
    [Label.InstanceType]: type,
    [Label.Zone]: "test-zone-1",
    [Label.CapacityType]: "on-demand",
    [Label.Arch]: "amd64",
    [Label.Os]: "linux",
  };
  const cpu = type === "m.8" ? "8" : "2";
  const conditions = drifted ? [...CONDITIONS.slice(0, 3), "Drifted"] : CONDITIONS;
  await harness.putMachine(name, {
    claim: { conditions, labels },
    node: { labels, capacity: { cpu }, allocatable: { cpu } },
  });
  if (pod === null) return;
  await harness.putPod(
    aPod({ name: `web-${name}`, nodeName: name, requests: { cpu: "1" }, ...pod, status: { phase: "Running" } }),
  );
}

async function start(): Promise<void> {
  await harness.start(disruptionController(harness.deps));
}

async function claims(): Promise<readonly NodeClaim[]> {
  return (await harness.kube.list(NodeClaims)).items;
}

/** Claims that were not there at the start. */
async function replacements(): Promise<readonly NodeClaim[]> {
  return (await claims()).filter(({ metadata }) => !/^n\d+$/.test(metadata.name ?? ""));
}

async function has(name: string): Promise<boolean> {
  return (await harness.stored(NodeClaims, { name })) !== undefined;
}

async function isTainted(name: string): Promise<boolean> {
  return hasTaint((await harness.stored(Nodes, { name }))?.spec?.taints, DISRUPTED_TAINT);
}

async function reason(name: string): Promise<string | undefined> {
  const claim = await harness.stored(NodeClaims, { name });
  return claim && getCondition(claim, "DisruptionReason")?.reason;
}

async function becomesInitialized({ metadata: { name = "" } }: NodeClaim): Promise<void> {
  const lastTransitionTime = new Date(harness.clock.now()).toISOString();
  const conditions = ["Launched", "Registered", "Initialized"].map((type) => ({
    type,
    status: "True",
    reason: type,
    message: "",
    lastTransitionTime,
  }));
  const body = { status: { providerID: `test:///${name}`, conditions } };
  await joinReplacement(harness, await harness.kube.patchStatus(NodeClaims, { name }, { type: "merge", body }));
}

async function theReplacement(): Promise<NodeClaim> {
  const [claim, ...more] = await replacements();
  expect(more).toEqual([]);
  if (!claim) throw new Error("no replacement was ordered");
  return claim;
}

const log = () =>
  harness.logger.lines.filter(({ message }) => message === "disrupting node(s)").map(({ fields }) => fields);

describe("replacing a drifted node", () => {
  it("DT-84: the replacement is ordered first, and the node goes only when it is Initialized", async () => {
    await cluster();
    await machine("n1", { drifted: true });
    await start();
    await harness.pass(500);
    expect([await isTainted("n1"), await reason("n1")]).toEqual([true, "Drifted"]);
    expect(await replacements()).toEqual([]);
    await harness.pass(3000);
    const replacement = await theReplacement();
    await harness.pass(120_000);
    expect([await has("n1"), await isTainted("n1")]).toEqual([true, true]);
    await becomesInitialized(replacement);
    await harness.pass(1100);
    expect(await has("n1")).toBe(false);
    expect(log()).toMatchObject([{ method: "drift", reason: "Drifted", decision: "replace" }]);
    expect(harness.events.withReason("DisruptionLaunching")).toHaveLength(1);
    expect(harness.events.withReason("DisruptionTerminating")).not.toEqual([]);
  });

  it("DT-84: what is not drifted is ignored", async () => {
    await cluster({}, { consolidateAfter: "Never" });
    await machine("n1");
    await start();
    await harness.pass(60_000);
    expect([await has("n1"), await isTainted("n1"), (await replacements()).length]).toEqual([true, false, 0]);
  });

  it("DT-90, DT-102: the replacement is gone: taint and condition go at once, and nothing is deleted", async () => {
    const metrics = new PromMetrics();
    await cluster({ metrics });
    await machine("n1", { drifted: true });
    await start();
    await harness.pass(3000);
    const { metadata } = await theReplacement();
    await harness.kube.delete(NodeClaims, { name: metadata.name ?? "" });
    await harness.pass(1000);
    expect([await has("n1"), await isTainted("n1"), await reason("n1")]).toEqual([true, false, undefined]);
    expect(harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(false);
    expect(harness.logger.messages("error")).toContain("disruption command failed, its nodes stay");
    const text = await metrics.render();
    expect(text).toMatch(/karpenter_voluntary_disruption_queue_failures_total\{[^}]*\} 1/);
    expect(text).toMatch(/karpenter_voluntary_disruption_decisions_total\{[^}]*\} 1/);
    expect(text).toMatch(/karpenter_voluntary_disruption_decisions_by_nodepool_total\{[^}]*\} 1/);
  });

  it("DT-101 as far as DX-35 lets it stand: too late: the node stays and is open again, and, other than there, the replacement that never worked is given back", async () => {
    const metrics = new PromMetrics();
    await cluster({ metrics });
    await machine("n1", { drifted: true });
    await start();
    await harness.pass(3000);
    const { metadata } = await theReplacement();
    harness.provider.failures.types.push(...Array.from({ length: 1000 }, () => new Error("503")));
    await harness.pass(11 * 60_000);
    expect([await isTainted("n1"), await reason("n1")]).toEqual([false, undefined]);
    expect(harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(false);
    expect([await has("n1"), await has(metadata.name ?? "")]).toEqual([true, false]);
    expect(await metrics.render()).toMatch(/karpenter_voluntary_disruption_queue_failures_total\{[^}]*\} 1\n/);
    expect(harness.deps.decisions.commands()).toMatchObject([
      { outcome: "GivenUp", why: "Backoff: kept: it took too long" },
    ]);
  });

  it("D-117: an order that fails gives the node back", async () => {
    await cluster();
    await machine("n1", { drifted: true });
    await start();
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "create" && resource.kind === "NodeClaim") {
        throw new KubeError(403, "Forbidden", "quota");
      }
    };
    await harness.pass(2500);
    expect([await has("n1"), await isTainted("n1")]).toEqual([true, false]);
    expect(harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(false);
  });

  it("DX-23: a pod that became protected while the replacement started keeps the node", async () => {
    await cluster();
    await machine("n1", { drifted: true });
    await start();
    await harness.pass(3000);
    const replacement = await theReplacement();
    const body = { metadata: { annotations: { [Annotation.DoNotDisrupt]: "true" } } };
    await harness.kube.patch(Pods, { namespace: "default", name: "web-n1" }, { type: "merge", body });
    await becomesInitialized(replacement);
    await harness.pass(5000);
    expect([await has("n1"), await isTainted("n1")]).toEqual([true, false]);
    expect(harness.deps.decisions.list().map(({ verdict }) => verdict)).toContain("TaintRace");
  });

  it("DX-24: while nobody can tell what runs on the node it waits, and in the end it gives up", async () => {
    await cluster();
    await machine("n1", { drifted: true });
    await start();
    await harness.pass(3000);
    const replacement = await theReplacement();
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase === "before" && verb === "list" && resource.kind === "Pod")
        throw new KubeError(500, "InternalError", "etcd is busy");
    };
    await becomesInitialized(replacement);
    await harness.pass(60_000);
    expect([await has("n1"), await isTainted("n1")]).toEqual([true, true]);
    await harness.pass(10 * 60_000);
    expect(await has("n1")).toBe(true);
    expect(harness.logger.messages("error")).toContain("disruption command failed, its nodes stay");
  });

  it("DX-24: a provider that does not answer is no reason to go on; it goes when it answers again", async () => {
    await cluster();
    await machine("n1", { drifted: true });
    await start();
    await harness.pass(3000);
    const replacement = await theReplacement();
    harness.provider.failures.types.push(...Array.from({ length: 20 }, () => new Error("503")));
    await becomesInitialized(replacement);
    await harness.pass(5000);
    expect([await has("n1"), await isTainted("n1")]).toEqual([true, true]);
    await harness.pass(60_000);
    expect(await has("n1")).toBe(false);
  });

  it("DX-23: a pod that arrives while the node is tainted stops the order", async () => {
    await cluster();
    await machine("n1", { drifted: true });
    await start();
    await harness.pass(500);
    await harness.putPod(aPod({ name: "late", nodeName: "n1" }));
    await harness.pass(1600);
    expect(await replacements()).toEqual([]);
    expect(await has("n1")).toBe(true);
  });

  it("D-71: several go at the same time, as many as the budget allows", async () => {
    await cluster({}, { budgets: [{ nodes: "2" }] });
    for (const name of ["n1", "n2", "n3"]) await machine(name, { drifted: true, pod: { requests: { cpu: "7" } } });
    await start();
    for (let second = 0; second < 60; second++) {
      await harness.pass(1000);
      for (const claim of await replacements()) {
        const { name = "" } = claim.metadata;
        const body = { status: { providerID: `test:///${name}` } };
        await harness.kube.patchStatus(NodeClaims, { name }, { type: "merge", body });
      }
    }
    expect(await replacements()).toHaveLength(2);
    expect(await claims()).toHaveLength(5);
  });

  it("observe mode: only says so", async () => {
    await cluster({ settings: { mode: "observe" } });
    await machine("n1", { drifted: true });
    await start();
    await harness.pass(60_000);
    expect([await isTainted("n1"), (await claims()).length]).toEqual([false, 1]);
    expect(harness.deps.decisions.list().map(({ verdict }) => verdict)).toContain("ObserveOnly");
  });
});

describe("replacing a dear node", () => {
  it("DT-99, DT-100, DT-106: waits, taints, orders, and nobody orders a second machine meanwhile", async () => {
    await cluster();
    await machine("n1");
    await harness.start(disruptionController(harness.deps), provisioningController(harness.deps));
    await harness.pass(14_000);
    expect(await isTainted("n1")).toBe(false);
    await harness.pass(1500);
    expect([await isTainted("n1"), await reason("n1")]).toEqual([true, "Underutilized"]);
    await harness.pass(2500);
    const replacement = await theReplacement();
    expect(harness.deps.state.nodeByName("n1")?.markedForDeletion).toBe(true);
    await harness.pass(60_000);
    expect(await replacements()).toHaveLength(1);
    expect(await has("n1")).toBe(true);
    await becomesInitialized(replacement);
    await harness.pass(1500);
    expect(await has("n1")).toBe(false);
    expect(log()).toMatchObject([{ method: "single-node consolidation", decision: "replace", "pod-count": 1 }]);
  });

  it("several nodes whose pods fit on one go together", async () => {
    await cluster();
    for (const name of ["n1", "n2"]) await machine(name, { pod: { requests: { cpu: "500m" } } });
    await start();
    await harness.pass(18_000);
    await theReplacement();
    expect(log()).toMatchObject([{ method: "multi-node consolidation", "disrupted-node-count": 2 }]);
  });

  it("a node whose pods fit elsewhere goes without a replacement", async () => {
    await cluster();
    await machine("n1", { type: "m.2", pod: { requests: { cpu: "500m" } } });
    await machine("n2", { type: "m.2", pod: { requests: { cpu: "1" } } });
    await start();
    await harness.pass(18_000);
    expect(await claims()).toHaveLength(1);
    expect(log()).toMatchObject([{ decision: "delete", "replacement-node-count": 0 }]);
  });

  it("DT-70: what does not hold after the wait is rejected, and tried again", async () => {
    const metrics = new PromMetrics();
    await cluster({ metrics });
    await machine("n1");
    await start();
    await harness.pass(10_000);
    harness.deps.state.nominate("n1");
    await harness.pass(8000);
    expect([await isTainted("n1"), (await replacements()).length]).toEqual([false, 0]);
    expect(harness.events.withReason("ConsolidationRejected")).not.toEqual([]);
    expect(await metrics.render()).toMatch(
      /karpenter_voluntary_disruption_failed_validations_total\{consolidation_type="single"\} 1/,
    );
    await harness.pass(60_000);
    expect(await replacements()).toHaveLength(1);
  });

  it("D-101: moves in pools with the policy Balanced are scored and counted", async () => {
    const metrics = new PromMetrics();
    await cluster({ metrics }, { consolidationPolicy: "Balanced" });
    await machine("n1");
    await start();
    await harness.pass(1000);
    const text = await metrics.render();
    expect(text).toMatch(/karpenter_consolidation_score_count\{[^}]*nodepool="default"[^}]*\} 1/);
    expect(text).toMatch(/karpenter_consolidation_moves_total\{[^}]*nodepool="default"[^}]*\} 1/);
  });

  it("a budget that is opened lets the node go", async () => {
    await cluster({}, { budgets: [{ nodes: "0" }] });
    await machine("n1");
    await start();
    await harness.pass(60_000);
    const body = { spec: { disruption: { budgets: [{ nodes: "1" }] } } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.pass(30_000);
    expect(await replacements()).toHaveLength(1);
  });
});

describe("several empty nodes during the wait", () => {
  it("DT-35, DT-36: one gets a pod, one is promised to pods: only the third goes", async () => {
    await cluster();
    for (const name of ["n1", "n2", "n3"]) await machine(name, { pod: null });
    await start();
    await harness.pass(10_000);
    await harness.putPod(aPod({ name: "web", nodeName: "n1", requests: { cpu: "7" } }));
    harness.deps.state.nominate("n2");
    await harness.pass(8000);
    expect((await claims()).map(({ metadata }) => metadata.name)).toEqual(["n1", "n2"]);
  });

  it("DT-36: the budget drops to 0: nothing goes", async () => {
    await cluster();
    for (const name of ["n1", "n2"]) await machine(name, { pod: null });
    await start();
    await harness.pass(10_000);
    // Both have been chosen, and wait.
    expect(harness.deps.decisions.commands()).toMatchObject([{ method: "emptiness", nodes: ["n1", "n2"] }]);
    const body = { spec: { disruption: { budgets: [{ nodes: "0" }] } } };
    await harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body });
    await harness.pass(60_000);
    expect(await claims()).toHaveLength(2);
    expect(harness.deps.decisions.commands()).toMatchObject([{ outcome: "GivenUp" }]);
  });
});

describe("a new process", () => {
  it("DT-104: between taint and order: the mark is taken off, unless the node is ending, and nothing is bought twice", async () => {
    await cluster({}, { consolidateAfter: "Never" });
    const lastTransitionTime = "2026-01-01T00:00:00Z";
    const because = { type: "DisruptionReason", status: "True", reason: "Drifted", message: "", lastTransitionTime };
    for (const name of ["n1", "n2"]) {
      await machine(name);
      await harness.kube.patch(Nodes, { name }, { type: "merge", body: { spec: { taints: [DISRUPTED_TAINT] } } });
    }
    const { conditions = [] } = (await harness.stored(NodeClaims, { name: "n1" }))?.status ?? {};
    const status = { conditions: [...conditions, because] };
    await harness.kube.patchStatus(NodeClaims, { name: "n1" }, { type: "merge", body: { status } });
    const hold = { metadata: { finalizers: ["karpenter.sh/termination"] } };
    await harness.kube.patch(Nodes, { name: "n2" }, { type: "merge", body: hold });
    await harness.kube.delete(Nodes, { name: "n2" });
    expect(await reason("n1")).toBe("Drifted");
    await start();
    await harness.pass(1000);
    expect([await isTainted("n1"), await reason("n1"), (await claims()).length]).toEqual([false, undefined, 2]);
    expect(await isTainted("n2")).toBe(true);
  });
});
