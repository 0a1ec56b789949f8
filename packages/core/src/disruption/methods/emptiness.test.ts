// Scenarios of docs/reference/upstream-parity.md: E-38.

import { describe, expect, expectTypeOf, it } from "vitest";
import { Annotation, Label } from "../../api/index.ts";
import type { Budget } from "../../api/index.ts";
import type { NodeVerdictCode } from "../../reasons/index.ts";
import type { StateNode } from "../../state/index.ts";
import {
  aDaemonSetPod,
  anInstanceType,
  aNode,
  aNodeClaim,
  aNodePool,
  anOffering,
  aPdb,
  aPod,
} from "../../testing/builders/index.ts";
import type { NodePoolOptions } from "../../testing/builders/index.ts";
import { minutes } from "../../units/index.ts";
import { candidateObstacle } from "../candidate.ts";
import { consolidatableAt } from "../consolidatable.ts";
import type { DisruptionNode } from "../disruption-node.ts";
import { emptinessSteps } from "./emptiness.ts";
import type { EmptinessInput } from "./emptiness.ts";
import { indexPdbs } from "../pdbs.ts";
import { finished } from "../steps.ts";

const NOW = Date.UTC(2026, 0, 2);
const READY = ["Launched", "Registered", "Initialized", "Consolidatable"];
const ANY = { budgets: [{ nodes: "100%" }] };

function node(name: string, changes: Partial<DisruptionNode> = {}, nodePool = "default"): DisruptionNode {
  const object = aNode({ name, nodePool });
  return {
    name,
    providerID: `test:///${name}`,
    node: object,
    nodeClaim: aNodeClaim({ name, nodePool, conditions: READY }),
    managed: true,
    initialized: true,
    nodePool,
    labels: object.metadata.labels ?? {},
    annotations: {},
    pods: [],
    markedForDeletion: false,
    ...changes,
  };
}

function decide(nodes: readonly DisruptionNode[], pool: NodePoolOptions = {}, more: Partial<EmptinessInput> = {}) {
  const nodePools = [aNodePool({ ...pool, disruption: { ...ANY, ...pool.disruption } })];
  return finished(emptinessSteps({ nodes, nodePools, pdbs: [], nowMs: NOW, ...more }));
}

function verdictOf(only: DisruptionNode, pool: NodePoolOptions = {}, more: Partial<EmptinessInput> = {}) {
  return decide([only], pool, more).verdicts[0];
}

const worker = aPod({ nodeName: "n1" });

describe("candidates", () => {
  it("a mirrored node can be judged as it is", () => {
    expectTypeOf<StateNode>().toExtend<DisruptionNode>();
    expect(verdictOf(node("n1"))?.code).toBe("Selected");
  });

  const { node: _node, ...claimOnly } = node("n1");
  const { nodeClaim: _claim, ...nodeOnly } = node("n1");
  const { nodePool: _pool, ...poolless } = node("n1");
  const REFUSED: readonly (readonly [string, DisruptionNode, NodeVerdictCode])[] = [
    ["without claim", nodeOnly, "Unmanaged"],
    ["without Node", claimOnly, "NotInitialized"],
    ["that starts", node("n1", { initialized: false }), "NotInitialized"],
    ["that goes", node("n1", { markedForDeletion: true }), "Deleting"],
    ["promised to pods", node("n1", { nominatedUntil: NOW + 1 }), "Nominated"],
    ["that is protected", node("n1", { annotations: { [Annotation.DoNotDisrupt]: "true" } }), "NodeProtected"],
    ["without pool", poolless, "NoNodePool"],
    ["of a pool that is gone", node("n1", {}, "gone"), "NoNodePool"],
  ];

  it.each(REFUSED)("DT-10: a node %s stays", (_, candidate, code) => {
    const { command, verdicts } = decide([candidate]);
    expect(command).toBeUndefined();
    expect(verdicts.map((verdict) => verdict.code)).toEqual([code]);
  });

  it.each(REFUSED)("DT-10: with a deadline for its drain a node %s stays as well", (_, candidate, code) => {
    const claim = candidate.nodeClaim && { ...candidate.nodeClaim };
    const nodeClaim = claim && { ...claim, spec: { ...claim.spec, terminationGracePeriod: "5m" } };
    const context = {
      nodePools: new Map([["default", aNodePool()]]),
      pdbs: indexPdbs([]),
      inCommand: new Set<string>(),
    };
    const node = { ...candidate, ...(nodeClaim && { nodeClaim }) };
    expect(candidateObstacle(node, { ...context, nowMs: NOW }, "eventual")?.code).toBe(code);
  });

  it.each([
    ["StartupTaintsExist", 'StartupTaint "cni:NoExecute" still exists'],
    ["ResourceNotRegistered", 'Resource "example.com/gpu" was requested but not registered'],
  ])("LC-29, DX-1: a node that starts says what it waits for: %s", (reason, message) => {
    const lacking = {
      type: "Initialized",
      status: "Unknown",
      reason,
      message,
      lastTransitionTime: "2026-01-01T00:00:00Z",
    } as const;
    const nodeClaim = aNodeClaim({ name: "n1", conditions: ["Launched", "Registered", lacking] });
    expect(verdictOf(node("n1", { initialized: false, nodeClaim }))?.detail).toBe(`it is still starting: ${message}`);
    const untold = aNodeClaim({
      name: "n1",
      conditions: ["Launched", "Registered", { ...lacking, reason: "AwaitingReconciliation" }],
    });
    expect(verdictOf(node("n1", { initialized: false, nodeClaim: untold }))?.detail).toBe("it is still starting");
  });

  it("DT-10: a node of a running command stays", () => {
    expect(verdictOf(node("n1"), {}, { inCommand: new Set(["n1"]) })?.code).toBe("InCommand");
  });

  it("a node whose machine the provider cannot remove stays, with the provider's words", () => {
    const kept = new Map([["n1", "its machine is in a pool that is not ours"]]);
    expect(verdictOf(node("n1"), {}, { kept })).toMatchObject({ code: "NodeProtected", detail: kept.get("n1") });
    expect(verdictOf(node("n1"), {}, { kept: new Map([["n2", "elsewhere"]]) })?.code).toBe("Selected");
  });

  it("D-19, DT-10: nodes of a pool whose types cannot be listed stay", () => {
    expect(verdictOf(node("n1"), {}, { instanceTypes: new Map() })?.code).toBe("StaleState");
    expect(verdictOf(node("n1"), {}, { instanceTypes: new Map([["default", []]]) })?.code).toBe("StaleState");
    expect(verdictOf(node("n1"), {}, { instanceTypes: new Map([["default", [anInstanceType()]]]) })?.code).toBe(
      "Selected",
    );
  });

  it("a nomination ends", () => {
    expect(verdictOf(node("n1", { nominatedUntil: NOW }))?.code).toBe("Selected");
  });

  it.each(["10m", "false"])("DT-6: %j on a node protects nothing", (text) => {
    expect(verdictOf(node("n1", { annotations: { [Annotation.DoNotDisrupt]: text } }))?.code).toBe("Selected");
  });

  it("D-3, DT-3: a protected DaemonSet pod holds an empty node", () => {
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    const pods = [aDaemonSetPod({ nodeName: "n1", annotations })];
    expect(verdictOf(node("n1", { pods }))).toMatchObject({
      code: "PodProtected",
      detail: `annotation ${Annotation.DoNotDisrupt} on pod kube-system/agent-x protects it`,
    });
    const mirror = aPod({ nodeName: "n1", annotations, owner: { apiVersion: "v1", kind: "Node" } });
    expect(verdictOf(node("n1", { pods: [mirror] }))?.code).toBe("PodProtected");
    const ended = [
      aDaemonSetPod({ nodeName: "n1", annotations, status: { phase: "Succeeded" } }),
      aDaemonSetPod({ name: "ending", nodeName: "n1", annotations, deletionTimestamp: "2026-01-01T00:00:00Z" }),
    ];
    expect(verdictOf(node("n1", { pods: ended }))?.code).toBe("Selected");
  });

  it("DT-4: the end of a protection is part of the verdict", () => {
    const status = { phase: "Running" as const, startTime: "2026-01-01T23:58:00Z" };
    const pods = [aDaemonSetPod({ nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "5m" }, status })];
    expect(verdictOf(node("n1", { pods }))?.until).toBe(NOW + 3 * 60_000);
  });

  it("D-5: a budget that allows no eviction holds the node", () => {
    const pods = [aDaemonSetPod({ nodeName: "n1" })];
    const namespace = "kube-system";
    expect(verdictOf(node("n1", { pods }), {}, { pdbs: [aPdb({ namespace, disruptionsAllowed: 0 })] })?.code).toBe(
      "PdbBlocked",
    );
    const two = [aPdb({ namespace, name: "a" }), aPdb({ namespace, name: "b" })];
    expect(verdictOf(node("n1", { pods }), {}, { pdbs: two })?.code).toBe("PdbMultiple");
  });

  it("D-134: a claim that is not initialized is not consolidatable, whatever it is marked", () => {
    const nodeClaim = aNodeClaim({ conditions: ["Launched", "Registered", "Consolidatable"] });
    expect(verdictOf(node("n1", { nodeClaim }))?.code).toBe("WaitConsolidateAfter");
  });

  it("D-134: at the very end of its consolidateAfter a node goes", () => {
    const pool = { disruption: { consolidateAfter: "1m" } };
    const ended = (lastPodEventTime: string) =>
      node("n1", { nodeClaim: aNodeClaim({ conditions: READY, lastPodEventTime }) });
    expect(verdictOf(ended("2026-01-01T23:59:00Z"), pool)?.code).toBe("Selected");
    expect(verdictOf(ended("2026-01-01T23:59:01Z"), pool)?.code).toBe("WaitConsolidateAfter");
  });

  it("DX-1: a verdict names the pool of its node, where there is one", () => {
    expect(verdictOf(node("n1"))).toEqual({
      node: "n1",
      nodePool: "default",
      code: "Selected",
      detail: "it is empty and goes now",
    });
    expect(verdictOf(node("n1", { markedForDeletion: true }))?.nodePool).toBe("default");
    expect(verdictOf(poolless)).not.toHaveProperty("nodePool");
  });

  it("DX-2: the first failing check wins", () => {
    const candidate = node("n1", { markedForDeletion: true, nominatedUntil: NOW + 1, pods: [worker] });
    expect(verdictOf(candidate)?.code).toBe("Deleting");
  });
});

describe("emptiness", () => {
  it("DT-30: an empty node goes", () => {
    expect(decide([node("n1")]).command).toEqual({ reason: "Empty", decision: "delete", nodes: ["n1"] });
  });

  it("D-61: a node with pods stays and the verdict names one", () => {
    const pods = [aDaemonSetPod({ nodeName: "n1" }), worker, aPod({ name: "web-1", nodeName: "n1" })];
    expect(verdictOf(node("n1", { pods }))).toMatchObject({
      code: "NotEmpty",
      detail: "pod default/web-0 and 1 more would have to move",
    });
    expect(verdictOf(node("n1", { pods: pods.slice(0, 2) }))?.detail).toBe("pod default/web-0 would have to move");
  });

  it("DT-37, D-61: a node with room for a buffer stays, its neighbour goes, and without the buffer both go", () => {
    const nodes = [node("n1"), node("n2")];
    const bufferNodes = new Map([["n1", ["shop/headroom"]]]);
    expect(decide(nodes, {}, { bufferNodes }).verdicts).toMatchObject([
      { node: "n1", code: "BufferPods", detail: "room on it is kept for CapacityBuffer shop/headroom" },
      { node: "n2", code: "Selected" },
    ]);
    expect(decide(nodes, {}, { bufferNodes: new Map() }).command?.nodes).toEqual(["n1", "n2"]);
  });

  it("D-61: the kept room is told before the pods, and names every buffer", () => {
    const bufferNodes = new Map([["n1", ["a/x", "b/y"]]]);
    expect(verdictOf(node("n1", { pods: [worker] }), {}, { bufferNodes })).toMatchObject({
      code: "BufferPods",
      detail: "room on it is kept for CapacityBuffers a/x, b/y",
    });
  });

  it("DT-39: where only empty nodes are removed the verdict says so", () => {
    const pool = { disruption: { consolidationPolicy: "WhenEmpty" as const } };
    expect(verdictOf(node("n1", { pods: [worker] }), pool)).toMatchObject({
      code: "PolicyWhenEmpty",
      detail: "pod default/web-0 would have to move, and NodePool default removes empty nodes only",
    });
    expect(verdictOf(node("n1"), pool)?.code).toBe("Selected");
  });

  it("DT-39: under the policy Balanced an empty node goes", () => {
    expect(verdictOf(node("n1"), { disruption: { consolidationPolicy: "Balanced" } })?.code).toBe("Selected");
  });

  it("DT-38: static pools and pools that never consolidate keep their nodes", () => {
    expect(verdictOf(node("n1"), { replicas: 1 })).toMatchObject({
      code: "StaticPool",
      detail: "NodePool default keeps a fixed number of nodes",
    });
    expect(verdictOf(node("n1"), { disruption: { consolidateAfter: "Never" } })?.code).toBe("ConsolidationDisabled");
  });

  it("DT-32: a node that is not marked Consolidatable, or is marked that it is not, waits", () => {
    const nodeClaim = aNodeClaim({ conditions: ["Initialized"] });
    expect(verdictOf(node("n1", { nodeClaim }))?.code).toBe("WaitConsolidateAfter");
    const lastTransitionTime = "2026-01-01T00:00:00Z";
    const no = { type: "Consolidatable", status: "False", reason: "No", message: "", lastTransitionTime } as const;
    const denied = {
      ...nodeClaim,
      status: { ...nodeClaim.status, conditions: [...(nodeClaim.status?.conditions ?? []), no] },
    };
    expect(verdictOf(node("n1", { nodeClaim: denied }))?.code).toBe("WaitConsolidateAfter");
  });

  it("D-135: a Consolidatable that is out of date does not count", () => {
    const nodeClaim = aNodeClaim({ conditions: READY, lastPodEventTime: "2026-01-01T23:59:30Z" });
    const verdict = verdictOf(node("n1", { nodeClaim }), { disruption: { consolidateAfter: "1m" } });
    expect(verdict).toMatchObject({ code: "WaitConsolidateAfter", until: NOW + 30_000 });
    expect(verdict?.detail).toBe("empty, waits for consolidateAfter 1m until 2026-01-02T00:00:30Z");
  });

  it("DX-25: nor does one whose claim lacks a pod event that could not be written", () => {
    const late = node("n1", { lastPodEvent: NOW - 30_000 });
    const verdict = verdictOf(late, { disruption: { consolidateAfter: "1m" } });
    expect(verdict).toMatchObject({ code: "WaitConsolidateAfter", until: NOW + 30_000 });
  });

  it("D-28: what saves most goes first, then the older node, then by name", () => {
    const priced = (name: string, type: string, creationTimestamp: string) =>
      node(name, {
        labels: {
          ...aNode({ name }).metadata.labels,
          [Label.InstanceType]: type,
          [Label.Zone]: "z",
          [Label.CapacityType]: "spot",
        },
        nodeClaim: aNodeClaim({ name, conditions: READY, creationTimestamp }),
      });
    const type = (name: string, price: number) =>
      anInstanceType({ name, offerings: [anOffering({ price, zone: "z", capacityType: "spot" })] });
    const nodes = [
      priced("0-young", "cheap", "2026-01-01T02:00:00Z"),
      priced("b-old", "cheap", "2026-01-01T01:00:00Z"),
      priced("a-old", "cheap", "2026-01-01T01:00:00Z"),
      priced("dear", "dear", "2026-01-01T03:00:00Z"),
    ];
    const instanceTypes = new Map([["default", [type("cheap", 1), type("dear", 2)]]]);
    expect(decide(nodes, {}, { instanceTypes }).command?.nodes).toEqual(["dear", "a-old", "b-old", "0-young"]);
  });

  it("DX-12: before age come the pods that would move, and the time that is paid already", () => {
    const billing = { period: minutes(60), minimum: minutes(0) };
    const offering = { ...anOffering({ price: 1, zone: "z", capacityType: "spot" }), billing };
    const instanceTypes = new Map([["default", [anInstanceType({ name: "hourly", offerings: [offering] })]]]);
    const labels = { [Label.InstanceType]: "hourly", [Label.Zone]: "z", [Label.CapacityType]: "spot" };
    const made = (name: string, creationTimestamp: string, pods: DisruptionNode["pods"] = []) =>
      node(name, {
        labels: { ...aNode({ name }).metadata.labels, ...labels },
        nodeClaim: aNodeClaim({ name, conditions: READY, creationTimestamp }),
        pods,
      });
    const worthless = aPod({ nodeName: "x", priority: -2_147_483_648 });
    const nodes = [
      made("just-begun", "2026-01-01T20:59:00Z", [aDaemonSetPod({ nodeName: "just-begun" })]),
      made("nearly-over", "2026-01-01T21:01:00Z"),
      made("moves-one", "2026-01-01T01:00:00Z", [worthless]),
    ];
    expect(decide(nodes, {}, { instanceTypes }).command?.nodes).toEqual(["nearly-over", "just-begun", "moves-one"]);
  });

  it("DX-1: every node gets exactly one verdict, in the order given", () => {
    const nodes = [node("c"), node("a", { pods: [worker] }), node("b", { initialized: false })];
    expect(decide(nodes).verdicts.map(({ node: name, code }) => [name, code])).toEqual([
      ["c", "Selected"],
      ["a", "NotEmpty"],
      ["b", "NotInitialized"],
    ]);
  });
});

describe("budgets of emptiness", () => {
  const ten = Array.from({ length: 10 }, (_, index) => node(`n${index}`));
  const budget = (nodes: string): NodePoolOptions => ({ disruption: { budgets: [{ nodes }] } });

  it.each([
    ["3", 3],
    ["100%", 10],
  ])("DT-27: nodes %j lets %d of ten go in one command", (nodes, count) => {
    const decision = decide(ten, budget(nodes));
    expect(decision.command?.nodes).toHaveLength(count);
    expect([decision.eligible, decision.constrained]).toEqual([10, count < 10]);
    expect(decision.verdicts.filter(({ code }) => code === "Budget")).toHaveLength(10 - count);
  });

  it("DT-27, D-57: a budget of 0 lets none go and must not be remembered as nothing to do", () => {
    const decision = decide(ten, budget("0"));
    expect(decision.command).toBeUndefined();
    expect(decision.constrained).toBe(true);
    expect(decision.verdicts[0]?.detail).toBe(
      'budget nodes "0" of NodePool default allows 0 at a time, and 0 are being disrupted or not ready',
    );
  });

  it("DT-28: each pool spends its own", () => {
    const names = ["a", "b", "c"];
    const nodes = names.flatMap((pool) => [1, 2, 3].map((index) => node(`${pool}${index}`, {}, pool)));
    const budgets: readonly Budget[] = [{ nodes: "2" }];
    const nodePools = names.map((name) => aNodePool({ name, disruption: { budgets } }));
    const { command } = finished(emptinessSteps({ nodes, nodePools, pdbs: [], nowMs: NOW }));
    expect(command?.nodes).toEqual(["a1", "a2", "b1", "b2", "c1", "c2"]);
  });

  it("DT-22: a budget that cannot be read holds the nodes and is named", () => {
    const pool = { disruption: { budgets: [{ nodes: "1", schedule: "@wrongly", duration: "1h" }] } };
    const verdict = verdictOf(node("n1"), pool);
    expect(verdict?.code).toBe("BudgetInvalid");
    expect(verdict?.detail).toContain("@wrongly");
  });

  it("D-36: nodes on their way out use the budget up", () => {
    const nodes = [node("n1"), node("n2", { markedForDeletion: true })];
    expect(decide(nodes, budget("1")).verdicts.map(({ code }) => code)).toEqual(["Budget", "Deleting"]);
  });

  it("D-108, DT-35: judged again, a command keeps what is still empty and gains nothing", () => {
    const nodes = [node("n1"), node("n2", { pods: [worker] }), node("n3"), node("n4")];
    const { command } = decide(nodes, {}, { only: new Set(["n1", "n2", "n3"]) });
    expect(command?.nodes).toEqual(["n1", "n3"]);
    expect(decide(nodes, {}, { only: new Set(["n1"]) }).verdicts[3]).toMatchObject({ node: "n4", code: "StaleState" });
  });

  it("D-108, DT-36: judged again, budget and nomination count anew", () => {
    const only = new Set(["n1", "n2"]);
    const nominated = [node("n1", { nominatedUntil: NOW + 1 }), node("n2")];
    expect(decide(nominated, {}, { only }).command?.nodes).toEqual(["n2"]);
    expect(decide([node("n1"), node("n2")], budget("0"), { only }).command).toBeUndefined();
  });
});

describe("consolidatableAt", () => {
  const initializedAt = Date.UTC(2026, 0, 1);
  const pool = (consolidateAfter: string) => aNodePool({ disruption: { consolidateAfter } });

  it("D-134, DT-96: counts from the last pod event, else from initialization", () => {
    expect(consolidatableAt(aNodeClaim(), pool("1m"))).toBe(initializedAt + 60_000);
    const lastPodEventTime = "2026-01-01T00:10:00Z";
    expect(consolidatableAt(aNodeClaim({ lastPodEventTime }), pool("1m"))).toBe(initializedAt + 660_000);
  });

  it("D-134: 0s is reached at initialization whatever pods do", () => {
    const claim = aNodeClaim({ lastPodEventTime: "2026-01-01T00:10:00Z" });
    expect(consolidatableAt(claim, pool("0s"))).toBe(initializedAt);
    const { disruption: _, ...spec } = aNodePool().spec;
    expect(consolidatableAt(claim, { ...aNodePool(), spec })).toBe(initializedAt);
  });

  it("D-133: never, with Never, before initialization, or when the text cannot be read", () => {
    expect(consolidatableAt(aNodeClaim(), pool("Never"))).toBeUndefined();
    expect(consolidatableAt(aNodeClaim({ conditions: ["Launched"] }), pool("1m"))).toBeUndefined();
    expect(consolidatableAt(aNodeClaim(), pool("soon"))).toBeUndefined();
  });
});
