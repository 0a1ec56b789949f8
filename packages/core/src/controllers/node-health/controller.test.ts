// Scenarios of docs/reference/upstream-parity.md: E-23, E-24, E-25, E-26, E-27, E-204, E-216, E-219.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, fromRfc3339, NodeClaims, NodePools, Nodes, toRfc3339, type NodeClaim } from "../../api/index.ts";
import type { Settings } from "../../options/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aNodeClaim, aNodePool, TEST_CLASS, type NodeClaimOptions } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { minutes } from "../../units/index.ts";
import { nodeHealthController } from "./controller.ts";

const MINUTE = 60_000;
const POLICY = { conditionType: "BadNode", conditionStatus: "False", tolerationDuration: minutes(30) } as const;
let harness: ControllerHarness;
let metrics: PromMetrics;
afterEach(() => harness.stop());

async function world(count: number, claim: NodeClaimOptions = {}, settings: Partial<Settings> = {}): Promise<void> {
  metrics = new PromMetrics();
  harness = new ControllerHarness({ metrics, settings });
  harness.provider.policies = [POLICY];
  await harness.put(NodePools, aNodePool({ disruption: { budgets: [{ nodes: "0" }] } }));
  const { nodePool } = claim;
  const node = nodePool === undefined ? {} : { nodePool };
  for (let index = 1; index <= count; index++) await harness.putMachine(`n${index}`, { claim, node });
  await harness.start(nodeHealthController(harness.deps));
}

async function sicken(name: string, type = "BadNode", status: "False" | "Unknown" = "False"): Promise<void> {
  const lastTransitionTime = toRfc3339(harness.clock.now());
  const body = { status: { conditions: [{ type, status, lastTransitionTime }] } };
  await harness.kube.patchStatus(Nodes, { name }, { type: "merge", body });
  await harness.pass(0);
}

async function remaining(): Promise<readonly (string | undefined)[]> {
  const { items } = await harness.kube.list(NodeClaims);
  return items.filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name);
}

async function held(name: string): Promise<NodeClaim | undefined> {
  return await harness.stored(NodeClaims, { name });
}

/** The claim stays to be looked at while it is being deleted. */
async function hold(name: string): Promise<void> {
  const body = { metadata: { finalizers: ["example.com/hold"] } };
  await harness.kube.patch(NodeClaims, { name }, { type: "merge", body });
}

const deadline = (claim: NodeClaim | undefined) => claim?.metadata.annotations?.[Annotation.TerminationTimestamp];

describe("node.health", () => {
  it("DT-109: at 29 minutes nothing, at 30 the deadline is now and the claim is deleted", async () => {
    await world(1);
    await hold("n1");
    await sicken("n1");
    const since = harness.clock.now();
    await harness.pass(29 * MINUTE);
    expect([await remaining(), deadline(await held("n1"))]).toEqual([["n1"], undefined]);
    await harness.pass(MINUTE);
    expect(await remaining()).toEqual([]);
    expect(fromRfc3339(deadline(await held("n1")) ?? "")).toBe(since + minutes(30));
  });

  it("DT-109: another type or status of a condition is nothing", async () => {
    await world(2);
    await sicken("n1", "BadNode", "Unknown");
    await sicken("n2", "OtherNode");
    await harness.pass(60 * MINUTE);
    expect(await remaining()).toEqual(["n1", "n2"]);
  });

  it("D-152: a node that recovers in time is kept", async () => {
    await world(1);
    await sicken("n1");
    await harness.pass(20 * MINUTE);
    await sicken("n1", "Ready");
    await harness.pass(60 * MINUTE);
    expect(await remaining()).toEqual(["n1"]);
  });

  it("DT-111: neither budgets nor protection nor a long grace keep it", async () => {
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    await world(1, { annotations, spec: { terminationGracePeriod: "24h" } });
    await hold("n1");
    await sicken("n1");
    await harness.pass(30 * MINUTE);
    expect(await remaining()).toEqual([]);
    expect(fromRfc3339(deadline(await held("n1")) ?? "")).toBe(harness.clock.now());
  });

  it.each([
    ["a text that only a lenient reader takes for a day long ago is replaced", "1", undefined],
    ["a deadline that has passed stays", "2025-12-31T00:00:00Z", "2025-12-31T00:00:00Z"],
    ["a later one is brought forward", "2027-01-01T00:00:00Z", undefined],
    ["an unreadable one is replaced", "soon", undefined],
  ])("DT-111, D-155: %s", async (_, before, after) => {
    await world(1, { annotations: { [Annotation.TerminationTimestamp]: before } });
    await hold("n1");
    await sicken("n1");
    await harness.pass(30 * MINUTE);
    expect(deadline(await held("n1"))).toBe(after ?? toRfc3339(harness.clock.now()));
  });

  it("D-155, D-156: a namesake made while the deadline is written gets none and stays", async () => {
    await world(1);
    const sick = (await held("n1"))?.metadata.uid;
    await sicken("n1");
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "NodeClaim") return;
      harness.kube.faults = undefined;
      await harness.kube.delete(NodeClaims, { name: "n1" });
      await harness.put(NodeClaims, aNodeClaim({ name: "n1", providerID: "test:///other" }));
    };
    await harness.pass(35 * MINUTE);
    expect(harness.kube.faults).toBeUndefined();
    const namesake = await held("n1");
    expect(namesake?.metadata.uid).not.toBe(sick);
    expect([await remaining(), deadline(namesake)]).toEqual([["n1"], undefined]);
    expect(await promSeries(metrics, "karpenter_nodeclaims_unhealthy_disrupted_total")).toEqual([]);
  });

  it("D-155: a claim that is being deleted gets the deadline and is counted nowhere", async () => {
    await world(1);
    await hold("n1");
    await harness.kube.delete(NodeClaims, { name: "n1" });
    await sicken("n1");
    await harness.pass(30 * MINUTE);
    expect(deadline(await held("n1"))).toBe(toRfc3339(harness.clock.now()));
    expect(await promSeries(metrics, "karpenter_nodeclaims_unhealthy_disrupted_total")).toEqual([]);
  });

  it("M-4, M-8: it is counted under the condition's name in snake case", async () => {
    await world(1);
    await sicken("n1");
    await harness.pass(30 * MINUTE);
    expect(await promSeries(metrics, "karpenter_nodeclaims_unhealthy_disrupted_total")).toEqual([
      '{condition="bad_node",nodepool="default",capacity_type="",image_id=""} 1',
    ]);
    expect((await promSeries(metrics, "karpenter_nodeclaims_disrupted_total")).join()).toContain('reason="unhealthy"');
  });

  it("a machine that its provider cannot remove is kept until it can", async () => {
    await world(1);
    harness.provider.kept.set("n1", "its pool is not ours");
    await sicken("n1");
    await harness.pass(40 * MINUTE);
    expect([await remaining(), deadline(await held("n1"))]).toEqual([["n1"], undefined]);
    harness.provider.kept.clear();
    await harness.pass(MINUTE);
    expect(await remaining()).toEqual([]);
  });

  it("observe mode: says what is sick, marks nothing and deletes nothing", async () => {
    await world(1, {}, { mode: "observe" });
    await sicken("n1");
    await harness.pass(40 * MINUTE);
    expect([await remaining(), deadline(await held("n1"))]).toEqual([["n1"], undefined]);
    expect(harness.deps.decisions.list()).toMatchObject([{ verdict: "Unhealthy", subject: "NodeClaim n1" }]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("D-152: two claims for one machine, and claims of others, are left alone", async () => {
    await world(1, { providerID: "test:///n1" });
    await harness.putMachine("n2", { claim: { providerID: "test:///n1" } });
    const nodeClassRef = { ...TEST_CLASS, kind: "Foreign" };
    await harness.putMachine("n3", { claim: { spec: { nodeClassRef } } });
    await sicken("n1");
    await harness.pass(40 * MINUTE);
    await sicken("n3");
    await harness.pass(40 * MINUTE);
    expect(await remaining()).toEqual(["n1", "n2", "n3"]);
  });
});

describe("too many unhealthy nodes", () => {
  it("DT-110: 3 of 10 are told about and not repaired; one that recovers lets the others go", async () => {
    await world(10);
    for (const name of ["n1", "n2", "n3"]) await sicken(name);
    await harness.pass(31 * MINUTE);
    expect(await remaining()).toHaveLength(10);
    const message = "3 of 10 nodes of nodepool default are unhealthy; none is repaired while more than 2 are";
    const told = harness.events.withReason("NodeRepairBlocked");
    expect(new Set(told.map((note) => note.message))).toEqual(new Set([message]));
    expect(new Set(told.map(({ resource }) => resource.kind))).toEqual(new Set(["Node", "NodeClaim", "NodePool"]));
    // E-10: a warning, at most every quarter of an hour about each object.
    expect(told.every(({ type, dedupeFor }) => type === "Warning" && dedupeFor === minutes(15))).toBe(true);
    expect(told.every(({ object, dedupeKey }) => dedupeKey === `NodeRepairBlocked/${object.metadata.uid}`)).toBe(true);
    await sicken("n3", "Ready");
    await harness.pass(5 * MINUTE);
    expect((await remaining()).filter((name) => name === "n1" || name === "n2")).toEqual([]);
    expect(await remaining()).toHaveLength(8);
  });

  it.each([
    [2, 10],
    [1, 3],
  ])("DT-110: %d of %d are repaired", async (sick, all) => {
    await world(all);
    for (let index = 1; index <= sick; index++) await sicken(`n${index}`);
    await harness.pass(31 * MINUTE);
    expect(await remaining()).toHaveLength(all - sick);
    expect(harness.events.withReason("NodeRepairBlocked")).toEqual([]);
  });

  it("DT-110, D-154: a claim without a pool is weighed against the whole cluster", async () => {
    await world(2, { nodePool: "" });
    for (let index = 3; index <= 6; index++) await harness.putMachine(`n${index}`);
    for (const name of ["n1", "n3", "n4"]) await sicken(name);
    await harness.pass(31 * MINUTE);
    expect(await remaining()).toHaveLength(6);
    expect(harness.events.withReason("NodeRepairBlocked").map(({ message }) => message)).toContain(
      "3 of 6 nodes of the cluster are unhealthy; none is repaired while more than 2 are",
    );
  });

  const write = (annotations: Readonly<Record<string, string>>) =>
    harness.kube.patch(NodePools, { name: "default" }, { type: "merge", body: { metadata: { annotations } } });

  it("DX-30: a NodePool may allow more; those held back are counted, and go when it does", async () => {
    await world(10);
    for (const name of ["n1", "n2", "n3"]) await sicken(name);
    await harness.pass(31 * MINUTE);
    expect(await remaining()).toHaveLength(10);
    expect(await promSeries(metrics, "kmc_node_repairs_skipped_total")).toEqual(['{nodepool="default"} 3']);
    await write({ [Annotation.RepairThreshold]: "3" });
    await harness.pass(1000);
    expect(await remaining()).toHaveLength(7);
  });

  it("DX-30: a NodePool may be less patient with a condition", async () => {
    await world(1);
    await write({ [Annotation.RepairTolerations]: "BadNode=10m" });
    await sicken("n1");
    await harness.pass(9 * MINUTE);
    expect(await remaining()).toEqual(["n1"]);
    await harness.pass(MINUTE);
    expect(await remaining()).toEqual([]);
  });

  it("DX-30: what cannot be read lets none be repaired, and is told", async () => {
    await world(1);
    await write({ [Annotation.RepairThreshold]: "many" });
    await sicken("n1");
    await harness.pass(31 * MINUTE);
    expect(await remaining()).toEqual(["n1"]);
    const why = 'karpenter-multicloud.sh/repair-threshold "many" is neither a number nor a percentage';
    const told = harness.events.withReason("NodeRepairBlocked");
    expect(told.map(({ resource, message }) => `${resource.kind}: ${message}`)).toEqual(
      expect.arrayContaining([
        `Node: it is unhealthy and not repaired: ${why}`,
        `NodePool: no node is repaired: ${why}`,
      ]),
    );
  });
});
