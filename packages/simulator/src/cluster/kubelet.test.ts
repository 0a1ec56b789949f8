import { Nodes, Pods, toRfc3339 } from "@karpenter-multicloud/core/api";
import type { Pod } from "@karpenter-multicloud/core/api";
import { isNotFound } from "@karpenter-multicloud/core/kube";
import { milliseconds, minutes, seconds } from "@karpenter-multicloud/core/units";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { barePod, isReadyPod, machine, TestCluster } from "./test-cluster.ts";

const ONE: Readonly<Record<string, string>> = { cpu: "1" };
const WEB = { namespace: "default", name: "web" };

let test: TestCluster;

beforeEach(async () => {
  test = await TestCluster.started();
});

afterEach(() => {
  test.stop();
});

function web(): Promise<Pod> {
  return test.cluster.kube.get(Pods, WEB);
}

async function exists(): Promise<boolean> {
  try {
    await web();
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Seconds until the pod is gone. */
async function timeToEnd(): Promise<number> {
  const began = test.clock.now();
  await test.until(async () => !(await exists()));
  return (test.clock.now() - began) / 1000;
}

describe("kubelet", () => {
  it("makes a bound pod run and be ready after a second", async () => {
    await test.join(machine("n1"));
    await test.apply(barePod("web", ONE));
    await test.until(async () => (await web()).spec.nodeName === "n1");
    const bound = test.clock.now();
    await test.clock.advance(milliseconds(900));
    expect(isReadyPod(await web())).toBe(false);
    await test.clock.advance(milliseconds(200));
    const pod = await web();
    expect(pod.status).toMatchObject({ phase: "Running", startTime: toRfc3339(bound) });
    expect(pod.status?.conditions?.map((each) => [each.type, each.status]).sort()).toEqual([
      ["ContainersReady", "True"],
      ["Initialized", "True"],
      ["PodScheduled", "True"],
      ["Ready", "True"],
    ]);
  });

  it("ends a deleted pod after two seconds, or sooner when its grace period is shorter", async () => {
    await test.join(machine("n1"));
    await test.apply(barePod("web", ONE, { terminationGracePeriodSeconds: 30 }));
    await test.readyPods(1);
    await test.clock.advance(milliseconds(60_000 - (test.clock.now() % 60_000)));
    await test.cluster.kube.delete(Pods, WEB);
    expect((await web()).metadata.deletionTimestamp).toBeDefined();
    expect(await timeToEnd()).toBe(2);
    await test.apply(barePod("web", ONE, { terminationGracePeriodSeconds: 30 }));
    await test.readyPods(1);
    await test.clock.advance(milliseconds(60_000 - (test.clock.now() % 60_000)));
    await test.cluster.kube.delete(Pods, WEB, { gracePeriodSeconds: 1 });
    expect(await timeToEnd()).toBe(1);
  });

  it("does nothing on a node that is not ready, and catches up when it is again", async () => {
    await test.join(machine("n1"));
    await test.apply(barePod("web", ONE, { terminationGracePeriodSeconds: 5 }));
    await test.readyPods(1);
    await test.cluster.machines.nodeNotReady("n1");
    await test.cluster.kube.delete(Pods, WEB);
    await test.clock.advance(minutes(4));
    expect(await exists()).toBe(true);
    await test.cluster.machines.nodeReady("n1");
    expect(await timeToEnd()).toBe(0);
  });
});

describe("node lifecycle", () => {
  async function taintsOf(name: string): Promise<readonly string[]> {
    const node = await test.cluster.kube.get(Nodes, { name });
    return (node.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort();
  }

  it("gives an unreachable node its taints, takes readiness from its pods, and gives both back", async () => {
    await test.join(machine("n1"));
    await test.apply(barePod("web", ONE));
    await test.readyPods(1);
    await test.clock.idle();
    expect(await taintsOf("n1")).toEqual([]);
    await test.cluster.machines.nodeNotReady("n1");
    await test.clock.idle();
    const unreachable = "node.kubernetes.io/unreachable";
    expect(await taintsOf("n1")).toEqual([`${unreachable}:NoExecute`, `${unreachable}:NoSchedule`]);
    expect(isReadyPod(await web())).toBe(false);
    await test.cluster.machines.nodeReady("n1");
    await test.clock.idle();
    expect(await taintsOf("n1")).toEqual([]);
    expect(await test.readyPods(1)).toBe(true);
  });

  it("evicts pods from an unreachable node after five minutes, those that tolerate it for longer stay", async () => {
    await test.join(machine("n1"));
    const tolerations = [{ key: "node.kubernetes.io/unreachable", operator: "Exists" as const }];
    await test.apply(barePod("web", ONE), barePod("patient", ONE, { tolerations }));
    await test.readyPods(2);
    await test.cluster.machines.nodeNotReady("n1");
    await test.clock.advance(seconds(295));
    expect((await web()).metadata.deletionTimestamp).toBeUndefined();
    await test.clock.advance(seconds(10));
    expect((await web()).metadata.deletionTimestamp).toBeDefined();
    const patient = await test.cluster.kube.get(Pods, { namespace: "default", name: "patient" });
    expect(patient.metadata.deletionTimestamp).toBeUndefined();
  });

  it("evicts at once where a NoExecute taint is not tolerated", async () => {
    await test.join(machine("n1"));
    await test.apply(barePod("web", ONE));
    await test.readyPods(1);
    await test.cluster.machines.nodeEdited?.("n1", { addTaints: [{ key: "out", effect: "NoExecute" }] });
    expect(await timeToEnd()).toBeLessThanOrEqual(2);
  });

  it("removes pods whose node object is gone", async () => {
    await test.join(machine("n1"));
    await test.apply(barePod("web", ONE));
    await test.readyPods(1);
    await test.cluster.kube.delete(Nodes, { name: "n1" });
    await test.clock.idle();
    expect(await exists()).toBe(false);
  });
});

describe("machine side", () => {
  it("registers a node that is not ready, and takes off the starting taints when it is", async () => {
    const uninitialized = { key: "node.cloudprovider.kubernetes.io/uninitialized", effect: "NoSchedule" as const };
    const own = { key: "karpenter.sh/unregistered", effect: "NoExecute" as const };
    await test.cluster.machines.nodeJoins(machine("n1", { taints: [uninitialized, own] }));
    const joined = await test.cluster.kube.get(Nodes, { name: "n1" });
    expect(joined.status?.conditions?.find((each) => each.type === "Ready")?.status).toBe("False");
    expect(joined.status?.allocatable).toMatchObject({ cpu: "4" });
    expect(joined.spec?.taints?.map((taint) => taint.key)).toContain("node.kubernetes.io/not-ready");
    await test.clock.idle();
    await test.cluster.machines.nodeReady("n1");
    await test.clock.idle();
    const ready = await test.cluster.kube.get(Nodes, { name: "n1" });
    expect(ready.spec?.taints).toEqual([own]);
    expect(await test.cluster.machines.nodeExists("n1")).toBe(true);
  });

  it("removes pods and node when the machine is gone, without waiting for grace periods", async () => {
    await test.join(machine("n1"));
    await test.apply(barePod("web", ONE, { terminationGracePeriodSeconds: 3600 }));
    await test.readyPods(1);
    await test.cluster.machines.nodeLeaves("n1");
    expect(await exists()).toBe(false);
    expect(await test.cluster.machines.nodeExists("n1")).toBe(false);
    await test.cluster.machines.nodeLeaves("n1");
  });

  it("only marks a node with finalizers as being deleted", async () => {
    const node = machine("n1");
    await test.join({ ...node, metadata: { ...node.metadata, finalizers: ["karpenter.sh/termination"] } });
    await test.cluster.machines.nodeLeaves("n1");
    const left = await test.cluster.kube.get(Nodes, { name: "n1" });
    expect(left.metadata.deletionTimestamp).toBeDefined();
    expect(left.status?.conditions?.find((each) => each.type === "Ready")?.status).toBe("Unknown");
  });

  it("edits labels, annotations and taints of a node that joined, and does nothing to others", async () => {
    await test.join(machine("n1", { labels: { old: "x" }, taints: [{ key: "a", effect: "NoSchedule" }] }));
    const edit = {
      labels: { old: null, fresh: "y" },
      annotations: { note: "z" },
      addTaints: [{ key: "b", effect: "NoSchedule" as const }],
      removeTaints: [{ key: "a", effect: "NoSchedule" as const }],
    };
    await test.cluster.machines.nodeEdited?.("n1", edit);
    await test.cluster.machines.nodeEdited?.("n2", edit);
    const { metadata, spec } = await test.cluster.kube.get(Nodes, { name: "n1" });
    expect(metadata.labels).toMatchObject({ fresh: "y" });
    expect(metadata.labels).not.toHaveProperty("old");
    expect(metadata.annotations).toMatchObject({ note: "z" });
    expect(spec?.taints).toEqual([{ key: "b", effect: "NoSchedule" }]);
  });
});
