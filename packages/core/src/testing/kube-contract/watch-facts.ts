// What a watch delivers, and how it ends.

import { expect, it } from "vitest";
import { ConfigMaps, NodeClaims, Nodes, type ConfigMap } from "../../api/index.ts";
import { keyOf, type WatchEvent } from "../../kube/index.ts";
import type { World } from "./world.ts";

export function watchFacts(world: World): void {
  const patch = (config: ConfigMap, labels: Record<string, string | null>) =>
    world.client.patch(ConfigMaps, keyOf(config), { type: "merge", body: { metadata: { labels } } });

  it("tells what is added, changed and removed, in order and as it was stored", async () => {
    const log = world.watch(ConfigMaps, {
      namespace: world.namespace,
      resourceVersion: await world.versionOf(ConfigMaps),
    });
    const config = await world.configMap();
    const changed = await patch(config, { a: "1" });
    await world.client.delete(ConfigMaps, keyOf(config));
    const name = config.metadata.name ?? "";
    await log.untilChange(`DELETED ${name}`);
    const own = log.events.filter((event) => "object" in event && event.object.metadata.name === name);
    expect(own.map(({ type }) => type)).toEqual(["ADDED", "MODIFIED", "DELETED"]);
    expect(own.slice(0, 2).map(versionIn)).toEqual([config.metadata.resourceVersion, changed.metadata.resourceVersion]);
    expect(Number(versionIn(own[2]))).toBeGreaterThan(Number(changed.metadata.resourceVersion));
    expect(own[2]).toMatchObject({ object: { metadata: { uid: config.metadata.uid, labels: { a: "1" } } } });
  });

  it("misses nothing between a list and the watch from its version", async () => {
    const { resourceVersion } = await world.client.list(ConfigMaps, { namespace: world.namespace });
    const [one, other] = [await world.configMap(), await world.configMap()];
    const log = world.watch(ConfigMaps, { namespace: world.namespace, resourceVersion });
    await log.untilChange(`ADDED ${other.metadata.name}`);
    expect(log.changes).toEqual([`ADDED ${one.metadata.name}`, `ADDED ${other.metadata.name}`]);
  });

  it("tells nothing that the given version already has", async () => {
    const before = await world.configMap();
    const log = world.watch(ConfigMaps, {
      namespace: world.namespace,
      resourceVersion: before.metadata.resourceVersion ?? "",
    });
    const after = await world.configMap();
    await log.untilChange(`ADDED ${after.metadata.name}`);
    expect(log.changes).toEqual([`ADDED ${after.metadata.name}`]);
  });

  it("tells an object that starts or stops being selected as added or removed", async () => {
    const label = world.name("label");
    const resourceVersion = await world.versionOf(ConfigMaps);
    const log = world.watch(ConfigMaps, { namespace: world.namespace, labelSelector: `${label}=in`, resourceVersion });
    const config = await world.configMap({ labels: { [label]: "out" } });
    await patch(config, { [label]: "in" });
    await patch(config, { other: "1" });
    const left = await patch(config, { [label]: "out" });
    const name = config.metadata.name ?? "";
    const last = await log.untilChange(`DELETED ${name}`);
    expect(log.changes).toEqual([`ADDED ${name}`, `MODIFIED ${name}`, `DELETED ${name}`]);
    expect(last).toMatchObject({ object: { metadata: { labels: { [label]: "in" } } } });
    expect(versionIn(last)).toBe(left.metadata.resourceVersion);
  });

  it("watches a single object by its name", async () => {
    const name = world.name("claim");
    const resourceVersion = await world.versionOf(NodeClaims);
    const log = world.watch(NodeClaims, { fieldSelector: `metadata.name=${name}`, resourceVersion });
    await world.claim();
    const claim = await world.claim({ name });
    await log.untilChange(`ADDED ${name}`);
    expect(log.changes).toEqual([`ADDED ${claim.metadata.name}`]);
  });

  it("tells a marked object as changed and its end as removed", async () => {
    const claim = await world.claim({ finalizers: ["example.com/f"] });
    const name = claim.metadata.name ?? "";
    const resourceVersion = claim.metadata.resourceVersion ?? "";
    const log = world.watch(NodeClaims, { fieldSelector: `metadata.name=${name}`, resourceVersion });
    await world.client.delete(NodeClaims, keyOf(claim));
    await world.client.patch(NodeClaims, keyOf(claim), { type: "merge", body: { metadata: { finalizers: null } } });
    await log.untilChange(`DELETED ${name}`);
    expect(log.changes).toEqual([`MODIFIED ${name}`, `DELETED ${name}`]);
  });

  it("tells nothing for a write that changes nothing", async () => {
    const node = await world.node({ labels: { a: "1" } });
    const name = node.metadata.name ?? "";
    const resourceVersion = node.metadata.resourceVersion ?? "";
    const log = world.watch(Nodes, { fieldSelector: `metadata.name=${name}`, resourceVersion });
    const set = (a: string) =>
      world.client.patch(Nodes, keyOf(node), { type: "merge", body: { metadata: { labels: { a } } } });
    await set("1");
    const { metadata } = await set("2");
    await log.untilChange(`MODIFIED ${name}`);
    expect(log.events.flatMap(objectVersions)).toEqual([metadata.resourceVersion]);
  });

  it("RT-3: sends a bookmark before a timed watch ends cleanly, from which another resumes", async () => {
    const config = await world.configMap();
    const options = { namespace: world.namespace, resourceVersion: config.metadata.resourceVersion ?? "" };
    const log = world.watch(ConfigMaps, { ...options, allowWatchBookmarks: true, timeoutSeconds: 5 });
    await world.configMap();
    const bookmark = await log.until(({ type }) => type === "BOOKMARK");
    await log.end();
    const next = await world.configMap();
    const resourceVersion = bookmark.type === "BOOKMARK" ? bookmark.resourceVersion : "";
    const resumed = world.watch(ConfigMaps, { ...options, resourceVersion });
    await resumed.untilChange(`ADDED ${next.metadata.name}`);
    expect(resumed.changes).toEqual([`ADDED ${next.metadata.name}`]);
  });

  it("ends cleanly on abort", async () => {
    const log = world.watch(ConfigMaps, {
      namespace: world.namespace,
      resourceVersion: await world.versionOf(ConfigMaps),
    });
    const config = await world.configMap();
    await log.untilChange(`ADDED ${config.metadata.name}`);
    await log.stop();
    await expect(log.end()).resolves.toBeUndefined();
  });

  it("RT-4: says 410 for a version that is no longer kept", async () => {
    await world.claim();
    await world.compact();
    const log = world.watch(NodeClaims, { resourceVersion: "1" });
    await expect(log.untilExpired()).resolves.toBe(410);
  });

  it("serves several watches alike", async () => {
    const resourceVersion = await world.versionOf(ConfigMaps);
    const logs = [1, 2, 3].map(() => world.watch(ConfigMaps, { namespace: world.namespace, resourceVersion }));
    const config = await world.configMap();
    for (const log of logs) await log.untilChange(`ADDED ${config.metadata.name}`);
    expect(logs.map(({ changes }) => changes)).toEqual(logs.map(() => [`ADDED ${config.metadata.name}`]));
  });
}

function versionIn(event: WatchEvent<ConfigMap> | undefined): string | undefined {
  return event !== undefined && "object" in event ? event.object.metadata.resourceVersion : undefined;
}

function objectVersions(event: WatchEvent<{ readonly metadata: { readonly resourceVersion?: string } }>): unknown[] {
  return "object" in event ? [event.object.metadata.resourceVersion] : [];
}
