import {
  ConfigMaps,
  DaemonSets,
  Deployments,
  Namespaces,
  Nodes,
  Pods,
  ReplicaSets,
} from "@karpenter-multicloud/core/api";
import type { Deployment } from "@karpenter-multicloud/core/api";
import { seconds } from "@karpenter-multicloud/core/units";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { daemonSet, deployment, machine, TestCluster } from "../test-cluster.ts";

const WEB = { namespace: "default", name: "web" };

let test: TestCluster;

beforeEach(async () => {
  test = await TestCluster.started();
});

afterEach(() => {
  test.stop();
});

function withImage(image: string, replicas: number): Deployment {
  const base = deployment("web", replicas, { cpu: "100m" });
  const template = { ...base.spec.template, spec: { containers: [{ name: "main", image }] } };
  return { ...base, spec: { ...base.spec, template } };
}

describe("deployments", () => {
  it("become a ReplicaSet and ready pods, owned all the way, with honest status", async () => {
    await test.join(machine("n1"));
    await test.apply(deployment("web", 3));
    expect(await test.readyPods(3)).toBe(true);
    await test.clock.idle();
    const { items: sets } = await test.cluster.kube.list(ReplicaSets);
    const web = await test.cluster.kube.get(Deployments, WEB);
    expect(sets).toHaveLength(1);
    expect(sets[0]?.metadata.ownerReferences).toMatchObject([
      { kind: "Deployment", name: "web", uid: web.metadata.uid, controller: true },
    ]);
    expect(sets[0]?.status).toMatchObject({ replicas: 3, readyReplicas: 3, availableReplicas: 3 });
    expect(web.status).toMatchObject({ replicas: 3, updatedReplicas: 3, readyReplicas: 3, unavailableReplicas: 0 });
    for (const pod of await test.pods()) {
      expect(pod.metadata.ownerReferences).toMatchObject([
        { kind: "ReplicaSet", uid: sets[0]?.metadata.uid, controller: true },
      ]);
      expect(pod.metadata.name).toMatch(new RegExp(`^${sets[0]?.metadata.name}-[bcdfghjklmnpqrstvwxz2456789]{5}$`));
    }
  });

  it("give the same names in every run with the same seed", async () => {
    const names = async (): Promise<readonly (string | undefined)[]> => {
      const run = await TestCluster.started();
      await run.join(machine("n1"));
      await run.apply(deployment("web", 4));
      await run.readyPods(4);
      run.stop();
      return (await run.pods()).map((pod) => pod.metadata.name);
    };
    const first = await names();
    expect(first).toHaveLength(4);
    expect(await names()).toEqual(first);
  });

  it("scale up, and down by what is missed least: first what has no node", async () => {
    await test.join(machine("n1", { cpu: "2" }));
    await test.apply(deployment("web", 2));
    await test.readyPods(2);
    const old = (await test.pods()).map((pod) => pod.metadata.name);
    await test.cluster.scale(WEB, 5);
    await test.clock.advance(seconds(10));
    expect(await test.placement()).toEqual({ n1: 2, "": 3 });
    await test.cluster.scale(WEB, 2);
    await test.clock.advance(seconds(10));
    expect((await test.pods()).map((pod) => pod.metadata.name)).toEqual(old);
  });

  it("scale down the youngest among ready pods", async () => {
    await test.join(machine("n1"));
    await test.apply(deployment("web", 1));
    await test.readyPods(1);
    const oldest = (await test.pods())[0]?.metadata.name;
    await test.clock.advance(seconds(30));
    await test.cluster.scale(WEB, 3);
    await test.readyPods(3);
    await test.cluster.scale(WEB, 1);
    expect(await test.readyPods(1)).toBe(true);
    expect((await test.pods())[0]?.metadata.name).toBe(oldest);
  });

  it("replace a pod that was deleted", async () => {
    await test.join(machine("n1"));
    await test.apply(deployment("web", 2));
    await test.readyPods(2);
    const [first] = await test.pods();
    await test.cluster.kube.delete(Pods, { namespace: "default", name: first?.metadata.name ?? "" });
    await test.clock.advance(seconds(10));
    const names = (await test.pods()).map((pod) => pod.metadata.name);
    expect(names).toHaveLength(2);
    expect(names).not.toContain(first?.metadata.name);
  });

  it("roll a new template out without ever having fewer ready pods than three quarters", async () => {
    await test.join(machine("n1"));
    await test.apply(withImage("example.com/app:1", 8));
    await test.readyPods(8);
    let least = 8;
    let most = 8;
    await test.apply(withImage("example.com/app:2", 8));
    const isDone = await test.until(async () => {
      const pods = (await test.pods()).filter((pod) => pod.metadata.deletionTimestamp === undefined);
      const ready = pods.filter((pod) =>
        pod.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True"),
      );
      least = Math.min(least, ready.length);
      most = Math.max(most, pods.length);
      return ready.length === 8 && pods.every((pod) => pod.spec.containers[0]?.image === "example.com/app:2");
    });
    expect([isDone, least, most]).toEqual([true, 6, 10]);
    const { items: sets } = await test.cluster.kube.list(ReplicaSets);
    expect(new Set(sets.map((set) => set.spec.replicas))).toEqual(new Set([0, 8]));
  });

  it("take everything with them when they are deleted", async () => {
    await test.join(machine("n1"));
    await test.apply(deployment("web", 3), deployment("other", 1));
    await test.readyPods(4);
    await test.cluster.kube.delete(Deployments, WEB);
    expect(await test.readyPods(1)).toBe(true);
    const { items: sets } = await test.cluster.kube.list(ReplicaSets);
    expect(sets.map((set) => set.metadata.ownerReferences?.[0]?.name)).toEqual(["other"]);
  });
});

describe("daemon sets", () => {
  it("put one pod on every node that accepts it, also on nodes that come later", async () => {
    await test.join(
      machine("n1"),
      machine("n2", { taints: [{ key: "dedicated", effect: "NoSchedule" }] }),
      machine("n3", { labels: { role: "edge" } }),
    );
    await test.apply(daemonSet("agent"), daemonSet("edge", { nodeSelector: { role: "edge" } }));
    expect(await test.readyPods(3)).toBe(true);
    expect(await test.placement()).toEqual({ n1: 1, n3: 2 });
    await test.join(machine("n4"));
    expect(await test.readyPods(4)).toBe(true);
    await test.clock.idle();
    const agent = await test.cluster.kube.get(DaemonSets, { namespace: "default", name: "agent" });
    expect(agent.status).toMatchObject({
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      numberReady: 3,
      numberMisscheduled: 0,
    });
  });

  it("stay on a cordoned node, and go from one with a NoExecute taint", async () => {
    await test.join(machine("n1"), machine("n2"));
    await test.apply(daemonSet("agent"));
    await test.readyPods(2);
    await test.cluster.kube.patch(Nodes, { name: "n1" }, { type: "merge", body: { spec: { unschedulable: true } } });
    await test.cluster.machines.nodeEdited?.("n2", { addTaints: [{ key: "out", effect: "NoExecute" }] });
    await test.clock.advance(seconds(30));
    expect(await test.placement()).toEqual({ n1: 1 });
  });

  it("go with their node, and do not wait for a node that left before they were bound", async () => {
    await test.join(machine("n1"), machine("n2", { cpu: "50m" }));
    await test.apply(daemonSet("agent"));
    await test.clock.advance(seconds(10));
    expect(await test.placement()).toEqual({ n1: 1, "": 1 });
    await test.cluster.machines.nodeLeaves("n1");
    await test.cluster.machines.nodeLeaves("n2");
    await test.clock.advance(seconds(10));
    expect(await test.placement()).toEqual({});
  });
});

describe("garbage collection", () => {
  it("deletes what is born after its owner is gone", async () => {
    const set = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: {
        name: "orphan",
        namespace: "default",
        ownerReferences: [
          { apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "no-such-uid", controller: true },
        ],
      },
      spec: deployment("web", 1).spec,
    };
    await test.apply(set);
    await test.clock.advance(seconds(5));
    expect((await test.cluster.kube.list(ReplicaSets)).items).toEqual([]);
  });

  it("only forgets an owner that is gone while another one lives", async () => {
    await test.apply(deployment("web", 0), deployment("other", 0));
    await test.clock.idle();
    const [web, other] = await Promise.all(
      ["web", "other"].map((name) => test.cluster.kube.get(Deployments, { namespace: "default", name })),
    );
    const owners = [web, other].map((owner) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      name: owner?.metadata.name ?? "",
      uid: owner?.metadata.uid ?? "",
    }));
    const map = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "shared", namespace: "default", ownerReferences: owners },
    };
    await test.apply(map);
    await test.cluster.kube.delete(Deployments, WEB);
    await test.clock.advance(seconds(5));
    const left = await test.cluster.kube.get(ConfigMaps, { namespace: "default", name: "shared" });
    expect(left.metadata.ownerReferences?.map((owner) => owner.name)).toEqual(["other"]);
  });
});

describe("apply", () => {
  it("refuses objects of a namespace that does not exist, and kinds it does not serve", async () => {
    const lost = { ...deployment("web", 1), metadata: { name: "web", namespace: "nowhere" } };
    await expect(test.cluster.apply([lost])).rejects.toThrow('namespaces "nowhere" not found');
    await expect(test.cluster.apply([{ apiVersion: "v2", kind: "Pod", metadata: { name: "a" } }])).rejects.toThrow(
      'no matches for kind "Pod" in version "v2"',
    );
  });

  it("creates namespaces first, whatever the order", async () => {
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
    const web = { ...deployment("web", 0), metadata: { name: "web", namespace: "shop" } };
    const [stored] = await test.cluster.apply([web, namespace]);
    expect(stored?.kind).toBe("Deployment");
    expect((await test.cluster.kube.get(Namespaces, { name: "shop" })).metadata.name).toBe("shop");
  });

  it("takes away what is not written any more, and leaves what others wrote", async () => {
    const { metadata, ...rest } = deployment("web", 1);
    await test.apply({ ...rest, metadata: { ...metadata, labels: { team: "blue", tier: "web" } } });
    await test.cluster.kube.patch(Deployments, WEB, {
      type: "merge",
      body: { metadata: { labels: { audited: "yes" } } },
    });
    await test.apply({ ...rest, metadata: { ...metadata, labels: { team: "green" } } });
    const stored = await test.cluster.kube.get(Deployments, WEB);
    expect(stored.metadata.labels).toEqual({ team: "green", audited: "yes" });
  });

  it("knows the namespaces every cluster has", async () => {
    const names = (await test.cluster.kube.list(Namespaces)).items.map((each) => each.metadata.name);
    expect(names).toEqual(expect.arrayContaining(["default", "kube-system"]));
  });
});
