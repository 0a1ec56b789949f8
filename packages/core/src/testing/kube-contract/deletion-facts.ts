// What a deletion removes, marks or refuses.

import { expect, it } from "vitest";
import { ConfigMaps, NodeClaims, Nodes, type NodeClaim } from "../../api/index.ts";
import { keyOf } from "../../kube/index.ts";
import { expectRefusal, OTHER_UID, type World } from "./world.ts";

const FINALIZER = "example.com/finalizer";

export function deletionFacts(world: World): void {
  const expectGone = (claim: NodeClaim) => expectRefusal(world.client.get(NodeClaims, keyOf(claim)), { code: 404 });
  const setFinalizers = (claim: NodeClaim, finalizers: readonly string[] | null) =>
    world.client.patch(NodeClaims, keyOf(claim), { type: "merge", body: { metadata: { finalizers } } });

  it("answers 404 for what is not there", async () => {
    await expectRefusal(world.client.delete(Nodes, { name: world.name("missing") }), { code: 404, reason: "NotFound" });
  });

  it("removes an object without finalizers at once", async () => {
    const claim = await world.claim();
    await world.client.delete(NodeClaims, keyOf(claim));
    await expectGone(claim);
  });

  it("RT-20: refuses a deletion meant for another object or version", async () => {
    const claim = await world.claim();
    const remove = (preconditions: { uid?: string; resourceVersion?: string }) =>
      world.client.delete(NodeClaims, keyOf(claim), { preconditions });
    await expectRefusal(remove({ uid: OTHER_UID }), {
      code: 409,
      reason: "Conflict",
      message: /UID in the precondition/,
    });
    await expectRefusal(remove({ resourceVersion: "1" }), {
      code: 409,
      message: /ResourceVersion in the precondition/,
    });
    await expect(world.client.get(NodeClaims, keyOf(claim))).resolves.toEqual(claim);
    await remove({ uid: claim.metadata.uid ?? "", resourceVersion: claim.metadata.resourceVersion ?? "" });
    await expectGone(claim);
  });

  it("only marks an object with finalizers and raises its generation", async () => {
    const claim = await world.claim({ finalizers: [FINALIZER] });
    await world.client.delete(NodeClaims, keyOf(claim));
    const { metadata } = await world.client.get(NodeClaims, keyOf(claim));
    expect(metadata.deletionTimestamp).toMatch(/Z$/);
    expect(metadata.deletionGracePeriodSeconds).toBe(0);
    expect(metadata.generation).toBe(2);
  });

  it("changes nothing when what is being deleted is deleted again", async () => {
    const claim = await world.claim({ finalizers: [FINALIZER] });
    await world.client.delete(NodeClaims, keyOf(claim));
    const marked = await world.client.get(NodeClaims, keyOf(claim));
    await world.client.delete(NodeClaims, keyOf(claim));
    await expect(world.client.get(NodeClaims, keyOf(claim))).resolves.toEqual(marked);
  });

  it("takes no new finalizers once the deletion has started, but status and labels", async () => {
    const claim = await world.claim({ finalizers: [FINALIZER] });
    await world.client.delete(NodeClaims, keyOf(claim));
    await expectRefusal(setFinalizers(claim, [FINALIZER, "example.com/late"]), {
      code: 422,
      reason: "Invalid",
      message: /metadata\.finalizers: Forbidden: no new finalizers can be added if the object is being deleted/,
    });
    const body = { status: { nodeName: "n1" } };
    const stored = await world.client.patchStatus(NodeClaims, keyOf(claim), { type: "merge", body });
    expect(stored.status?.nodeName).toBe("n1");
    const labels = { type: "merge", body: { metadata: { labels: { a: "1" } } } } as const;
    expect((await world.client.patch(NodeClaims, keyOf(claim), labels)).metadata.generation).toBe(2);
  });

  it("removes the object with its last finalizer and answers its last state", async () => {
    const claim = await world.claim({ finalizers: [FINALIZER, "example.com/other"] });
    await world.client.delete(NodeClaims, keyOf(claim));
    expect((await setFinalizers(claim, [FINALIZER])).metadata.finalizers).toEqual([FINALIZER]);
    const last = await setFinalizers(claim, null);
    expect(last.metadata.uid).toBe(claim.metadata.uid);
    expect(last.metadata.deletionTimestamp).toBeDefined();
    expect(last.metadata.finalizers).toBeUndefined();
    await expectGone(claim);
  });

  it("keeps the mark whatever an update says", async () => {
    const claim = await world.claim({ finalizers: [FINALIZER] });
    await world.client.delete(NodeClaims, keyOf(claim));
    const body = { metadata: { deletionTimestamp: null, labels: { a: "1" } } };
    const stored = await world.client.patch(NodeClaims, keyOf(claim), { type: "merge", body });
    expect(stored.metadata.deletionTimestamp).toBeDefined();
  });

  it("says so when a name is taken by an object that is being deleted", async () => {
    const claim = await world.claim({ finalizers: [FINALIZER] });
    await world.client.delete(NodeClaims, keyOf(claim));
    const again = world.claim({ name: claim.metadata.name ?? "" });
    await expectRefusal(again, { code: 409, reason: "AlreadyExists", message: /^object is being deleted: / });
  });

  it("gives a new object of the same name another uid", async () => {
    const claim = await world.claim();
    await world.client.delete(NodeClaims, keyOf(claim));
    const again = await world.claim({ name: claim.metadata.name ?? "" });
    expect(again.metadata.uid).not.toBe(claim.metadata.uid);
  });

  it("leaves a foreground deletion to the garbage collector", async () => {
    const config = await world.configMap();
    await world.client.delete(ConfigMaps, keyOf(config), { propagationPolicy: "Foreground" });
    const { metadata } = await world.client.get(ConfigMaps, keyOf(config));
    expect(metadata.finalizers).toEqual(["foregroundDeletion"]);
    expect(metadata.deletionTimestamp).toBeDefined();
  });
}
