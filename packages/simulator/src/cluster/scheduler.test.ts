import { Nodes, Pods } from "@karpenter-multicloud/core/api";
import type { PodSpec, Taint } from "@karpenter-multicloud/core/api";
import { minutes } from "@karpenter-multicloud/core/units";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { barePod, deployment, machine, TestCluster } from "./test-cluster.ts";

const DEDICATED: Taint = { key: "dedicated", value: "db", effect: "NoSchedule" };
const ONE: Readonly<Record<string, string>> = { cpu: "1", memory: "1Gi" };

let test: TestCluster;

beforeEach(async () => {
  test = await TestCluster.started();
});

afterEach(() => {
  test.stop();
});

async function nodeOf(name: string): Promise<string | undefined> {
  return (await test.cluster.kube.get(Pods, { namespace: "default", name })).spec.nodeName;
}

function isSaid(text: string): Promise<boolean> {
  return test.until(async () => (await test.complaint()) === text);
}

describe("scheduler, filters", () => {
  it("says when there are no nodes, and binds once one is ready", async () => {
    await test.apply(deployment("web", 1));
    expect(await isSaid("Unschedulable: no nodes available to schedule pods")).toBe(true);
    await test.join(machine("n1"));
    expect(await test.readyPods(1)).toBe(true);
    expect(await test.placement()).toEqual({ n1: 1 });
  });

  it("counts its reasons like kube-scheduler, each node by its first refusal", async () => {
    await test.join(
      machine("tiny", { cpu: "500m", memory: "512Mi" }),
      machine("full", { pods: "0" }),
      machine("other", { taints: [DEDICATED] }),
      machine("cordoned"),
    );
    await test.cluster.kube.patch(
      Nodes,
      { name: "cordoned" },
      { type: "merge", body: { spec: { unschedulable: true } } },
    );
    await test.clock.idle();
    await test.apply(barePod("web", ONE));
    const message =
      "0/4 nodes are available: 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods, " +
      "1 node(s) had untolerated taint {dedicated: db}, 1 node(s) were unschedulable.";
    expect(await isSaid(`Unschedulable: ${message}`)).toBe(true);
  });

  it("places tolerating pods on tainted nodes", async () => {
    await test.join(machine("n1", { taints: [DEDICATED] }));
    await test.apply(
      barePod("plain", ONE),
      barePod("db", ONE, { tolerations: [{ key: "dedicated", operator: "Equal", value: "db" }] }),
    );
    expect(await test.until(async () => (await nodeOf("db")) === "n1")).toBe(true);
    expect(await nodeOf("plain")).toBeUndefined();
  });

  it.each<[string, Partial<PodSpec>, boolean]>([
    ["nodeSelector that matches", { nodeSelector: { disk: "ssd" } }, true],
    ["nodeSelector that does not", { nodeSelector: { disk: "hdd" } }, false],
    ["one of several terms", required([["disk", "In", "hdd"]], [["size", "Gt", "3"]]), true],
    [
      "a term of which one expression fails",
      required([
        ["disk", "In", "ssd"],
        ["size", "Lt", "3"],
      ]),
      false,
    ],
    ["NotIn on an absent label", required([["gpu", "NotIn", "a100"]]), true],
    ["Exists on an absent label", required([["gpu", "Exists"]]), false],
  ])("respects %s", async (_, spec, fits) => {
    await test.join(machine("n1", { labels: { disk: "ssd", size: "4" } }));
    await test.apply(barePod("web", ONE, spec));
    await test.clock.advance(minutes(1));
    const refusal = "Unschedulable: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.";
    expect([await nodeOf("web"), await test.complaint()]).toEqual(fits ? ["n1", undefined] : [undefined, refusal]);
  });

  it("never gives the same host port of one node away twice", async () => {
    await test.join(machine("n1"), machine("n2"));
    const ports = [{ containerPort: 80, hostPort: 8080 }];
    const spec: Partial<PodSpec> = { containers: [{ name: "main", image: "example.com/a:1", ports }] };
    await test.apply(barePod("a", {}, spec), barePod("b", {}, spec), barePod("c", {}, spec));
    await test.clock.advance(minutes(1));
    expect(new Set([await nodeOf("a"), await nodeOf("b"), await nodeOf("c")])).toEqual(
      new Set(["n1", "n2", undefined]),
    );
  });

  it("leaves pods of other schedulers and gated pods alone", async () => {
    await test.join(machine("n1"));
    await test.apply(
      barePod("foreign", ONE, { schedulerName: "other" }),
      barePod("gated", ONE, { schedulingGates: [{ name: "example.com/wait" }] }),
    );
    await test.clock.advance(minutes(1));
    expect([await nodeOf("foreign"), await nodeOf("gated")]).toEqual([undefined, undefined]);
    const gated = await test.cluster.kube.get(Pods, { namespace: "default", name: "gated" });
    expect(gated.status?.conditions?.find((each) => each.type === "PodScheduled")?.reason).toBe("SchedulingGated");
    await test.cluster.kube.patch(
      Pods,
      { namespace: "default", name: "gated" },
      { type: "merge", body: { spec: { schedulingGates: null } } },
    );
    expect(await test.until(async () => (await nodeOf("gated")) === "n1")).toBe(true);
  });

  it("does not use a node before it is ready", async () => {
    await test.cluster.machines.nodeJoins(machine("n1"));
    await test.apply(barePod("web", ONE));
    const reason = "1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }";
    expect(await isSaid(`Unschedulable: 0/1 nodes are available: ${reason}.`)).toBe(true);
    await test.cluster.machines.nodeReady("n1");
    expect(await test.readyPods(1)).toBe(true);
  });
});

describe("scheduler, choice", () => {
  it("prefers the least allocated node, the first by name among equals", async () => {
    await test.join(machine("n2"), machine("n1"), machine("n3", { cpu: "8", memory: "32Gi" }));
    await test.apply(barePod("a", { cpu: "2", memory: "4Gi" }));
    await test.clock.advance(minutes(1));
    await test.apply(barePod("b", { cpu: "2", memory: "4Gi" }));
    await test.clock.advance(minutes(1));
    expect([await nodeOf("a"), await nodeOf("b")]).toEqual(["n3", "n1"]);
    await test.apply(barePod("c", { cpu: "1", memory: "1Gi" }));
    await test.clock.advance(minutes(1));
    expect(await nodeOf("c")).toBe("n2");
  });

  it("serves higher priority first when room is short", async () => {
    await test.apply(
      barePod("early", { cpu: "3" }),
      barePod("urgent", { cpu: "3" }, { priorityClassName: "system-cluster-critical" }),
    );
    await test.clock.advance(minutes(1));
    await test.join(machine("n1"));
    await test.clock.advance(minutes(1));
    expect([await nodeOf("urgent"), await nodeOf("early")]).toEqual(["n1", undefined]);
  });

  it("uses room again that a pod gave back", async () => {
    await test.join(machine("n1", { cpu: "1" }));
    await test.apply(barePod("first", { cpu: "1" }));
    expect(await test.readyPods(1)).toBe(true);
    await test.apply(barePod("second", { cpu: "1" }));
    await test.clock.advance(minutes(1));
    expect(await nodeOf("second")).toBeUndefined();
    await test.cluster.kube.delete(Pods, { namespace: "default", name: "first" });
    expect(await test.until(async () => (await nodeOf("second")) === "n1")).toBe(true);
  });
});

describe("scheduler, rules about other pods", () => {
  const zones = ["a", "b", "c"];

  async function joinZones(): Promise<void> {
    for (const zone of zones) {
      await test.join(machine(`${zone}1`, { labels: { zone } }), machine(`${zone}2`, { labels: { zone } }));
    }
  }

  async function perZone(): Promise<readonly number[]> {
    const placement = await test.placement();
    return zones.map((zone) => (placement[`${zone}1`] ?? 0) + (placement[`${zone}2`] ?? 0));
  }

  it("spreads hard constraints evenly", async () => {
    await joinZones();
    const labelSelector = { matchLabels: { app: "web" } };
    const spread = { maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector } as const;
    await test.apply(deployment("web", 9, ONE, { topologySpreadConstraints: [spread] }));
    expect(await test.readyPods(9)).toBe(true);
    expect(await perZone()).toEqual([3, 3, 3]);
  });

  it("keeps pods apart that do not want each other", async () => {
    await joinZones();
    const term = { labelSelector: { matchLabels: { app: "web" } }, topologyKey: "zone" };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    await test.apply(deployment("web", 4, ONE, { affinity }));
    const reason = "6 node(s) didn't match pod anti-affinity rules";
    expect(await isSaid(`Unschedulable: 0/6 nodes are available: ${reason}.`)).toBe(true);
    expect(await perZone()).toEqual([1, 1, 1]);
  });

  it("keeps others away from a pod that does not want them", async () => {
    await joinZones();
    const term = { labelSelector: { matchLabels: { app: "noisy" } }, topologyKey: "zone" };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    await test.apply(barePod("quiet", ONE, { affinity, nodeSelector: { zone: "a" } }));
    expect(await test.readyPods(1)).toBe(true);
    await test.apply(deployment("noisy", 6));
    expect(await test.readyPods(7)).toBe(true);
    expect((await perZone())[0]).toBe(1);
  });

  it("keeps pods together that want each other, the first one anywhere", async () => {
    await joinZones();
    const term = { labelSelector: { matchLabels: { app: "web" } }, topologyKey: "zone" };
    const affinity = { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    await test.apply(deployment("web", 5, ONE, { affinity }));
    expect(await test.readyPods(5)).toBe(true);
    expect((await perZone()).toSorted((a, b) => a - b)).toEqual([0, 0, 5]);
  });
});

function required(...terms: readonly (readonly (readonly string[])[])[]): Partial<PodSpec> {
  const nodeSelectorTerms = terms.map((term) => ({
    matchExpressions: term.map(([key = "", operator = "", ...values]) => ({
      key,
      operator,
      ...(values.length === 0 ? {} : { values }),
    })),
  }));
  return { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } };
}
