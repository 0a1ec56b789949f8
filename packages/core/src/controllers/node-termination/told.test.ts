// What the end of a node tells people, and how often (E-13 to E-15, D-183, D-184, DX-26).

import { afterEach, describe, expect, it } from "vitest";
import {
  Annotation,
  DISRUPTED_TAINT,
  Nodes,
  PodDisruptionBudgets,
  Pods,
  VolumeAttachments,
  type KubeObject,
  type Resource,
} from "../../api/index.ts";
import { KubeError } from "../../kube/index.ts";
import { EventCorrelator } from "../../kube/event-correlator.ts";
import { aNodeClaim, aPdb, aPod } from "../../testing/builders/index.ts";
import { ControllerHarness } from "../../testing/controller-harness.ts";
import {
  CLASS,
  FINALIZER,
  isReleased,
  NODE,
  openMachine,
  startAndDelete,
  WEB,
} from "../../testing/terminating-machine.ts";

const MINUTE = 60_000;
let harness: ControllerHarness;
afterEach(() => harness.stop());

async function machine(...given: Parameters<typeof openMachine>): Promise<void> {
  harness = await openMachine(...given);
}

/** Minutes since the start at which this was published. */
async function minutesOf(reason: string, total: number, about: RegExp): Promise<readonly number[]> {
  const seen: number[] = [];
  let known = 0;
  for (let minute = 0; minute < total; minute++) {
    const all = harness.events.withReason(reason).filter(({ message }) => about.test(message)).length;
    if (all > known) seen.push(minute);
    known = all;
    await harness.pass(MINUTE);
  }
  return seen;
}

/** How many such events about the Node an API server would have got in the last of these hours. */
async function writtenInLastHourOf(total: number, about: RegExp): Promise<number> {
  const correlator = new EventCorrelator(harness.clock);
  let written = 0;
  harness.events.publish = (note) => {
    const told = { ...note, object: note.object as KubeObject, resource: note.resource as unknown as Resource };
    if (correlator.judge(told).kind === "write" && about.test(note.message)) written++;
  };
  await startAndDelete(harness);
  await harness.pass((total - 1) * 60 * MINUTE);
  written = 0;
  await harness.pass(60 * MINUTE);
  return written;
}

describe("the log", () => {
  it("D-184: a node that disruption has tainted before is told of as tainted too, once, with the taint", async () => {
    await machine({ node: { taints: [DISRUPTED_TAINT] } });
    await startAndDelete(harness);
    await harness.pass(30_000);
    expect(harness.logger.messages("info").filter((text) => text === "tainted node")).toHaveLength(1);
    expect(harness.logger.find("tainted node")?.fields).toMatchObject({
      Node: "n1",
      "taint.Key": "karpenter.sh/disrupted",
      "taint.Value": "",
      "taint.Effect": "NoSchedule",
    });
    expect(harness.logger.messages("info")).toContain("deleted node");
  });
});

describe("events", () => {
  it("D-163, E-15: a deadline that somebody else has set is told on the Node and on its NodeClaim", async () => {
    const deadline = "2026-01-01T01:00:00Z";
    await machine({ claim: { annotations: { [Annotation.TerminationTimestamp]: deadline } } });
    await startAndDelete(harness);
    const text = `all pods will be deleted by ${deadline}`;
    expect(harness.events.texts()).toEqual(
      expect.arrayContaining([
        `Warning TerminationGracePeriodExpiring Node/n1: ${text}`,
        `Warning TerminationGracePeriodExpiring NodeClaim/n1: ${text}`,
      ]),
    );
  });

  it("D-163: without a deadline there is nothing to tell of it", async () => {
    await machine();
    await startAndDelete(harness);
    expect(harness.events.withReason("TerminationGracePeriodExpiring")).toEqual([]);
  });

  it("E-15, UX-4: a deadline far away does not use up what may be told of the Node: what holds it is told hours later too", async () => {
    await machine({ claim: { annotations: { [Annotation.TerminationTimestamp]: "2026-01-02T00:00:00Z" } } });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } }));
    expect(await writtenInLastHourOf(3, /waiting to be evicted/)).toBe(4);
  });

  it("DX-26: what a drain waits for is told after 1, 2, 4, 8 minutes, then every 15", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } }));
    await startAndDelete(harness);
    expect(await minutesOf("FailedDraining", 62, /waiting to be evicted/)).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
  });

  it("DX-26: so is the pod that a budget holds", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await startAndDelete(harness);
    const told = await minutesOf("FailedDraining", 50, /cannot be evicted/);
    expect(told).toHaveLength(7);
    expect(told.slice(0, 4)).toEqual([0, 2, 4, 8]);
  });

  it("D-183, E-14: a namesake that waits for its volumes is told of like any other", async () => {
    await machine();
    await harness.put(VolumeAttachments, {
      apiVersion: "storage.k8s.io/v1",
      kind: "VolumeAttachment",
      metadata: { name: "csi-1" },
      spec: { attacher: "csi", nodeName: "n1", source: { persistentVolumeName: "pv-1" } },
    });
    await startAndDelete(harness);
    await harness.pass(10_000);
    const uid = (await harness.stored(Nodes, NODE))?.metadata.uid ?? "?";
    const [note] = harness.events.withReason("AwaitingVolumeDetachment");
    expect(note?.dedupeKey).toContain(uid);
  });
});

describe("a Node without a claim", () => {
  it("D-163, DT-122: whose machine is gone and that is not Ready goes without a drain", async () => {
    harness = new ControllerHarness();
    await harness.putNode({ name: "n1", labels: CLASS, ready: false });
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } }));
    await startAndDelete(harness);
    expect(await isReleased(harness)).toBe(true);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
  });

  it("D-163: whose machine the cloud still has is drained", async () => {
    harness = new ControllerHarness();
    const node = await harness.putNode({ name: "n1", labels: CLASS, ready: false });
    harness.provider.machines.set(node.spec?.providerID ?? "", aNodeClaim({ name: "n1" }));
    await harness.kube.patch(Nodes, NODE, FINALIZER);
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } }));
    await startAndDelete(harness);
    await harness.pass(5000);
    expect(await isReleased(harness)).toBe(false);
  });
});

describe("an eviction that is refused", () => {
  it("D-173: with 500 for another cause than several budgets is an error, and no news of budgets", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    let refused = 0;
    harness.kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "evict" && refused++ < 2)
        throw new KubeError(500, "InternalError", "etcdserver: request timed out");
    };
    await startAndDelete(harness);
    await harness.pass(5000);
    expect(harness.events.texts().filter((text) => text.includes("cannot be evicted"))).toEqual([]);
    expect(harness.logger.messages("error")).toContain("Reconciler error");
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
  });
});
