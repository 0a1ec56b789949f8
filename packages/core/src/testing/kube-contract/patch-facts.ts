// What the kinds of patch do.

import { expect, it } from "vitest";
import { ConfigMaps, NodeClaims, NodePools, Nodes, type Node } from "../../api/index.ts";
import { isForNamesake, keyOf, type Patch } from "../../kube/index.ts";
import { expectRefusal, OTHER_UID, type World } from "./world.ts";

export function patchFacts(world: World): void {
  const patchNode = (node: Node, patch: Patch): Promise<Node> => world.client.patch(Nodes, keyOf(node), patch);

  it("answers 404 for a patch of what is not there", async () => {
    const key = { name: world.name("missing") };
    await expectRefusal(world.client.patch(Nodes, key, { type: "merge", body: {} }), { code: 404 });
  });

  it("merge: null removes, objects merge, lists are replaced whole", async () => {
    const node = await world.node({ labels: { a: "1", b: "2" }, finalizers: ["example.com/a", "example.com/b"] });
    const body = { metadata: { labels: { a: null, c: "3" }, finalizers: ["example.com/c"] } };
    const { metadata } = await patchNode(node, { type: "merge", body });
    expect(metadata.labels).toEqual({ b: "2", c: "3" });
    expect(metadata.finalizers).toEqual(["example.com/c"]);
  });

  it("RT-15: a version in a merge patch is a lock", async () => {
    const node = await world.node();
    const { resourceVersion = "" } = node.metadata;
    const locked = (a: string): Patch => ({ type: "merge", body: { metadata: { resourceVersion, labels: { a } } } });
    await patchNode(node, locked("1"));
    await expectRefusal(patchNode(node, locked("2")), { code: 409, reason: "Conflict" });
  });

  it("a uid in a merge patch must be the object's", async () => {
    const node = await world.node();
    await expectRefusal(patchNode(node, { type: "merge", body: { metadata: { uid: OTHER_UID } } }), { code: 422 });
  });

  it("RT-15: the refusal of a foreign uid is told from that of any other mistake, for all kinds and patches", async () => {
    const node = await world.node();
    const claim = await world.claim();
    const body = { metadata: { uid: OTHER_UID, labels: { a: "1" } } };
    const refused = await Promise.all(
      [
        patchNode(node, { type: "merge", body }),
        patchNode(node, { type: "strategic", body }),
        world.client.patch(NodeClaims, keyOf(claim), { type: "merge", body }),
        patchNode(node, { type: "merge", body: { metadata: { labels: { a: "not a label!" } } } }),
      ].map((patched) => patched.catch((error: unknown) => error)),
    );
    expect(refused.map(isForNamesake)).toEqual([true, true, true, false]);
  });

  it("json: adds, replaces, removes and escapes", async () => {
    const config = await world.configMap({ annotations: { "example.com/a": "1" } }, { x: "1", y: "2" });
    const body = [
      { op: "test", path: "/data/x", value: "1" },
      { op: "replace", path: "/data/x", value: "9" },
      { op: "remove", path: "/data/y" },
      { op: "add", path: "/data/z", value: "3" },
      { op: "add", path: "/metadata/annotations/example.com~1b", value: "2" },
    ];
    const stored = await world.client.patch(ConfigMaps, keyOf(config), { type: "json", body });
    expect(stored.data).toEqual({ x: "9", z: "3" });
    expect(stored.metadata.annotations).toEqual({ "example.com/a": "1", "example.com/b": "2" });
  });

  it("json: inserts into and removes from lists by position", async () => {
    const node = await world.node({ finalizers: ["example.com/a", "example.com/b"] });
    const body = [
      { op: "remove", path: "/metadata/finalizers/0" },
      { op: "add", path: "/metadata/finalizers/-", value: "example.com/c" },
      { op: "add", path: "/metadata/finalizers/0", value: "example.com/d" },
    ];
    const { metadata } = await patchNode(node, { type: "json", body });
    expect(metadata.finalizers).toEqual(["example.com/d", "example.com/b", "example.com/c"]);
  });

  it("json: refuses a test that fails and a path that is not there, and changes nothing", async () => {
    const config = await world.configMap({}, { x: "1" });
    const refuse = (body: readonly Record<string, unknown>[]) =>
      expectRefusal(world.client.patch(ConfigMaps, keyOf(config), { type: "json", body }), {
        code: 422,
        reason: "Invalid",
      });
    await refuse([
      { op: "replace", path: "/data/x", value: "2" },
      { op: "test", path: "/data/x", value: "1" },
    ]);
    await refuse([{ op: "remove", path: "/data/absent" }]);
    await refuse([{ op: "add", path: "/absent/x", value: "1" }]);
    await expect(world.client.get(ConfigMaps, keyOf(config))).resolves.toEqual(config);
  });

  it("strategic: finalizers merge as a set and one can be taken out", async () => {
    const node = await world.node({ finalizers: ["example.com/a", "example.com/b"] });
    const added = await patchNode(node, { type: "strategic", body: { metadata: { finalizers: ["example.com/c"] } } });
    expect(added.metadata.finalizers?.toSorted()).toEqual(["example.com/a", "example.com/b", "example.com/c"]);
    const body = { metadata: { "$deleteFromPrimitiveList/finalizers": ["example.com/a", "example.com/c"] } };
    const left = await patchNode(node, { type: "strategic", body });
    expect(left.metadata.finalizers).toEqual(["example.com/b"]);
  });

  it("strategic: a new element comes before those that stay", async () => {
    const node = await world.node({ finalizers: ["example.com/a"] });
    const { metadata } = await patchNode(node, {
      type: "strategic",
      body: { metadata: { finalizers: ["example.com/z"] } },
    });
    expect(metadata.finalizers).toEqual(["example.com/z", "example.com/a"]);
  });

  it("strategic: taints are replaced whole", async () => {
    const node = await world.node();
    const taints = [{ key: "example.com/t", effect: "NoSchedule" }];
    const stored = await patchNode(node, { type: "strategic", body: { spec: { taints } } });
    expect(stored.spec?.taints).toEqual(taints);
  });

  it("strategic: conditions merge by type and one can be deleted", async () => {
    const condition = (type: string, status: string) => ({ type, status });
    const node = await world.node(
      {},
      { status: { conditions: [condition("A", "True"), condition("B", "True")] as never } },
    );
    const body = {
      status: { conditions: [condition("B", "False"), { $patch: "delete", type: "A" }, condition("C", "True")] },
    };
    const stored = await world.client.patchStatus(Nodes, keyOf(node), { type: "strategic", body });
    const found = stored.status?.conditions?.map(({ type, status }) => `${type}=${status}`);
    expect(found?.toSorted()).toEqual(["B=False", "C=True"]);
  });

  it("strategic: owners merge by uid", async () => {
    const owner = (name: string, uid: string) => ({ apiVersion: "v1", kind: "Node", name, uid });
    const node = await world.node({ ownerReferences: [owner("a", "1"), owner("b", "2")] });
    const body = { metadata: { ownerReferences: [{ uid: "2", name: "c" }] } };
    const { metadata } = await patchNode(node, { type: "strategic", body });
    expect(metadata.ownerReferences?.map(({ name, uid }) => `${name}${uid}`).toSorted()).toEqual(["a1", "c2"]);
  });

  it("strategic: is refused for custom resources", async () => {
    const [claim, pool] = [await world.claim(), await world.pool()];
    const patch: Patch = { type: "strategic", body: { metadata: { labels: { a: "1" } } } };
    await expectRefusal(world.client.patch(NodeClaims, keyOf(claim), patch), {
      code: 415,
      reason: "UnsupportedMediaType",
    });
    await expectRefusal(world.client.patchStatus(NodePools, keyOf(pool), patch), { code: 415 });
  });

  it("refuses a patch that would rename the object", async () => {
    const node = await world.node();
    await expectRefusal(patchNode(node, { type: "merge", body: { metadata: { name: "other" } } }), { code: 400 });
  });
}
