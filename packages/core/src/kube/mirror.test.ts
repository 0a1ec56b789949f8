import { describe, expect, it } from "vitest";
import { ConfigMaps, CUSTOM_RESOURCES, NodeClaims, NodePools } from "../api/index.ts";
import { PromMetrics } from "../telemetry/index.ts";
import { promSeries } from "../testing/prom-series.ts";
import { minutes } from "../units/index.ts";
import { KubeError } from "./errors.ts";
import { aConfig, aMirror, follow, keyOfConfig, label, listen } from "../testing/mirror-fixture.ts";

const nodeClassRef = { group: "g.example.com", kind: "K", name: "n" };
const claim = (name: string) => ({ metadata: { name }, spec: { nodeClassRef, requirements: [] } });

describe("Mirror", () => {
  it("RT-10: has synced once the first list was told, as initial changes", async () => {
    const fixture = aMirror();
    await fixture.kube.create(ConfigMaps, aConfig("b"));
    await fixture.kube.create(ConfigMaps, aConfig("a"));
    const heard = listen(fixture.mirror.informer(ConfigMaps));
    expect(fixture.mirror.informer(ConfigMaps).hasSynced).toBe(false);
    const informer = await follow(fixture, ConfigMaps);
    expect(informer.hasSynced).toBe(true);
    expect(heard).toEqual(["[+a]", "[+b]"]);
    expect(informer.list().map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
  });

  it("S-1016: a long list lets others run in its middle; it has synced when all of it was told, and what comes meanwhile comes after", async () => {
    let turns = 0;
    const informers: { hasSynced: boolean }[] = [];
    const giveWay = async (): Promise<void> => {
      turns++;
      expect(informers[0]?.hasSynced).toBe(false);
      if (turns === 1) await label(fixture.kube, "c-0000", "late");
    };
    const fixture = aMirror({ giveWay });
    const names = Array.from({ length: 1200 }, (_, index) => `c-${String(index).padStart(4, "0")}`);
    for (const name of names) await fixture.kube.create(ConfigMaps, aConfig(name));
    const informer = fixture.mirror.informer(ConfigMaps);
    informers.push(informer);
    const heard = listen(informer);
    await follow(fixture, ConfigMaps);
    await fixture.clock.settle();
    expect([turns, informer.hasSynced]).toEqual([2, true]);
    expect(heard).toEqual([...names.map((name) => `[+${name}]`), "~c-0000=late"]);
  });

  it("RT-8: tells additions, changes and removals in order", async () => {
    const fixture = aMirror();
    const heard = listen(await follow(fixture, ConfigMaps));
    await fixture.kube.create(ConfigMaps, aConfig("a"));
    await label(fixture.kube, "a", "1");
    await fixture.kube.delete(ConfigMaps, keyOfConfig("a"));
    await fixture.clock.settle();
    expect(heard).toEqual(["+a", "~a=1", "-a"]);
  });

  it("sorts by namespace, then name", async () => {
    const fixture = aMirror();
    for (const [namespace, name] of [
      ["kube-system", "a"],
      ["default", "b"],
      ["default", "a-b"],
      ["default", "a"],
    ] as const) {
      await fixture.kube.create(ConfigMaps, { metadata: { name, namespace } });
    }
    const informer = await follow(fixture, ConfigMaps);
    const names = informer.list().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
    expect(names).toEqual(["default/a", "default/a-b", "default/b", "kube-system/a"]);
  });

  it("RT-1: shares one watch between all who ask", async () => {
    const fixture = aMirror();
    const first = await follow(fixture, ConfigMaps);
    expect(fixture.mirror.informer(ConfigMaps)).toBe(first);
    await fixture.clock.settle();
    expect(fixture.kube.openWatches).toBe(1);
  });

  it("tells a late subscriber what is there, and nobody after he has left", async () => {
    const fixture = aMirror();
    await fixture.kube.create(ConfigMaps, aConfig("a"));
    const informer = await follow(fixture, ConfigMaps);
    const heard: unknown[] = [];
    const leave = informer.onChange((change) => heard.push([change.after?.metadata.name, change.initial]));
    expect(heard).toEqual([["a", true]]);
    leave();
    await fixture.kube.create(ConfigMaps, aConfig("b"));
    await fixture.clock.settle();
    expect(heard).toHaveLength(1);
  });

  it("TC-69, RT-8, M-45: a handler that throws is logged, counted, and disturbs no other", async () => {
    const metrics = new PromMetrics();
    const fixture = aMirror({ metrics });
    const informer = await follow(fixture, ConfigMaps);
    informer.onChange(() => {
      throw new Error("broken handler");
    });
    const heard = listen(informer);
    await fixture.kube.create(ConfigMaps, aConfig("a"));
    await fixture.kube.create(ConfigMaps, aConfig("b"));
    await fixture.clock.settle();
    expect(heard).toEqual(["+a", "+b"]);
    expect(fixture.logger.lines.filter(({ level }) => level === "error")).toHaveLength(2);
    expect(await promSeries(metrics, "kmc_cache_handler_errors_total")).toEqual(['{resource="configmaps"} 2']);
  });

  it("M-45: shows how long ago a watch delivered anything", async () => {
    const metrics = new PromMetrics();
    const fixture = aMirror({ metrics });
    const age = async (): Promise<readonly string[]> => {
      fixture.mirror.showAges();
      return await promSeries(metrics, "karpenter_watch_last_event_age_seconds");
    };
    fixture.mirror.informer(ConfigMaps);
    expect(await age()).toEqual([]);
    await follow(fixture, ConfigMaps);
    await fixture.clock.advance(4000);
    expect(await age()).toEqual(['{resource="configmaps"} 4']);
    await fixture.kube.create(ConfigMaps, aConfig("a"));
    await fixture.clock.advance(1000);
    expect(await age()).toEqual(['{resource="configmaps"} 1']);
  });

  it("OP-6: tells which reflector has stood still for minutes, and does not mean one that is refused", async () => {
    let down = false;
    const refused = new KubeError(503, "ServiceUnavailable", "down");
    const fixture = aMirror({ server: { faults: () => (down ? Promise.reject(refused) : undefined) } });
    const { kube, mirror, clock } = fixture;
    const list = kube.list.bind(kube);
    let hung = true;
    kube.list = async (resource, options) => {
      if (hung && resource.plural === ConfigMaps.plural) await new Promise(() => {});
      return await list(resource, options);
    };
    mirror.informer(ConfigMaps);
    mirror.informer(NodePools);
    mirror.start(fixture.stop.signal);
    await clock.advance(minutes(5));
    expect(mirror.stalled(minutes(5))).toEqual([]);
    await clock.advance(1000);
    expect(mirror.stalled(minutes(5))).toEqual([ConfigMaps]);
    down = true;
    kube.dropWatches();
    await clock.advance(minutes(20));
    expect(mirror.stalled(minutes(5))).toEqual([ConfigMaps]);
    hung = false;
  });

  it("RT-9: keeps indexes up to date, also those asked for later", async () => {
    const fixture = aMirror();
    await fixture.kube.create(ConfigMaps, aConfig("a", { value: "1" }));
    await fixture.kube.create(ConfigMaps, aConfig("b", { value: "1" }));
    await follow(fixture, ConfigMaps);
    const informer = fixture.mirror.informer(ConfigMaps, {
      value: ({ metadata }) => Object.values(metadata.labels ?? {}),
    });
    const names = (value: string) => informer.byIndex("value", value).map(({ metadata }) => metadata.name);
    expect(names("1")).toEqual(["a", "b"]);
    await label(fixture.kube, "a", "2");
    await fixture.kube.delete(ConfigMaps, keyOfConfig("b"));
    await fixture.clock.settle();
    expect([names("1"), names("2"), names("3")]).toEqual([[], ["a"], []]);
    expect(() => informer.byIndex("other", "1")).toThrow("no index other");
  });

  it("starts what is asked for after the start", async () => {
    const fixture = aMirror();
    await follow(fixture, ConfigMaps);
    await fixture.kube.create(NodeClaims, claim("c"));
    const claims = fixture.mirror.informer(NodeClaims);
    expect(fixture.mirror.unsynced()).toEqual([NodeClaims]);
    await fixture.mirror.waitForSync({ signal: fixture.stop.signal });
    expect(claims.get({ name: "c" })?.metadata.name).toBe("c");
  });

  it("peeks without starting a mirror", async () => {
    const fixture = aMirror();
    await follow(fixture, ConfigMaps);
    expect(fixture.mirror.peek(NodeClaims, { name: "c" })).toBeUndefined();
    await fixture.clock.settle();
    expect(fixture.kube.openWatches).toBe(1);
  });

  it("waits for sync only as long as its signal lets it", async () => {
    const fixture = aMirror({
      server: { faults: () => Promise.reject(new KubeError(503, "ServiceUnavailable", "down")) },
    });
    fixture.mirror.informer(ConfigMaps);
    fixture.mirror.start(fixture.stop.signal);
    const patience = new AbortController();
    const waiting = fixture.mirror.waitForSync({ signal: patience.signal });
    const reason = new Error("two minutes are over");
    patience.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it("ends its watches with the signal", async () => {
    const fixture = aMirror();
    await follow(fixture, ConfigMaps);
    await fixture.clock.settle();
    expect(fixture.kube.openWatches).toBe(1);
    fixture.stop.abort();
    await fixture.clock.settle();
    expect(fixture.kube.openWatches).toBe(0);
    expect(fixture.clock.pending()).toBe(0);
  });

  it("RT-13: an optional resource that is absent is empty, and is found within a minute when it comes", async () => {
    const fixture = aMirror({ optional: [NodePools, NodeClaims], server: { customResources: [] } });
    const claims = await follow(fixture, NodeClaims);
    expect(claims.hasSynced).toBe(true);
    const heard: unknown[] = [];
    claims.onChange(({ before, after }) => heard.push([before?.metadata.name, after?.metadata.name]));
    for (const definition of CUSTOM_RESOURCES) fixture.kube.define(definition);
    await fixture.kube.create(NodeClaims, claim("c"));
    await fixture.clock.advance(60_000);
    expect(heard).toEqual([[undefined, "c"]]);
    fixture.kube.undefine(NodeClaims);
    await fixture.clock.advance(60_000);
    expect(claims.list()).toEqual([]);
    expect(heard).toHaveLength(2);
    expect(fixture.logger.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("RT-13: a required resource that is absent has not synced, and recovers", async () => {
    const fixture = aMirror({ server: { customResources: [] } });
    const claims = fixture.mirror.informer(NodeClaims);
    fixture.mirror.start(fixture.stop.signal);
    await fixture.clock.advance(1000);
    expect(claims.hasSynced).toBe(false);
    for (const definition of CUSTOM_RESOURCES) fixture.kube.define(definition);
    await fixture.kube.create(NodeClaims, claim("c"));
    await fixture.clock.advance(60_000);
    expect(claims.hasSynced).toBe(true);
    expect(claims.list()).toHaveLength(1);
  });

  it("RT-13: keeps the last known objects of a required resource that goes, without vouching for them", async () => {
    const fixture = aMirror();
    await fixture.kube.create(NodeClaims, claim("c"));
    const claims = await follow(fixture, NodeClaims);
    await fixture.clock.settle();
    let absent = true;
    fixture.kube.faults = () => {
      if (absent) throw new KubeError(404, "NotFound", "the server could not find the requested resource");
    };
    fixture.kube.dropWatches();
    await fixture.clock.advance(2000);
    expect(claims.hasSynced).toBe(false);
    expect(claims.list()).toHaveLength(1);
    absent = false;
    await fixture.clock.advance(60_000);
    expect(claims.hasSynced).toBe(true);
  });
});
