// RT-11: reads see own writes at once, and the watch has the last word.

import { describe, expect, it } from "vitest";
import { ConfigMaps, type ConfigMap } from "../api/index.ts";
import type { Informer } from "./cache.ts";
import { Mirror, type MirrorOptions } from "./mirror.ts";
import { PromMetrics } from "../telemetry/index.ts";
import { KubeError } from "./errors.ts";
import { promSeries } from "../testing/prom-series.ts";
import {
  aConfig,
  aMirror,
  follow,
  keyOfConfig,
  label,
  LaggingReader,
  listen,
  type MirrorFixture,
} from "../testing/mirror-fixture.ts";

interface Lagging extends MirrorFixture {
  readonly reader: LaggingReader;
  readonly informer: Informer<ConfigMap>;
  readonly heard: string[];
}

/** A mirror whose watch is held back; `a` exists with value 0. */
async function aLaggingMirror(options: Pick<MirrorOptions, "metrics"> = {}): Promise<Lagging> {
  const fixture = aMirror();
  const { kube, clock, logger } = fixture;
  await kube.create(ConfigMaps, aConfig("a", { value: "0" }));
  const reader = new LaggingReader(kube);
  const mirror = new Mirror({ client: reader, clock, logger, random: () => 0.5, ...options });
  const lagging = { ...fixture, reader, mirror };
  const informer = await follow(lagging, ConfigMaps);
  await clock.settle();
  const heard = listen(informer);
  heard.splice(0);
  return { ...lagging, informer, heard };
}

function valueOf({ informer }: Lagging, name = "a"): string | undefined {
  return informer.get(keyOfConfig(name))?.metadata.labels?.["value"];
}

describe("own writes in the mirror", () => {
  it("RT-11: are seen at once and told once", async () => {
    const world = await aLaggingMirror();
    world.mirror.apply(ConfigMaps, await label(world.kube, "a", "1"));
    expect(valueOf(world)).toBe("1");
    expect(world.heard).toEqual(["~a=1"]);
    world.reader.release();
    await world.clock.settle();
    expect(world.heard).toEqual(["~a=1"]);
    await label(world.kube, "a", "2");
    await world.clock.settle();
    expect(world.heard).toEqual(["~a=1", "~a=2"]);
  });

  it("RT-11: a creation is in lists and indexes at once", async () => {
    const world = await aLaggingMirror();
    world.mirror.informer(ConfigMaps, { value: ({ metadata }) => Object.values(metadata.labels ?? {}) });
    world.mirror.apply(ConfigMaps, await world.kube.create(ConfigMaps, aConfig("b", { value: "9" })));
    expect(world.informer.list().map(({ metadata }) => metadata.name)).toEqual(["a", "b"]);
    expect(world.informer.byIndex("value", "9")).toHaveLength(1);
  });

  it("RT-11: are not hidden by older events that come late", async () => {
    const world = await aLaggingMirror();
    await label(world.kube, "a", "foreign");
    world.mirror.apply(ConfigMaps, await label(world.kube, "a", "own"));
    const seen: unknown[] = [];
    world.informer.onChange(({ after }) => seen.push(after?.metadata.labels?.["value"]));
    world.reader.release();
    await world.clock.settle();
    expect(valueOf(world)).toBe("own");
    expect(seen).toEqual(["own"]);
  });

  it("RT-11: give way to what came after them", async () => {
    const world = await aLaggingMirror();
    world.mirror.apply(ConfigMaps, await label(world.kube, "a", "own"));
    await label(world.kube, "a", "foreign");
    expect(valueOf(world)).toBe("own");
    world.reader.release();
    await world.clock.settle();
    expect(valueOf(world)).toBe("foreign");
  });

  it("RT-11: an answer that comes after newer events changes nothing", async () => {
    const world = await aLaggingMirror();
    world.reader.release();
    const answer = await label(world.kube, "a", "own");
    await label(world.kube, "a", "foreign");
    await world.clock.settle();
    world.mirror.apply(ConfigMaps, answer);
    expect(valueOf(world)).toBe("foreign");
    expect(world.heard).toEqual(["~a=own", "~a=foreign"]);
  });

  it("RT-11: a removal hides the object, whatever late events say, until the watch tells it", async () => {
    const world = await aLaggingMirror();
    await label(world.kube, "a", "late");
    const known = world.informer.get(keyOfConfig("a"));
    await world.kube.delete(ConfigMaps, keyOfConfig("a"));
    if (known !== undefined) world.mirror.forget(ConfigMaps, known);
    expect(world.informer.list()).toEqual([]);
    world.reader.release();
    await world.clock.settle();
    expect(world.heard).toEqual(["-a"]);
    await world.kube.create(ConfigMaps, aConfig("a", { value: "again" }));
    await world.clock.settle();
    expect(valueOf(world)).toBe("again");
  });

  it("RT-11: a removal does not hide another object of the same name", async () => {
    const world = await aLaggingMirror();
    const old = await world.kube.get(ConfigMaps, keyOfConfig("a"));
    world.reader.release();
    await world.kube.delete(ConfigMaps, keyOfConfig("a"));
    await world.kube.create(ConfigMaps, aConfig("a", { value: "again" }));
    await world.clock.settle();
    world.mirror.forget(ConfigMaps, old);
    expect(valueOf(world)).toBe("again");
  });

  it("RT-11: an answer about an object that is gone meanwhile does not bring it back", async () => {
    const world = await aLaggingMirror();
    world.reader.release();
    const answer = await label(world.kube, "a", "own");
    await world.kube.delete(ConfigMaps, keyOfConfig("a"));
    await world.clock.settle();
    world.mirror.apply(ConfigMaps, answer);
    expect(world.informer.list()).toEqual([]);
  });

  it("RT-11: the answer to the removal of the last finalizer removes the object", async () => {
    const world = await aLaggingMirror();
    const finalizers = (names: readonly string[] | null) =>
      world.kube.patch(ConfigMaps, keyOfConfig("a"), { type: "merge", body: { metadata: { finalizers: names } } });
    world.mirror.apply(ConfigMaps, await finalizers(["example.com/f"]));
    await world.kube.delete(ConfigMaps, keyOfConfig("a"));
    world.mirror.apply(ConfigMaps, await finalizers(null));
    expect(world.informer.list()).toEqual([]);
    world.reader.release();
    await world.clock.settle();
    expect(world.informer.list()).toEqual([]);
  });

  it("RT-11: that the watch has not told for a minute are an error, and are believed until a new list has come", async () => {
    const metrics = new PromMetrics();
    const world = await aLaggingMirror({ metrics });
    world.mirror.apply(ConfigMaps, await label(world.kube, "a", "1"));
    await label(world.kube, "a", "foreign");
    let away = true;
    world.kube.faults = ({ verb }) => {
      if (away && verb === "list") throw new KubeError(503, "ServiceUnavailable", "down");
    };
    await world.clock.advance(59_999);
    expect(world.logger.messages("error")).toEqual([]);
    await world.clock.advance(300_000);
    expect(valueOf(world)).toBe("1");
    away = false;
    await world.clock.advance(30_000);
    expect(valueOf(world)).toBe("foreign");
    const [error] = world.logger.lines.filter(({ level }) => level === "error");
    expect(error).toMatchObject({
      message: "the watch has not delivered an own write",
      fields: { object: "default/a" },
    });
    expect(await promSeries(metrics, "kmc_cache_overlays_expired_total")).toEqual(['{resource="configmaps"} 1']);
  });

  it("RT-11: leave no error behind when the watch tells them in time", async () => {
    const world = await aLaggingMirror();
    world.mirror.apply(ConfigMaps, await label(world.kube, "a", "1"));
    world.reader.release();
    await world.clock.advance(130_000);
    expect(world.logger.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("RT-4: a list that was asked for later knows them", async () => {
    const world = await aLaggingMirror();
    world.mirror.apply(ConfigMaps, await label(world.kube, "a", "own"));
    await label(world.kube, "a", "foreign");
    world.kube.expireHistory();
    world.kube.dropWatches();
    world.reader.release();
    world.reader.hold();
    await label(world.kube, "a", "newest");
    await world.clock.advance(5000);
    world.reader.release();
    await world.clock.advance(5000);
    expect(valueOf(world)).toBe("newest");
    await world.clock.advance(60_000);
    expect(world.logger.lines.filter(({ level }) => level === "error")).toEqual([]);
  });

  it("leave no timer behind when the mirror ends, so that a process can", async () => {
    const world = await aLaggingMirror();
    const before = world.clock.pending();
    world.mirror.apply(ConfigMaps, await label(world.kube, "a", "own"));
    expect(world.clock.pending()).toBe(before + 1);
    world.stop.abort();
    world.reader.release();
    await world.clock.settle();
    expect(world.clock.pending()).toBe(0);
  });

  it("of resources that are not mirrored are ignored", async () => {
    const fixture = aMirror();
    fixture.mirror.apply(ConfigMaps, await fixture.kube.create(ConfigMaps, aConfig("a")));
    expect(fixture.mirror.peek(ConfigMaps, keyOfConfig("a"))).toBeUndefined();
  });
});
