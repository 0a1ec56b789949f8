// What an update changes, and when it is refused.

import { expect, it } from "vitest";
import { ConfigMaps, Leases, NodeClaims, NodePools, Nodes, type NodePool } from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { expectRefusal, OTHER_UID, type World } from "./world.ts";

export function updateFacts(world: World): void {
  it("replaces the whole object", async () => {
    const config = await world.configMap({ labels: { a: "1" } }, { x: "1", y: "2" });
    const { labels: _, ...metadata } = config.metadata;
    const stored = await world.client.update(ConfigMaps, { ...config, metadata, data: { y: "3" } });
    expect(stored.data).toEqual({ y: "3" });
    expect(stored.metadata.labels).toBeUndefined();
    expect(stored.metadata).toMatchObject({ uid: metadata.uid, creationTimestamp: metadata.creationTimestamp });
  });

  it("refuses an update of an older version", async () => {
    const node = await world.node();
    await world.client.update(Nodes, { ...node, metadata: { ...node.metadata, labels: { a: "1" } } });
    await expectRefusal(world.client.update(Nodes, node), {
      code: 409,
      reason: "Conflict",
      message:
        /^Operation cannot be fulfilled on nodes "node-.*": the object has been modified; please apply your changes to the latest version and try again$/,
    });
  });

  it("takes an update without a version for Nodes and refuses it for custom resources and Leases", async () => {
    const node = await world.node();
    const name = node.metadata.name ?? "";
    const stored = await world.client.update(Nodes, { ...node, metadata: { name, labels: { a: "1" } } });
    expect(stored.metadata.labels).toEqual({ a: "1" });
    const pool = await world.pool();
    const bare = { ...pool, metadata: { name: pool.metadata.name ?? "" } };
    await expectRefusal(world.client.update(NodePools, bare), {
      code: 422,
      message: /must be specified for an update/,
    });
    const metadata = { name: world.name("lease"), namespace: world.namespace };
    await world.create(Leases, { metadata, spec: { holderIdentity: "a" } });
    await expectRefusal(world.client.update(Leases, { metadata, spec: { holderIdentity: "b" } }), { code: 422 });
  });

  it("answers 404 for an update of what is not there, but creates a Lease", async () => {
    await expectRefusal(world.client.update(Nodes, { metadata: { name: world.name("missing") } }), { code: 404 });
    const metadata = { name: world.name("lease"), namespace: world.namespace };
    const lease = await world.client.update(Leases, { metadata, spec: { holderIdentity: "me" } });
    expect(lease.metadata.uid).toBeDefined();
    expect(lease.spec?.holderIdentity).toBe("me");
  });

  it("refuses an update meant for another object of the same name", async () => {
    const node = await world.node();
    const other = { ...node, metadata: { name: node.metadata.name ?? "", uid: OTHER_UID } };
    await expectRefusal(world.client.update(Nodes, other), { code: 409, reason: "Conflict" });
  });

  it("RT-17: leaves the version alone when nothing changes", async () => {
    const pool = await world.pool();
    const updated = await world.client.update(NodePools, pool);
    expect(updated.metadata.resourceVersion).toBe(pool.metadata.resourceVersion);
    const labels = { type: "merge", body: { metadata: { labels: { absent: null } } } } as const;
    const patched = await world.client.patch(NodePools, keyOf(pool), labels);
    expect(patched.metadata.resourceVersion).toBe(pool.metadata.resourceVersion);
  });

  it("raises the generation with the spec, not with labels or status", async () => {
    const pool = await world.pool();
    const labelled = await patchPool(world, pool, { metadata: { labels: { a: "1" } } });
    expect(labelled.metadata.generation).toBe(1);
    expect(labelled.metadata.resourceVersion).not.toBe(pool.metadata.resourceVersion);
    const counted = await world.client.patchStatus(NodePools, keyOf(pool), {
      type: "merge",
      body: { status: { nodes: 2 } },
    });
    expect(counted.metadata.generation).toBe(1);
    expect((await patchPool(world, pool, { spec: { weight: 5 } })).metadata.generation).toBe(2);
  });

  it("keeps uid, creation time and generation whatever an update says", async () => {
    const pool = await world.pool();
    const metadata = { ...pool.metadata, creationTimestamp: "2001-01-01T00:00:00Z", generation: 9 };
    const stored = await world.client.update(NodePools, { ...pool, metadata });
    expect(stored).toEqual(pool);
  });

  it("A-15: refuses any change to the spec of a NodeClaim, also one of text only", async () => {
    const claim = await world.claim({}, { resources: { requests: { cpu: "0.5" } } });
    const requests = (cpu: string) =>
      ({ type: "merge", body: { spec: { resources: { requests: { cpu } } } } }) as const;
    await expectRefusal(world.client.patch(NodeClaims, keyOf(claim), requests("500m")), {
      code: 422,
      reason: "Invalid",
      message: /^NodeClaim\.karpenter\.sh "claim-.*" is invalid: spec: Invalid value: /,
    });
    const same = await world.client.patch(NodeClaims, keyOf(claim), requests("0.5"));
    expect(same.metadata.resourceVersion).toBe(claim.metadata.resourceVersion);
  });

  it("A-1: refuses to make a dynamic NodePool static", async () => {
    const pool = await world.pool();
    await expectRefusal(patchPool(world, pool, { spec: { replicas: 1 } }), { code: 422 });
  });

  it("LC-22a: lets the providerID of a Node be set once", async () => {
    const node = await world.node();
    const set = (providerID: string | null) =>
      world.client.patch(Nodes, keyOf(node), { type: "merge", body: { spec: { providerID } } });
    expect((await set("cloud://one")).spec?.providerID).toBe("cloud://one");
    await expectRefusal(set("cloud://two"), { code: 422, message: /spec\.providerID: Forbidden/ });
    await expectRefusal(set(null), { code: 422 });
  });

  it("keeps taints of a Node unique by key and effect", async () => {
    const node = await world.node();
    const taint = (effect: string, value: string) => ({ key: "example.com/t", effect, value });
    const set = (taints: readonly object[]) =>
      world.client.patch(Nodes, keyOf(node), { type: "merge", body: { spec: { taints } } });
    await expectRefusal(set([taint("NoSchedule", "a"), taint("NoSchedule", "b")]), {
      code: 422,
      message: /taints must be unique by key and effect pair/,
    });
    const both = [taint("NoSchedule", "a"), taint("NoExecute", "a")];
    expect((await set(both)).spec?.taints).toEqual(both);
    await expectRefusal(set([taint("Sometimes", "a")]), { code: 422 });
  });
}

function patchPool(world: World, pool: NodePool, body: Record<string, unknown>): Promise<NodePool> {
  return world.client.patch(NodePools, keyOf(pool), { type: "merge", body });
}
