// The end of a claim when something goes wrong in the middle.
// Scenarios of docs/reference/upstream-parity.md: E-32.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, Label, NodeClaims, Nodes, TERMINATION_FINALIZER } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { Transient } from "../../provider/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aNodeClaim } from "../../testing/builders/index.ts";
import type { HarnessOptions } from "../../testing/controller-harness.ts";
import { CLAIM_KEY, LifecycleHarness } from "../../testing/lifecycle-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import { nodeClaimLifecycleController } from "./controller.ts";

const MINUTE = 60_000;
const FINALIZERS = [TERMINATION_FINALIZER];
let harness: LifecycleHarness;
afterEach(() => harness.stop());

describe("ending", () => {
  /** A claim that is being deleted, with its machine in the cloud. */
  async function leaving(over: Parameters<typeof aNodeClaim>[0] = {}, options: HarnessOptions = {}): Promise<void> {
    const made = aNodeClaim({ name: CLAIM_KEY.name, conditions: ["Launched"], ...over });
    harness = await LifecycleHarness.with({ ...made, metadata: { ...made.metadata, finalizers: FINALIZERS } }, options);
    harness.provider.machines.set("test:///default-1", made);
    await harness.kube.delete(NodeClaims, CLAIM_KEY);
  }

  it("DT-129, LC-35, LC-37: announcing the deadline and asking the cloud go through in one pass", async () => {
    await leaving({ spec: { terminationGracePeriod: "5m" } });
    harness.provider.slowDeletes = 1;
    await harness.begin();
    expect(harness.events.withReason("TerminationGracePeriodExpiring")).toHaveLength(1);
    expect((await harness.condition("InstanceTerminating"))?.status).toBe("True");
    await harness.pass(12_000);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.provider.calls).toEqual([
      "delete test:///default-1",
      "delete test:///default-1",
      "delete test:///default-1",
    ]);
  });

  it("DT-128, TC-44, LC-35: a deadline that is there already is neither moved nor announced again", async () => {
    const deadline = "2026-01-01T00:00:07Z";
    await leaving({
      spec: { terminationGracePeriod: "5m" },
      annotations: { [Annotation.TerminationTimestamp]: deadline },
    });
    harness.provider.slowDeletes = 3;
    await harness.begin(10_000);
    expect((await harness.claim())?.metadata.annotations?.[Annotation.TerminationTimestamp]).toBe(deadline);
    expect(harness.events.withReason("TerminationGracePeriodExpiring")).toEqual([]);
  });

  it("LC-35, RT-15: a deadline that somebody sets at the same moment is not moved, nor is another one announced", async () => {
    const deadline = "2026-01-01T00:00:07Z";
    await leaving({ spec: { terminationGracePeriod: "5m" } });
    harness.provider.slowDeletes = 3;
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "NodeClaim") return;
      harness.kube.faults = undefined;
      const body = { metadata: { annotations: { [Annotation.TerminationTimestamp]: deadline } } };
      await harness.kube.patch(NodeClaims, CLAIM_KEY, { type: "merge", body });
    };
    await harness.begin(10_000);
    expect(harness.kube.faults).toBeUndefined();
    expect((await harness.claim())?.metadata.annotations?.[Annotation.TerminationTimestamp]).toBe(deadline);
    expect(harness.events.withReason("TerminationGracePeriodExpiring")).toEqual([]);
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it.each([
    ["5m", "2026-01-01T00:05:00Z"],
    [undefined, undefined],
  ])("DT-128: with a terminationGracePeriod of %s the deadline is %s", async (terminationGracePeriod, expected) => {
    await leaving({ spec: terminationGracePeriod === undefined ? {} : { terminationGracePeriod } });
    harness.provider.slowDeletes = 3;
    await harness.begin();
    expect((await harness.claim())?.metadata.annotations?.[Annotation.TerminationTimestamp]).toBe(expected);
  });

  it("UX-5: the deadline is announced on the Node too", async () => {
    await leaving({ conditions: ["Launched", "Registered"], spec: { terminationGracePeriod: "5m" } });
    await harness.putNode({ name: "node-1", providerID: "test:///default-1" });
    await harness.begin();
    const text = "all pods will be deleted by 2026-01-01T00:05:00Z";
    expect(harness.events.texts()).toEqual([
      `Warning TerminationGracePeriodExpiring NodeClaim/default-1: ${text}`,
      `Warning TerminationGracePeriodExpiring Node/node-1: ${text}`,
    ]);
  });

  it("LC-37: a cloud that does not take the machine back is told on the claim once that lasts", async () => {
    await leaving();
    harness.provider.failures.delete = Array.from({ length: 1000 }, () => new Error("deletion protection is on"));
    await harness.begin(9 * MINUTE);
    expect(harness.events.withReason("TerminationBlocked")).toEqual([]);
    await harness.pass(5 * MINUTE);
    expect(harness.events.texts()[0]).toBe(
      "Warning TerminationBlocked NodeClaim/default-1: the cloud does not take its machine test:///default-1 back: deletion protection is on",
    );
    harness.provider.failures.delete = [];
    await harness.pass(5 * MINUTE);
    expect(await harness.claim()).toBeUndefined();
  });

  it("LC-36: a claim that never registered leaves Nodes alone", async () => {
    await leaving();
    await harness.putNode({ name: "node-1", providerID: "test:///default-1" });
    await harness.begin(10_000);
    expect(await harness.claim()).toBeUndefined();
    expect((await harness.stored(Nodes, { name: "node-1" }))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("DT-129, LC-36: every Node of a registered machine is deleted before the machine", async () => {
    await leaving({ conditions: ["Launched", "Registered"] });
    for (const name of ["node-1", "node-2"]) {
      await harness.putNode({ name, providerID: "test:///default-1" });
      await harness.kube.patch(
        Nodes,
        { name },
        { type: "merge", body: { metadata: { finalizers: ["example.com/keep"] } } },
      );
    }
    await harness.begin(MINUTE);
    expect((await harness.kube.list(Nodes)).items.every(({ metadata }) => metadata.deletionTimestamp)).toBe(true);
    expect(harness.provider.calls).toEqual([]);
    for (const name of ["node-1", "node-2"]) {
      await harness.kube.patch(Nodes, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
    }
    await harness.pass(20_000);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
  });

  it("DT-129, TC-43, LC-37: an error of the cloud is never taken for an end", async () => {
    await leaving();
    for (let i = 0; i < 5; i++) harness.provider.failures.delete.push(new Transient("503"));
    await harness.begin(10_000);
    expect(await harness.claim()).toBeDefined();
    await harness.pass(5 * MINUTE);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.provider.machines.size).toBe(0);
  });

  it("TC-42, LC-38: without a machine there is no call to the cloud", async () => {
    const { status: _, ...unlaunched } = aNodeClaim({ name: CLAIM_KEY.name });
    harness = await LifecycleHarness.with({
      ...unlaunched,
      metadata: { ...unlaunched.metadata, finalizers: FINALIZERS },
    });
    await harness.kube.delete(NodeClaims, CLAIM_KEY);
    await harness.begin(1000);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.provider.calls).toEqual([]);
  });

  it("LC-37, LC-39: counts the end, how long it took, and how long the machine took to go", async () => {
    await leaving({ labels: { [Label.CapacityType]: "spot", [Label.Zone]: "a" } });
    const metrics = new PromMetrics();
    harness.provider.slowDeletes = 2;
    await harness.pass(3000);
    await harness.start(nodeClaimLifecycleController({ ...harness.deps, metrics }));
    await harness.pass(20_000);
    expect(await harness.claim()).toBeUndefined();
    const page = await metrics.render();
    const series = (name: string, labels: string): string | undefined =>
      page.split("\n").find((line) => line.startsWith(`karpenter_nodeclaims_${name}{${labels}} `));
    const pool = 'nodepool="default"';
    expect(series("terminated_total", `${pool},capacity_type="spot",zone="a"`)).toMatch(/ 1$/);
    expect(series("termination_duration_seconds_sum", pool)).toMatch(/ 18(\.\d+)?$/);
    expect(series("instance_termination_duration_seconds_sum", pool)).toMatch(/ 15(\.\d+)?$/);
    expect(harness.logger.find("deleted nodeclaim")?.fields).toMatchObject({ "provider-id": "test:///default-1" });
  });

  it("D-161, LC-35: a deadline that cannot be written at once is written later, before anything is deleted", async () => {
    await leaving({ spec: { terminationGracePeriod: "5m" } });
    harness.provider.slowDeletes = 100;
    let failures = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "NodeClaim" || failures++ > 0) return;
      throw new KubeError(500, "InternalError", "no quorum");
    };
    await harness.begin();
    expect(harness.provider.calls).toEqual([]);
    await harness.pass(5000);
    expect((await harness.claim())?.metadata.annotations?.[Annotation.TerminationTimestamp]).toBe(
      "2026-01-01T00:05:00Z",
    );
    expect(harness.events.withReason("TerminationGracePeriodExpiring")).toHaveLength(1);
  });

  it.each([
    [409, "Conflict"],
    [500, "InternalError"],
  ] as const)("DM-18: an end whose last write fails with %d is tried again, and counted once", async (code, reason) => {
    await leaving();
    const metrics = new PromMetrics();
    let failures = 0;
    harness.kube.faults = ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patch" || resource.kind !== "NodeClaim" || failures++ > 1) return;
      throw new KubeError(code, reason, "not now");
    };
    await harness.start(nodeClaimLifecycleController({ ...harness.deps, metrics }));
    await harness.pass(MINUTE);
    expect(await harness.claim()).toBeUndefined();
    expect(await promSeries(metrics, "karpenter_nodeclaims_terminated_total")).toEqual([
      '{nodepool="default",capacity_type="",zone=""} 1',
    ]);
  });

  it("D-161, RT-15: conditions that others write at the same moment are not lost", async () => {
    await leaving();
    harness.provider.slowDeletes = 3;
    const drained = { type: "Drained", status: "True", reason: "Drained", message: "" };
    let isFirst = true;
    harness.kube.faults = async ({ phase, verb, resource }) => {
      if (phase !== "before" || verb !== "patchStatus" || resource.kind !== "NodeClaim" || !isFirst) return;
      isFirst = false;
      const known = (await harness.claim())?.status?.conditions ?? [];
      const conditions = [...known, { ...drained, lastTransitionTime: "2026-01-01T00:00:00Z" }];
      await harness.kube.patchStatus(NodeClaims, CLAIM_KEY, { type: "merge", body: { status: { conditions } } });
    };
    await harness.begin(10_000);
    expect((await harness.condition("Drained"))?.status).toBe("True");
    expect((await harness.condition("InstanceTerminating"))?.status).toBe("True");
  });

  it("LC-39: finalizers of others stay", async () => {
    const made = aNodeClaim({ name: CLAIM_KEY.name, conditions: ["Launched"] });
    harness = await LifecycleHarness.with({
      ...made,
      metadata: { ...made.metadata, finalizers: ["example.com/other", TERMINATION_FINALIZER] },
    });
    await harness.kube.delete(NodeClaims, CLAIM_KEY);
    await harness.begin(10_000);
    expect((await harness.claim())?.metadata.finalizers).toEqual(["example.com/other"]);
  });

  it("the claim goes while the cloud deletes its machine: no error", async () => {
    await leaving();
    const remove = harness.provider.delete.bind(harness.provider);
    harness.provider.delete = async (given) => {
      await remove(given);
      await harness.kube.patch(NodeClaims, CLAIM_KEY, { type: "merge", body: { metadata: { finalizers: null } } });
    };
    await harness.begin(10_000);
    expect(await harness.claim()).toBeUndefined();
    expect(harness.logger.messages("error")).toEqual([]);
  });

  it("observe mode: a claim that is being deleted keeps its machine", async () => {
    await leaving({}, { settings: { mode: "observe" } });
    await harness.begin(10 * MINUTE);
    expect(harness.provider.calls).toEqual([]);
    expect(harness.provider.machines.size).toBe(1);
    expect((await harness.claim())?.metadata.finalizers).toEqual(FINALIZERS);
    expect(harness.logger.messages("error")).toEqual([]);
  });
});
