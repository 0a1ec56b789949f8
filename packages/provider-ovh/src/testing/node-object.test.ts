import { FakeClock } from "@karpenter-multicloud/core/testing";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";
import { describe, expect, it } from "vitest";
import { FakeCluster } from "./fake-cluster.ts";
import type { FakeOvhOptions } from "./options.ts";
import { createPool } from "./pool-fixtures.ts";
import { startFakeOvh } from "./server.ts";
import { TinyClient } from "./tiny-client.ts";

const clock = new FakeClock();

async function joined(options: Partial<FakeOvhOptions>, body: Readonly<Record<string, unknown>>): Promise<FakeCluster> {
  const cluster = new FakeCluster();
  const fake = await startFakeOvh({ clock, hooks: cluster, ...options });
  await createPool(new TinyClient(fake), body);
  await clock.advance(2000);
  await fake.close();
  return cluster;
}

describe("Node objects", () => {
  it("§2.4: carry the labels, annotation and provider id of a real GRA11 node", async () => {
    const name = "karpenter-b3-16-gra11-a";
    const { nodes } = await joined({ region: "GRA11" }, { name, flavorName: "b3-16", availabilityZones: undefined });
    const [node] = nodes.values();
    const hostname = node?.metadata.name;
    expect(node?.metadata.labels).toEqual({
      "beta.kubernetes.io/arch": "amd64",
      "beta.kubernetes.io/instance-type": "b3-16",
      "beta.kubernetes.io/os": "linux",
      "failure-domain.beta.kubernetes.io/region": "GRA11",
      "failure-domain.beta.kubernetes.io/zone": "nova",
      "karpenter.ovhcloud.sh/managed-by": "karpenter",
      "kubernetes.io/arch": "amd64",
      "kubernetes.io/hostname": hostname,
      "kubernetes.io/os": "linux",
      "node.k8s.ovh/type": "standard",
      "node.kubernetes.io/instance-type": "b3-16",
      nodepool: name,
      "topology.cinder.csi.openstack.org/zone": "nova",
      "topology.kubernetes.io/region": "GRA11",
      "topology.kubernetes.io/zone": "nova",
    });
    expect(node?.metadata.annotations).toHaveProperty("cluster.x-k8s.io/cluster-name");
    expect(node?.spec?.providerID).toMatch(/^openstack:\/\/\/[0-9a-f-]{36}$/);
    expect(node?.status?.capacity).toEqual({
      cpu: "4",
      memory: "16777216Ki",
      "ephemeral-storage": "100G",
      pods: "110",
    });
    expect(node?.status?.allocatable).toMatchObject({ cpu: "3830m", pods: "110" });
  });

  it("three-zone regions show the pool's zone; GPUs are a resource", async () => {
    const { nodes } = await joined({}, { name: "gpu", flavorName: "l4-90", availabilityZones: ["eu-west-par-c"] });
    const [node] = nodes.values();
    expect(node?.metadata.labels).toMatchObject({
      "topology.kubernetes.io/zone": "eu-west-par-c",
      "node.k8s.ovh/type": "gpu",
    });
    expect(node?.status?.capacity?.["nvidia.com/gpu"]).toBe("1");
  });

  it("T-49: another zone label can be had", async () => {
    const { nodes } = await joined(
      { region: "GRA9", switches: { nodeZoneLabel: "gra9-a" } },
      { availabilityZones: undefined },
    );
    expect([...nodes.values()][0]?.metadata.labels?.["topology.kubernetes.io/zone"]).toBe("gra9-a");
  });

  it("T-48: template labels may come late", async () => {
    const cluster = new FakeCluster();
    const fake = await startFakeOvh({ clock, hooks: cluster, switches: { labelsLateSeconds: 60 } });
    await createPool(new TinyClient(fake));
    await clock.advance(2000);
    const label = (): string | undefined =>
      [...cluster.nodes.values()][0]?.metadata.labels?.["karpenter.ovhcloud.sh/managed-by"];
    expect(label()).toBeUndefined();
    await clock.advance(60_000);
    expect(label()).toBe("karpenter");
    await fake.close();
  });

  it("a cluster that cannot edit Nodes gets them without the taint of uninitialised ones", async () => {
    const cluster = new FakeCluster();
    const hooks: MachineHooks = {
      nodeJoins: (node) => cluster.nodeJoins(node),
      nodeReady: (name) => cluster.nodeReady(name),
      nodeNotReady: (name) => cluster.nodeNotReady(name),
      nodeLeaves: (name) => cluster.nodeLeaves(name),
      nodeExists: (name) => cluster.nodeExists(name),
    };
    await joined({ hooks }, {});
    expect([...cluster.nodes.values()][0]?.spec?.taints).toEqual([]);
  });

  it("a refusing cluster is reported, and the machine's path goes on", async () => {
    const cluster = new FakeCluster();
    cluster.nodeJoins = () => Promise.reject(new Error("no room"));
    const fake = await startFakeOvh({ clock, hooks: cluster });
    await createPool(new TinyClient(fake));
    await clock.advance(2000);
    const kinds = (await fake.invariants()).map(({ kind }) => kind);
    expect(kinds).toContain("HookFailed");
    expect(fake.state().machines).toMatchObject([{ status: "READY" }]);
    await fake.close();
  });
});
