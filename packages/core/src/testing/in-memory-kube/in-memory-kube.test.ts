// What the in-memory server has beyond the contract: determinism, frozen answers, faults, and time that others control.

import { describe, expect, it } from "vitest";
import {
  ConfigMaps,
  CUSTOM_RESOURCES,
  Events,
  NodeClaims,
  NodePools,
  Nodes,
  Pods,
  type ConfigMap,
} from "../../api/index.ts";
import { KubeError, type WatchEvent } from "../../kube/index.ts";
import { FakeClock } from "../fake-clock.ts";
import { InMemoryKube, type InMemoryKubeOptions } from "./in-memory-kube.ts";

const START = Date.UTC(2026, 0, 1);

function aServer(options: Partial<InMemoryKubeOptions> = {}): InMemoryKube {
  return new InMemoryKube({ now: () => START, customResources: CUSTOM_RESOURCES, ...options });
}

function aConfig(name: string, labels: Record<string, string> = {}): ConfigMap {
  return { metadata: { name, namespace: "default", labels } };
}

/** Reads a watch in the background. */
function follow(kube: InMemoryKube, resourceVersion: string, signal?: AbortSignal): WatchEvent<ConfigMap>[] {
  const events: WatchEvent<ConfigMap>[] = [];
  void (async () => {
    const options = { resourceVersion, allowWatchBookmarks: true, timeoutSeconds: 300 };
    for await (const event of kube.watch(ConfigMaps, signal === undefined ? options : { ...options, signal })) {
      events.push(event);
    }
    events.push({ type: "BOOKMARK", resourceVersion: "ended" });
  })();
  return events;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("InMemoryKube", () => {
  it("RT-44: gives the same answers for the same requests", async () => {
    const run = async (): Promise<unknown> => {
      const kube = aServer();
      await kube.create(ConfigMaps, { metadata: { generateName: "a-", namespace: "default" } });
      await kube.create(Nodes, { metadata: { generateName: "node-" } });
      return [await kube.list(ConfigMaps), await kube.list(Nodes)];
    };
    expect(await run()).toEqual(await run());
  });

  it("RT-9: answers deeply frozen objects and keeps no part of what it was given", async () => {
    const kube = aServer();
    const sent = { metadata: { name: "a", namespace: "default" }, data: { x: "1" } };
    const stored = await kube.create(ConfigMaps, sent);
    sent.data.x = "2";
    expect(await kube.get(ConfigMaps, { name: "a", namespace: "default" })).toMatchObject({ data: { x: "1" } });
    expect(() => Object.assign(stored.metadata, { name: "b" })).toThrow(TypeError);
    expect(() => Object.assign(stored.data ?? {}, { x: "3" })).toThrow(TypeError);
  });

  it("takes times from the clock it was given, in whole seconds", async () => {
    const kube = aServer({ now: () => START + 1999 });
    const { metadata } = await kube.create(Nodes, { metadata: { name: "n" } });
    expect(metadata.creationTimestamp).toBe("2026-01-01T00:00:01Z");
  });

  it("delivers to watches without any timer", async () => {
    const kube = aServer({ schedule: () => () => {} });
    const { resourceVersion } = await kube.list(ConfigMaps);
    const events = follow(kube, resourceVersion);
    await turn();
    for (const name of ["a", "b", "c"]) await kube.create(ConfigMaps, aConfig(name));
    await turn();
    expect(events.map(({ type }) => type)).toEqual(["ADDED", "ADDED", "ADDED"]);
  });

  it("sends bookmarks and ends watches by the schedule it was given", async () => {
    const clock = new FakeClock(START);
    const kube = aServer({ now: () => clock.now(), schedule: (ms, call) => clock.schedule(clock.now() + ms, call) });
    const events = follow(kube, (await kube.list(ConfigMaps)).resourceVersion);
    await clock.advance(130_000);
    expect(events).toHaveLength(2);
    await clock.advance(170_000);
    expect(events.at(-1)).toEqual({ type: "BOOKMARK", resourceVersion: "ended" });
    expect(kube.openWatches).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it("fails a request before it has its effect, or after", async () => {
    const kube = aServer();
    const lost = new KubeError(0, "Unknown", "no answer");
    kube.faults = ({ phase, verb }) => {
      if (phase === "before" && verb === "create") throw lost;
    };
    await expect(kube.create(ConfigMaps, aConfig("a"))).rejects.toBe(lost);
    kube.faults = ({ phase, verb, key }) => {
      if (phase === "after" && verb === "create" && key?.name === "b") throw lost;
    };
    await expect(kube.create(ConfigMaps, aConfig("b"))).rejects.toBe(lost);
    kube.faults = undefined;
    expect((await kube.list(ConfigMaps)).items.map(({ metadata }) => metadata.name)).toEqual(["b"]);
  });

  it("drops open watches cleanly", async () => {
    const kube = aServer();
    const events = follow(kube, (await kube.list(ConfigMaps)).resourceVersion);
    await turn();
    expect(kube.openWatches).toBe(1);
    kube.dropWatches();
    await turn();
    expect(events).toEqual([{ type: "BOOKMARK", resourceVersion: "ended" }]);
    expect(kube.openWatches).toBe(0);
  });

  it("RT-4: says 410 as an event or as an error after its history expired", async () => {
    for (const expiredWatchAs of ["event", "error"] as const) {
      const kube = aServer({ expiredWatchAs });
      const { resourceVersion } = await kube.list(ConfigMaps);
      await kube.create(ConfigMaps, aConfig("a"));
      kube.expireHistory();
      const first = kube.watch(ConfigMaps, { resourceVersion }).next();
      const told = await first.then(
        ({ value }) => value as unknown,
        (error: unknown) => error,
      );
      expect(told).toMatchObject({ code: 410, reason: "Expired" });
      expect(KubeError.is(told)).toBe(expiredWatchAs === "error");
    }
  });

  it("says 410 for a page whose state it has forgotten", async () => {
    const kube = aServer();
    for (const name of ["a", "b", "c"]) await kube.create(ConfigMaps, aConfig(name));
    const page = await kube.list(ConfigMaps, { limit: 1 });
    await kube.create(ConfigMaps, aConfig("d"));
    kube.expireHistory();
    const next = kube.list(ConfigMaps, { limit: 1, continue: page.continue ?? "" });
    await expect(next).rejects.toMatchObject({ code: 410, reason: "Expired" });
  });

  it("keeps only so many changes", async () => {
    const kube = aServer({ historyLimit: 4 });
    const { resourceVersion } = await kube.list(ConfigMaps);
    for (let i = 0; i < 10; i++) await kube.create(ConfigMaps, aConfig(`c${i}`));
    const { value } = await kube.watch(ConfigMaps, { resourceVersion }).next();
    expect(value).toMatchObject({ type: "ERROR", code: 410 });
  });

  it("refuses loudly what it does not imitate", async () => {
    const endpoints = { group: "", version: "v1", kind: "Endpoints", plural: "endpoints", namespaced: true };
    await expect(aServer().list(endpoints)).rejects.toThrow("does not serve v1/endpoints");
    const node = { metadata: { name: "n" } };
    const kube = aServer();
    await kube.create(Nodes, node);
    const body = { metadata: { "$setElementOrder/finalizers": ["a"] } };
    await expect(kube.patch(Nodes, { name: "n" }, { type: "strategic", body })).rejects.toThrow("$setElementOrder");
  });

  it("RT-13: serves a custom resource only while it is defined", async () => {
    const kube = aServer({ customResources: [] });
    await expect(kube.list(NodePools)).rejects.toMatchObject({ code: 404 });
    for (const definition of CUSTOM_RESOURCES) kube.define(definition);
    await expect(kube.list(NodePools)).resolves.toMatchObject({ items: [] });
    kube.undefine(NodeClaims);
    await expect(kube.list(NodeClaims)).rejects.toMatchObject({ code: 404 });
  });

  it("forgets events after an hour", async () => {
    const clock = new FakeClock(START);
    const kube = aServer({ now: () => clock.now() });
    const event = (name: string) => ({
      metadata: { name, namespace: "default" },
      involvedObject: { kind: "Node", name: "n" },
      reason: "R",
      message: "",
      type: "Normal" as const,
    });
    await kube.create(Events, event("old"));
    await clock.advance(1_800_000);
    await kube.create(Events, event("new"));
    await clock.advance(1_801_000);
    expect((await kube.list(Events)).items.map(({ metadata }) => metadata.name)).toEqual(["new"]);
  });

  it("ends a request whose signal is aborted", async () => {
    const reason = new Error("enough");
    await expect(aServer().get(Nodes, { name: "n" }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("takes a namespace from the key of everything that lives in one", async () => {
    await expect(aServer().get(Pods, { name: "p" })).rejects.toMatchObject({ code: 400 });
  });
});
