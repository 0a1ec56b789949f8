import { describe, expect, it } from "vitest";
import { ConfigMaps, Events, NodeClaims, Nodes, Pods } from "../api/index.ts";
import { Gate, ObserveOnly } from "../runtime/index.ts";
import type { KubeClient } from "./client.ts";
import { createGatedClient } from "./gated-client.ts";
import { aConfig, aMirror, follow, keyOfConfig, type MirrorFixture } from "../testing/mirror-fixture.ts";

const nodeClassRef = { group: "g.example.com", kind: "K", name: "n" };

interface Gated extends MirrorFixture {
  readonly client: KubeClient;
  readonly actions: () => readonly string[];
}

function aGatedClient(mode: "act" | "observe" = "act"): Gated {
  const fixture = aMirror();
  const gate = new Gate({ mode, clock: fixture.clock });
  const client = createGatedClient({ client: fixture.kube, gate, cache: fixture.mirror });
  return { ...fixture, client, actions: () => gate.records.map(({ verb, subject }) => `${verb} ${subject}`) };
}

describe("createGatedClient", () => {
  it("passes every write through the gate, by verb and subject, and no read", async () => {
    const { client, actions } = aGatedClient();
    const claim = { metadata: { generateName: "pool-" }, spec: { nodeClassRef, requirements: [] } };
    const { metadata } = await client.create(NodeClaims, claim);
    const key = { name: metadata.name ?? "" };
    await client.patch(NodeClaims, key, { type: "merge", body: { metadata: { labels: { a: "1" } } } });
    const read = await client.get(NodeClaims, key);
    await client.update(NodeClaims, { ...read, metadata: { ...read.metadata, labels: {} } });
    await client.patchStatus(NodeClaims, key, { type: "merge", body: { status: { nodeName: "n" } } });
    await client.updateStatus(NodeClaims, { ...(await client.get(NodeClaims, key)), status: {} });
    await client.list(NodeClaims);
    await client.delete(NodeClaims, key);
    const pod = { metadata: { name: "p", namespace: "default" }, spec: { containers: [{ name: "m", image: "x" }] } };
    await client.create(Pods, pod);
    await client.bind(pod.metadata, "n");
    await client.evict(pod.metadata);
    expect(actions()).toEqual([
      "create NodeClaim pool-*",
      `patch NodeClaim ${key.name}`,
      `update NodeClaim ${key.name}`,
      `patchStatus NodeClaim ${key.name}`,
      `updateStatus NodeClaim ${key.name}`,
      `delete NodeClaim ${key.name}`,
      "create Pod default/p",
      "evict Pod default/p",
    ]);
  });

  it("RT-15, RT-21: a patch that names the uid and meets a namesake is a conflict, as a deletion is", async () => {
    const { client } = aGatedClient();
    const claim = { metadata: { name: "c" }, spec: { nodeClassRef, requirements: [] } };
    const { metadata } = await client.create(NodeClaims, claim);
    await client.delete(NodeClaims, claim.metadata);
    await client.create(NodeClaims, claim);
    const body = { metadata: { uid: metadata.uid, labels: { a: "1" } } };
    const patched = client.patch(NodeClaims, claim.metadata, { type: "merge", body });
    await expect(patched).rejects.toMatchObject({ code: 409, reason: "Conflict" });
    const invalid = client.patch(NodeClaims, claim.metadata, { type: "merge", body: { spec: { nodeClassRef: null } } });
    await expect(invalid).rejects.toMatchObject({ code: 422 });
  });

  it("RT-11: lets the mirror see every answer at once", async () => {
    const world = aGatedClient();
    const informer = await follow(world, ConfigMaps);
    const created = await world.client.create(ConfigMaps, aConfig("a"));
    expect(informer.get(keyOfConfig("a"))).toBe(created);
    await world.client.delete(ConfigMaps, keyOfConfig("a"));
    expect(informer.list()).toEqual([]);
  });

  it("RT-11: lets the mirror see that a deletion has begun", async () => {
    const world = aGatedClient();
    const informer = await follow(world, Nodes);
    await world.client.create(Nodes, { metadata: { name: "n", finalizers: ["example.com/f"] } });
    await world.client.delete(Nodes, { name: "n" });
    expect(informer.get({ name: "n" })?.metadata.deletionTimestamp).toBeDefined();
    await world.client.patch(Nodes, { name: "n" }, { type: "merge", body: { metadata: { finalizers: null } } });
    expect(informer.list()).toEqual([]);
  });

  it("does not start to mirror what it writes", async () => {
    const world = aGatedClient();
    await follow(world, ConfigMaps);
    await world.client.create(Nodes, { metadata: { name: "n" } });
    await world.client.delete(Nodes, { name: "n" });
    await world.clock.settle();
    expect(world.calls("list")).toHaveLength(1);
  });

  it("writes nothing in observe mode but what only informs", async () => {
    const { client, kube } = aGatedClient("observe");
    await expect(client.create(Nodes, { metadata: { name: "n" } })).rejects.toThrow(ObserveOnly);
    expect((await kube.list(Nodes)).items).toEqual([]);
    const event = {
      metadata: { name: "e", namespace: "default" },
      involvedObject: { kind: "Node", name: "n" },
      reason: "R",
      message: "",
      type: "Normal" as const,
    };
    await expect(client.create(Events, event)).resolves.toMatchObject({ reason: "R" });
  });

  it("leaves the mirror alone when a write fails", async () => {
    const world = aGatedClient();
    const informer = await follow(world, ConfigMaps);
    await world.client.create(ConfigMaps, aConfig("a"));
    await expect(world.client.create(ConfigMaps, aConfig("a"))).rejects.toMatchObject({ code: 409 });
    expect(informer.list()).toHaveLength(1);
  });
});
