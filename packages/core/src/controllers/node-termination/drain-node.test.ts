// Scenarios of docs/reference/upstream-parity.md: E-42, E-68.

import { afterEach, describe, expect, it } from "vitest";
import { Annotation, DISRUPTED_TAINT, PodDisruptionBudgets, Pods, type Toleration } from "../../api/index.ts";
import type { EventNote } from "../../kube/index.ts";
import { EventCorrelator } from "../../kube/event-correlator.ts";
import { aDaemonSetPod, aPdb, aPod } from "../../testing/builders/index.ts";
import type { ControllerHarness } from "../../testing/controller-harness.ts";
import { WEB, isReleased, openMachine, startAndDelete } from "../../testing/terminating-machine.ts";

let harness: ControllerHarness;
afterEach(() => harness.stop());

async function machine(...given: Parameters<typeof openMachine>): Promise<void> {
  harness = await openMachine(...given);
}

const deleteNode = (): Promise<void> => startAndDelete(harness);
const released = (): Promise<boolean> => isReleased(harness);

describe("node.termination, draining", () => {
  it("DT-116, D-167, D-168: waits for the pods, daemons last, and says how many are left", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.putPod(aDaemonSetPod({ nodeName: "n1" }));
    await deleteNode();
    await harness.pass(1000);
    const agent = { namespace: "kube-system", name: "agent-x" };
    expect((await harness.stored(Pods, agent))?.metadata.deletionTimestamp).toBeUndefined();
    expect(harness.events.withReason("FailedDraining")[0]?.message).toContain("2 pods are waiting");
    await harness.podEnds(WEB);
    await harness.pass(2000);
    expect((await harness.stored(Pods, agent))?.metadata.deletionTimestamp).toBeDefined();
    expect(await released()).toBe(false);
    await harness.podEnds(agent);
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("D-168: a pod that slips in after the drain began is drained too", async () => {
    await machine();
    await deleteNode();
    await harness.pass(3000);
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.pass(10_000);
    expect(harness.provider.calls).toEqual([]);
    await harness.podEnds(WEB);
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("D-173: a budget of none stalls the drain for as long as it stands", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await deleteNode();
    await harness.pass(3_600_000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
    expect(harness.provider.machines.size).toBe(1);
  });

  it("LC-35, D-169: with a deadline the pod gets what is left of it, and then the machine goes", async () => {
    const deadline = "2026-01-01T00:02:00Z";
    await machine({ claim: { annotations: { "karpenter.sh/nodeclaim-termination-timestamp": deadline } } });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", spec: { terminationGracePeriodSeconds: 30 } }));
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await deleteNode();
    await harness.pass(85_000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
    await harness.pass(20_000);
    const { deletionTimestamp = "" } = (await harness.stored(Pods, WEB))?.metadata ?? {};
    expect(Date.parse(deletionTimestamp)).toBeLessThanOrEqual(Date.parse(deadline));
    await harness.pass(200_000);
    expect(harness.provider.machines.size).toBe(0);
  });

  it("D-163: a deadline that cannot be read is an error, and nothing is forced", async () => {
    await machine({ claim: { annotations: { "karpenter.sh/nodeclaim-termination-timestamp": "soon" } } });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await deleteNode();
    await harness.pass(60_000);
    expect(harness.logger.messages("error")).toContain("Reconciler error");
    expect(harness.provider.machines.size).toBe(1);
  });

  it.each(["1", "in 5", "2026-01-01", "Jan 1 2026"])(
    "D-163: nor is anything forced by the text %j, which a lenient reader takes for a day long ago",
    async (text) => {
      await machine({ claim: { annotations: { [Annotation.TerminationTimestamp]: text } } });
      await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations: { [Annotation.DoNotDisrupt]: "true" } }));
      await deleteNode();
      await harness.pass(60_000);
      expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
      expect(harness.provider.machines.size).toBe(1);
      expect(harness.logger.messages("error")).toContain("Reconciler error");
      expect(harness.events.withReason("FailedDraining")[0]?.message).toContain(`"${text}" is no RFC 3339 time`);
    },
  );

  it("D-163, E-15: whoever set the deadline, it is told on the Node and on the claim", async () => {
    const deadline = "2026-01-01T02:05:00+02:00";
    await machine({ claim: { annotations: { [Annotation.TerminationTimestamp]: deadline } } });
    await deleteNode();
    const told = harness.events.texts().filter((text) => text.includes("TerminationGracePeriodExpiring"));
    const text = "all pods will be deleted by 2026-01-01T00:05:00Z";
    expect(new Set(told)).toEqual(
      new Set([
        `Warning TerminationGracePeriodExpiring NodeClaim/n1: ${text}`,
        `Warning TerminationGracePeriodExpiring Node/n1: ${text}`,
      ]),
    );
  });

  it("DX-26, E-13: what a node waits for is told again after a minute, and ever more rarely", async () => {
    await machine();
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations }));
    const correlator = new EventCorrelator(harness.clock);
    const told: number[] = [];
    const began = harness.clock.now();
    harness.events.publish = (note) => {
      const known = note as EventNote;
      if (known.reason !== "FailedDraining" || correlator.judge(known).kind !== "write") return;
      told.push(Math.round((harness.clock.now() - began) / 60_000));
    };
    await deleteNode();
    await harness.pass(62 * 60_000);
    expect(told).toEqual([0, 1, 3, 7, 15, 30, 45, 60]);
  });

  it("DT-116: four waves, each when the pods of the one before are gone", async () => {
    await machine();
    const put = async (name: string, priorityClassName?: string): Promise<void> =>
      void (await harness.putPod(
        aPod({ name, nodeName: "n1", spec: priorityClassName === undefined ? {} : { priorityClassName } }),
      ));
    await put("plain");
    await put("node-critical", "system-node-critical");
    await put("cluster-critical", "system-cluster-critical");
    await harness.putPod(aDaemonSetPod({ name: "daemon", nodeName: "n1" }));
    await harness.putPod(
      aDaemonSetPod({ name: "critical-daemon", nodeName: "n1", spec: { priorityClassName: "system-node-critical" } }),
    );
    await deleteNode();
    const ending = async (): Promise<readonly string[]> =>
      (await harness.kube.list(Pods)).items
        .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
        .map(({ metadata }) => metadata.name ?? "")
        .toSorted();
    const waves: (readonly string[])[] = [];
    for (let wave = 0; wave < 4; wave++) {
      await harness.pass(3000);
      const names = await ending();
      waves.push(names);
      for (const name of names) {
        await harness.podEnds({ namespace: name.includes("daemon") ? "kube-system" : "default", name });
      }
    }
    expect(waves).toEqual([["plain"], ["daemon"], ["cluster-critical", "node-critical"], ["critical-daemon"]]);
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("DT-116: the next wave waits for the last pod of a tier", async () => {
    await machine();
    const tier = ["system-node-critical", "system-cluster-critical"];
    for (const priorityClassName of tier) {
      await harness.putPod(aPod({ name: priorityClassName, nodeName: "n1", spec: { priorityClassName } }));
    }
    await harness.putPod(
      aDaemonSetPod({ name: "last", nodeName: "n1", spec: { priorityClassName: "system-node-critical" } }),
    );
    await deleteNode();
    await harness.pass(3000);
    const last = { namespace: "kube-system", name: "last" };
    const isEnding = async () => (await harness.stored(Pods, last))?.metadata.deletionTimestamp !== undefined;
    await harness.podEnds({ namespace: "default", name: "system-node-critical" });
    await harness.pass(5000);
    expect(await isEnding()).toBe(false);
    await harness.podEnds({ namespace: "default", name: "system-cluster-critical" });
    await harness.pass(3000);
    expect(await isEnding()).toBe(true);
  });

  it("DT-115: pods that tolerate the taint stay until the machine goes, others are evicted", async () => {
    await machine();
    const { key } = DISRUPTED_TAINT;
    const tolerating: Readonly<Record<string, Toleration>> = {
      equal: { key, operator: "Equal", value: "" },
      exists: { key, operator: "Exists" },
      everything: { operator: "Exists" },
      unschedulable: { key: "node.kubernetes.io/unschedulable", operator: "Exists" },
    };
    for (const [name, toleration] of Object.entries(tolerating)) {
      await harness.putPod(aPod({ name, nodeName: "n1", tolerations: [toleration] }));
    }
    await deleteNode();
    await harness.pass(3000);
    const ending = (await harness.kube.list(Pods)).items.filter(({ metadata }) => metadata.deletionTimestamp);
    expect(ending.map(({ metadata }) => metadata.name)).toEqual(["unschedulable"]);
    await harness.podEnds({ namespace: "default", name: "unschedulable" });
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("DT-117: a budget of none holds the drain until the pod is removed by hand", async () => {
    await machine();
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await harness.put(PodDisruptionBudgets, aPdb({ disruptionsAllowed: 0 }));
    await deleteNode();
    await harness.pass(60_000);
    expect(await released()).toBe(false);
    expect(harness.events.withReason("FailedDraining").length).toBeGreaterThan(0);
    await harness.podEnds(WEB);
    await harness.pass(20_000);
    expect(await released()).toBe(true);
  });

  it("DT-123: a protected pod is left alone until its own grace is all that is left", async () => {
    const deadline = "2026-01-01T00:05:00Z";
    await machine({ claim: { annotations: { [Annotation.TerminationTimestamp]: deadline } } });
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations, spec: { terminationGracePeriodSeconds: 60 } }));
    await deleteNode();
    await harness.pass(90_000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeUndefined();
    await harness.pass(153_000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
  });

  it("DT-123: one whose grace is the whole time is deleted at once", async () => {
    const deadline = "2026-01-01T00:05:00Z";
    await machine({ claim: { annotations: { [Annotation.TerminationTimestamp]: deadline } } });
    const annotations = { [Annotation.DoNotDisrupt]: "true" };
    await harness.putPod(aPod({ ...WEB, nodeName: "n1", annotations, spec: { terminationGracePeriodSeconds: 300 } }));
    await deleteNode();
    await harness.pass(2000);
    expect((await harness.stored(Pods, WEB))?.metadata.deletionTimestamp).toBeDefined();
  });

  it("D-175: pods are told the reason that stands on the claim", async () => {
    await machine({
      claim: {
        conditions: [
          "Registered",
          {
            type: "DisruptionReason",
            status: "True",
            reason: "Empty",
            message: "Empty",
            lastTransitionTime: "2026-01-01T00:00:00Z",
          },
        ],
      },
    });
    await harness.putPod(aPod({ ...WEB, nodeName: "n1" }));
    await deleteNode();
    await harness.pass(1000);
    expect(harness.events.withReason("Evicted")[0]?.message).toBe("Evicted pod: Empty");
  });
});
