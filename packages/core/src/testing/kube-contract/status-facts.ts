// How spec and status are kept apart.

import { expect, it } from "vitest";
import { ConfigMaps, NodeClaims, NodePools, Nodes, Pods } from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { expectRefusal, type World } from "./world.ts";

const at = "2026-01-01T00:00:00Z";
const ready = { type: "Ready", status: "True", reason: "Ready", message: "", lastTransitionTime: at };

export function statusFacts(world: World): void {
  it("RT-19: drops status from a write to the object", async () => {
    const pool = await world.pool();
    const patched = await world.client.patch(NodePools, keyOf(pool), { type: "merge", body: { status: { nodes: 5 } } });
    expect(patched).toEqual(pool);
    const updated = await world.client.update(NodePools, { ...pool, status: { nodes: 5 } });
    expect(updated).toEqual(pool);
  });

  it("RT-19: drops spec, labels, annotations and finalizers from a write to the status of a custom resource", async () => {
    const claim = await world.claim();
    const metadata = { labels: { a: "1" }, annotations: { b: "2" }, finalizers: ["example.com/f"] };
    const body = { metadata, spec: { expireAfter: "1h" }, status: { nodeName: "n1" } };
    const stored = await world.client.patchStatus(NodeClaims, keyOf(claim), { type: "merge", body });
    expect(stored.status).toEqual({ nodeName: "n1" });
    expect(stored.spec).toEqual(claim.spec);
    expect(stored.metadata.labels).toBeUndefined();
    expect(stored.metadata.annotations).toBeUndefined();
    expect(stored.metadata.finalizers).toBeUndefined();
  });

  it("keeps the status when the object is written afterwards", async () => {
    const claim = await world.claim();
    await world.client.patchStatus(NodeClaims, keyOf(claim), { type: "merge", body: { status: { nodeName: "n1" } } });
    const body = { metadata: { labels: { a: "1" } } };
    const stored = await world.client.patch(NodeClaims, keyOf(claim), { type: "merge", body });
    expect(stored.status).toEqual({ nodeName: "n1" });
  });

  it("keeps the status of a Node when the Node is replaced", async () => {
    const node = await world.node({}, { status: { capacity: { cpu: "4" } } });
    const stored = await world.client.update(Nodes, { ...node, status: { capacity: { cpu: "8" } } });
    expect(stored.status?.capacity).toEqual({ cpu: "4" });
  });

  it("keeps the spec of a Node in a write to its status, but takes labels along", async () => {
    const node = await world.node();
    const body = {
      metadata: { labels: { a: "1" } },
      spec: { unschedulable: true },
      status: { capacity: { cpu: "4" } },
    };
    const stored = await world.client.patchStatus(Nodes, keyOf(node), { type: "merge", body });
    expect(stored.spec).toEqual(node.spec);
    expect(stored.metadata.labels).toEqual({ a: "1" });
    expect(stored.status?.capacity).toEqual({ cpu: "4" });
  });

  it("keeps the owners of a pod in a write to its status", async () => {
    const pod = await world.pod();
    const ownerReferences = [{ apiVersion: "v1", kind: "Node", name: "n", uid: "u" }];
    const body = { metadata: { ownerReferences }, status: { phase: "Running" } };
    const stored = await world.client.patchStatus(Pods, keyOf(pod), { type: "merge", body });
    expect(stored.metadata.ownerReferences).toBeUndefined();
    expect(stored.status?.phase).toBe("Running");
  });

  it("replaces the whole status with updateStatus", async () => {
    const claim = await world.claim();
    const first = await world.client.updateStatus(NodeClaims, { ...claim, status: { nodeName: "n1", imageID: "i1" } });
    const second = await world.client.updateStatus(NodeClaims, { ...first, status: { nodeName: "n2" } });
    expect(second.status).toEqual({ nodeName: "n2" });
    await expectRefusal(world.client.updateStatus(NodeClaims, first), { code: 409, reason: "Conflict" });
  });

  it("RT-15: honours the version in a status patch", async () => {
    const claim = await world.claim();
    const { resourceVersion = "" } = claim.metadata;
    const write = (nodeName: string) =>
      world.client.patchStatus(NodeClaims, keyOf(claim), {
        type: "merge",
        body: { metadata: { resourceVersion }, status: { nodeName } },
      });
    await write("n1");
    await expectRefusal(write("n2"), { code: 409, reason: "Conflict" });
  });

  it("RT-19a: refuses two conditions of one type", async () => {
    const claim = await world.claim();
    const body = { status: { conditions: [ready, { ...ready, status: "False" }] } };
    await expectRefusal(world.client.patchStatus(NodeClaims, keyOf(claim), { type: "merge", body }), { code: 422 });
  });

  it("RT-19a: asks a reason of a NodePool's condition and not of a NodeClaim's", async () => {
    const conditions = [{ ...ready, reason: "" }];
    const patch = { type: "merge", body: { status: { conditions } } } as const;
    const [pool, claim] = [await world.pool(), await world.claim()];
    await expectRefusal(world.client.patchStatus(NodePools, keyOf(pool), patch), { code: 422, message: /reason/ });
    const stored = await world.client.patchStatus(NodeClaims, keyOf(claim), patch);
    expect(stored.status?.conditions).toHaveLength(1);
  });

  it("fills in defaults of the status only once there is one", async () => {
    const pool = await world.pool();
    expect(pool.status).toBeUndefined();
    const body = { status: { conditions: [ready] } };
    const stored = await world.client.patchStatus(NodePools, keyOf(pool), { type: "merge", body });
    expect(stored.status).toEqual({ nodes: 0, conditions: [ready] });
  });

  it("answers 404 for the status of a kind that has none", async () => {
    const config = await world.configMap();
    const patch = { type: "merge", body: { status: {} } } as const;
    await expectRefusal(world.client.patchStatus(ConfigMaps, keyOf(config), patch), { code: 404 });
  });
}
