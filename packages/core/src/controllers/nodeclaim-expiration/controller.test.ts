// Scenarios of docs/reference/upstream-parity.md: E-45.

import { afterEach, describe, expect, it } from "vitest";
import { NodeClaims, NodePools, TERMINATION_FINALIZER, type NodeClaimSpec } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { silentMetrics, type Metrics } from "../../telemetry/index.ts";
import { aDaemonSetPod, aNodeClaim, aNodePool, aPod, TEST_CLASS } from "../../testing/builders/index.ts";
import { ControllerHarness, type HarnessOptions } from "../../testing/controller-harness.ts";
import { expiresAt, nodeClaimExpirationController } from "./controller.ts";

const HOUR = 3_600_000;
const KEY = { name: "n1" };
let harness: ControllerHarness;
let counted: string[];
afterEach(() => harness.stop());

/** A working machine whose claim lives this long; it is created when the clock starts. */
async function machine(spec: Partial<NodeClaimSpec>, options: HarnessOptions = {}): Promise<void> {
  harness = new ControllerHarness(options);
  counted = [];
  await harness.putMachine("n1", { claim: { spec } });
}

async function start(): Promise<void> {
  const metrics: Metrics = {
    ...silentMetrics,
    count: (name, labels = {}, value = 1) => counted.push(`${name} ${labels["reason"]} ${value}`),
  };
  await harness.start(nodeClaimExpirationController({ ...harness.deps, metrics }));
}

async function isThere(): Promise<boolean> {
  return (await harness.stored(NodeClaims, KEY)) !== undefined;
}

describe("nodeclaim.expiration", () => {
  it("LC-43, D-145: deletes the claim at its age and not before, and counts the pods that have to move", async () => {
    await machine({ expireAfter: "1h" });
    const annotations = { "karpenter.sh/do-not-disrupt": "true" };
    await harness.putPod(aPod({ name: "web", nodeName: "n1" }));
    await harness.putPod(aPod({ name: "protected", nodeName: "n1", annotations }));
    await harness.putPod(aDaemonSetPod({ nodeName: "n1" }));
    await harness.putPod(aPod({ name: "elsewhere", nodeName: "n2" }));
    await start();
    await harness.pass(HOUR - 1000);
    expect(await isThere()).toBe(true);
    expect(counted).toEqual([]);
    await harness.pass(1000);
    expect(await isThere()).toBe(false);
    expect(counted).toEqual([
      "karpenter_nodeclaims_disrupted_total expired 1",
      "karpenter_pods_disruption_initiated_total expired 2",
    ]);
    expect(harness.deps.decisions.list()).toMatchObject([{ verdict: "Expired", subject: "NodeClaim n1" }]);
  });

  it("DT-107, TC-45: 30 days are longer than a timer of the platform, and are waited for all the same", async () => {
    await machine({ expireAfter: "720h" });
    await start();
    await harness.pass(720 * HOUR - 1000);
    expect(await isThere()).toBe(true);
    await harness.pass(2000);
    expect(await isThere()).toBe(false);
  });

  it("DT-107: neither a budget of 0 nor a protected pod holds it", async () => {
    await machine({ expireAfter: "720h" });
    await harness.put(NodePools, aNodePool({ disruption: { budgets: [{ nodes: "0" }] } }));
    const annotations = { "karpenter.sh/do-not-disrupt": "true" };
    await harness.putPod(aPod({ name: "protected", nodeName: "n1", annotations }));
    await start();
    await harness.pass(720 * HOUR - 60_000);
    expect(await isThere()).toBe(true);
    await harness.pass(60_000);
    expect(await isThere()).toBe(false);
  });

  it("DT-107, TC-45: Never is never", async () => {
    await machine({ expireAfter: "Never" });
    await start();
    await harness.pass(1000 * HOUR);
    expect(await isThere()).toBe(true);
  });

  it("a time that cannot be read, or none, is never", () => {
    harness = new ControllerHarness();
    const { expireAfter: _, ...spec } = aNodeClaim().spec;
    expect(expiresAt(aNodeClaim({ spec: { expireAfter: "soon" } }))).toBeUndefined();
    expect(expiresAt({ ...aNodeClaim(), spec })).toBeUndefined();
    expect(expiresAt(aNodeClaim({ creationTimestamp: "2026-01-01T00:00:00Z", spec: { expireAfter: "90m" } }))).toBe(
      Date.UTC(2026, 0, 1, 1, 30),
    );
  });

  it("LC-43: what passed while nobody watched counts", async () => {
    await machine({ expireAfter: "1h" });
    await harness.pass(2 * HOUR);
    await start();
    expect(await isThere()).toBe(false);
  });

  it("D-146: a claim without a pool expires too, launched or not", async () => {
    harness = new ControllerHarness();
    counted = [];
    const { status: _, ...claim } = aNodeClaim({ name: "n1", nodePool: "", spec: { expireAfter: "1h" } });
    await harness.put(NodeClaims, { ...claim, metadata: { name: "n1" } });
    await start();
    await harness.pass(HOUR);
    expect(await isThere()).toBe(false);
    expect(counted).toContain("karpenter_pods_disruption_initiated_total expired 0");
  });

  it("DT-107, LC-43: a claim that is on its way out is counted once", async () => {
    await machine({ expireAfter: "1h" });
    const body = { metadata: { finalizers: [TERMINATION_FINALIZER] } };
    await harness.kube.patch(NodeClaims, KEY, { type: "merge", body });
    await start();
    await harness.pass(3 * HOUR);
    expect((await harness.stored(NodeClaims, KEY))?.metadata.deletionTimestamp).toBeDefined();
    expect(counted).toHaveLength(2);
  });

  it("a deletion that fails is tried again, and counted when it worked", async () => {
    await machine({ expireAfter: "1h" });
    await start();
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "delete" && failures++ < 2) throw new KubeError(500, "InternalError", "no");
    };
    await harness.pass(HOUR + 1000);
    expect(await isThere()).toBe(false);
    expect(failures).toBe(3);
    expect(counted).toHaveLength(2);
  });

  it("a machine that its provider cannot remove is not drained for nothing; it goes as soon as it can", async () => {
    await machine({ expireAfter: "1h" });
    harness.provider.kept.set("n1", "its machine is elsewhere");
    await start();
    await harness.pass(2 * HOUR);
    expect(await isThere()).toBe(true);
    expect(harness.deps.decisions.list()).toMatchObject([
      { verdict: "NodeProtected", detail: "older than its expireAfter of 1h, but its machine is elsewhere" },
    ]);
    harness.provider.kept.clear();
    await harness.pass(60_000);
    expect(await isThere()).toBe(false);
  });

  it("DT-107, NP-1: another autoscaler's claim is left alone", async () => {
    await machine({ expireAfter: "1h", nodeClassRef: { ...TEST_CLASS, group: "other.example.com" } });
    await start();
    await harness.pass(2 * HOUR);
    expect(await isThere()).toBe(true);
  });

  it("observe mode: nothing is deleted and nothing counted", async () => {
    await machine({ expireAfter: "1h" }, { settings: { mode: "observe" } });
    await start();
    await harness.pass(2 * HOUR);
    expect(await isThere()).toBe(true);
    expect(counted).toEqual([]);
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
