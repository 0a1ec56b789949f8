// Others write, delete and restart while a node is being emptied.

import { afterEach, describe, expect, it } from "vitest";
import { DISRUPTED_TAINT, getCondition, hasTaint, Label, NodeClaims, Nodes, Pods } from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { aPod } from "../../testing/builders/index.ts";
import type { ControllerHarness } from "../../testing/controller-harness.ts";
import { promSeries } from "../../testing/prom-series.ts";
import {
  CLASS,
  FINALIZER,
  NODE,
  WEB,
  isReleased,
  openMachine,
  startAndDelete,
} from "../../testing/terminating-machine.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function machine(...given: Parameters<typeof openMachine>): Promise<void> {
  harness = await openMachine(...given);
}

const deleteNode = (): Promise<void> => startAndDelete(harness);
const released = (): Promise<boolean> => isReleased(harness);

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

  it("DM-15, D-168: a drain whose end cannot be written at once is counted once", async () => {
    const metrics = new PromMetrics();
    await machine({}, { metrics });
    await deleteNode();
    await harness.pass(3000);
    let failures = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "patchStatus" && failures++ < 2) throw new KubeError(409, "Conflict", "later");
    };
    await harness.pass(30_000);
    expect([failures > 1, await released()]).toEqual([true, true]);
    expect(await promSeries(metrics, "karpenter_nodes_drained_total")).toEqual(['{nodepool="default"} 1']);
    expect(await promSeries(metrics, "karpenter_nodes_terminated_total")).toEqual([
      expect.stringMatching(/^\{nodepool="default",zone="[^"]*"\} 1$/),
    ]);
  });

  it("DM-15, D-168: a pod that slips in after the end of the drain is drained too, and the node is counted once", async () => {
    const metrics = new PromMetrics();
    await machine({}, { metrics });
    harness.provider.slowDeletes = 3;
    const drained = async () => {
      const claim = await harness.stored(NodeClaims, NODE);
      return claim && getCondition(claim, "Drained")?.status;
    };
    await deleteNode();
    await harness.pass(8000);
    const seen = [await drained()];
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.pass(6000);
    seen.push(await drained());
    await harness.podEnds(WEB);
    await harness.pass(8000);
    seen.push(await drained());
    expect(seen).toEqual(["True", "Unknown", "True"]);
    await harness.pass(30_000);
    expect(await released()).toBe(true);
    expect(await promSeries(metrics, "karpenter_nodes_drained_total")).toEqual(['{nodepool="default"} 1']);
  });

  it("DM-15: a drain whose end a former process has seen is not counted again", async () => {
    const metrics = new PromMetrics();
    await machine({ claim: { conditions: ["Launched", "Registered", "Initialized", "Drained"] } }, { metrics });
    harness.provider.slowDeletes = 3;
    await deleteNode();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.pass(6000);
    await harness.podEnds(WEB);
    await harness.pass(40_000);
    expect(await released()).toBe(true);
    expect(await promSeries(metrics, "karpenter_nodes_drained_total")).toEqual([]);
  });

  it("DM-15: the next node of the same name is counted for itself", async () => {
    const metrics = new PromMetrics();
    await machine({}, { metrics });
    await deleteNode();
    await harness.pass(30_000);
    await harness.kube.patch(Nodes, NODE, { type: "merge", body: { metadata: { finalizers: null } } });
    await harness.kube.patch(NodeClaims, NODE, { type: "merge", body: { metadata: { finalizers: null } } });
    await harness.putMachine("n1", { node: { labels: CLASS } });
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    await harness.kube.patch(NodeClaims, NODE, FINALIZER);
    await harness.kube.delete(Nodes, NODE);
    await harness.pass(30_000);
    expect(await released()).toBe(true);
    expect(await promSeries(metrics, "karpenter_nodes_drained_total")).toEqual(['{nodepool="default"} 2']);
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

  it("D-163, D-171: a namesake that joins while the Node is let go keeps its finalizer", async () => {
    await machine();
    let patches = 0;
    harness.kube.faults = async ({ phase, verb, resource }) => {
      // The first one is the taint.
      if (phase !== "before" || verb !== "patch" || resource.kind !== "Node" || ++patches < 2) return;
      harness.kube.faults = undefined;
      await harness.kube.patch(Nodes, NODE, { type: "merge", body: { metadata: { finalizers: null } } });
      await harness.putNode({ name: "n1", providerID: "test:///other", labels: CLASS });
      await harness.kube.patch(Nodes, NODE, FINALIZER);
    };
    await deleteNode();
    await harness.pass(60_000);
    expect(harness.kube.faults).toBeUndefined();
    expect((await harness.stored(Nodes, NODE))?.spec?.providerID).toBe("test:///other");
    expect(await released()).toBe(false);
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
