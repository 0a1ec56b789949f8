import { describe, expect, it } from "vitest";
import { ConfigMaps } from "../api/index.ts";
import { PromMetrics } from "../telemetry/index.ts";
import { promSeries } from "../testing/prom-series.ts";
import { minutes } from "../units/index.ts";
import type { KubeCall } from "../testing/index.ts";
import { KubeError } from "./errors.ts";
import { aConfig, aMirror, follow, keyOfConfig, label, listen } from "../testing/mirror-fixture.ts";

const down = new KubeError(503, "ServiceUnavailable", "the server is currently unable to handle the request");

describe("Reflector", () => {
  it("RT-2: lists in pages of 500", async () => {
    const fixture = aMirror();
    for (let i = 0; i < 1001; i++) await fixture.kube.create(ConfigMaps, aConfig(`c${i}`));
    const informer = await follow(fixture, ConfigMaps);
    expect(informer.list()).toHaveLength(1001);
    expect(fixture.calls("list")).toHaveLength(3);
  });

  it("RT-2: lists everything at once when its pages expire", async () => {
    const fixture = aMirror();
    for (let i = 0; i < 501; i++) await fixture.kube.create(ConfigMaps, aConfig(`c${i}`));
    let lists = 0;
    fixture.kube.faults = async ({ verb, phase }: KubeCall) => {
      if (verb !== "list" || phase !== "after" || ++lists > 1) return;
      await fixture.kube.create(ConfigMaps, aConfig("late"));
      fixture.kube.expireHistory();
    };
    const informer = await follow(fixture, ConfigMaps);
    expect(informer.list()).toHaveLength(502);
    expect(informer.get(keyOfConfig("late"))).toBeDefined();
  });

  it("RT-3: resumes where a closed watch ended, without another list", async () => {
    const fixture = aMirror();
    const heard = listen(await follow(fixture, ConfigMaps));
    await fixture.kube.create(ConfigMaps, aConfig("a"));
    await fixture.clock.advance(5000);
    fixture.kube.dropWatches();
    await fixture.kube.create(ConfigMaps, aConfig("b"));
    await label(fixture.kube, "a", "1");
    await fixture.clock.settle();
    expect(heard).toEqual(["+a", "+b", "~a=1"]);
    expect(fixture.calls("list")).toHaveLength(1);
    expect(fixture.calls("watch")).toEqual([0, 5000]);
  });

  it("RT-3: watches for 300 to 600 seconds and again from the last bookmark", async () => {
    const fixture = aMirror();
    await follow(fixture, ConfigMaps);
    await fixture.clock.advance(460_000);
    expect(fixture.calls("watch")).toEqual([0, 450_000]);
    expect(fixture.calls("list")).toHaveLength(1);
  });

  it("RT-3: waits longer and longer after failures, up to 30 s, and starts over after two minutes of health", async () => {
    const fixture = aMirror({ server: { faults: ({ verb }) => (verb === "list" ? Promise.reject(down) : undefined) } });
    fixture.mirror.informer(ConfigMaps);
    fixture.mirror.start(fixture.stop.signal);
    await fixture.clock.advance(60_000);
    const at = fixture.calls("list");
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(waits).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000]);
  });

  it("RT-3: a watch that ends within a second is not opened again at once", async () => {
    const fixture = aMirror();
    await follow(fixture, ConfigMaps);
    await fixture.clock.settle();
    fixture.kube.dropWatches();
    await fixture.clock.advance(1000);
    expect(fixture.calls("watch")).toEqual([0, 400]);
  });

  it("RT-3: waits at least as long as the server asks", async () => {
    let busy = true;
    const faults = ({ verb }: KubeCall): void => {
      if (busy && verb === "list") throw new KubeError(429, "TooManyRequests", "slow down", { retryAfterSeconds: 7 });
    };
    const fixture = aMirror({ server: { faults } });
    fixture.mirror.informer(ConfigMaps);
    fixture.mirror.start(fixture.stop.signal);
    await fixture.clock.advance(6999);
    expect(fixture.calls("list")).toEqual([0]);
    busy = false;
    await fixture.clock.advance(1);
    expect(fixture.calls("list")).toEqual([0, 7000]);
  });

  it.each(["event", "error"] as const)(
    "TC-68, RT-4: lists again after an expired %s and tells the difference",
    async (expiredWatchAs) => {
      let cut = false;
      const faults = ({ verb }: KubeCall): void => {
        if (cut && verb === "watch") throw down;
      };
      const metrics = new PromMetrics();
      const fixture = aMirror({ metrics, server: { expiredWatchAs, faults } });
      for (const name of ["gone", "same", "changed", "reborn"]) await fixture.kube.create(ConfigMaps, aConfig(name));
      const informer = await follow(fixture, ConfigMaps);
      await fixture.clock.settle();
      const heard: string[] = [];
      informer.onChange((change) =>
        heard.push(`${change.before ? "-" : ""}${change.after ? "+" : ""}${nameOf(change)}`),
      );
      heard.splice(0);
      cut = true;
      fixture.kube.dropWatches();
      for (const name of ["gone", "reborn"]) await fixture.kube.delete(ConfigMaps, keyOfConfig(name));
      await fixture.kube.create(ConfigMaps, aConfig("reborn"));
      await fixture.kube.create(ConfigMaps, aConfig("new"));
      await label(fixture.kube, "changed", "1");
      fixture.kube.expireHistory();
      await fixture.kube.create(ConfigMaps, aConfig("newer"));
      cut = false;
      await fixture.clock.advance(5000);
      expect(heard.toSorted()).toEqual(["+new", "+newer", "+reborn", "-+changed", "-gone", "-reborn"].toSorted());
      expect(heard.indexOf("-reborn")).toBeLessThan(heard.indexOf("+reborn"));
      expect(fixture.calls("list")).toHaveLength(2);
      expect(await promSeries(metrics, "kmc_cache_relists_total")).toEqual(['{resource="configmaps"} 1']);
      const restarts = await promSeries(metrics, "karpenter_watch_restarts_total");
      expect(restarts).toContain('{resource="configmaps",reason="expired"} 1');
    },
  );

  it("RT-5: opens a watch again after two minutes of silence", async () => {
    const fixture = aMirror({ server: { schedule: () => () => {} } });
    const heard = listen(await follow(fixture, ConfigMaps));
    await fixture.clock.advance(60_000);
    await fixture.kube.create(ConfigMaps, aConfig("a"));
    await fixture.clock.advance(119_999);
    expect(fixture.calls("watch")).toEqual([0]);
    await fixture.clock.advance(1);
    expect(fixture.calls("watch")).toEqual([0, 180_000]);
    await fixture.kube.create(ConfigMaps, aConfig("b"));
    await fixture.clock.settle();
    expect(heard).toEqual(["+a", "+b"]);
  });

  it("RT-5: after the second silence it asks for a list, and hears what the watch kept back", async () => {
    const fixture = aMirror({ server: { schedule: () => () => {} } });
    const informer = await follow(fixture, ConfigMaps);
    const { kube } = fixture;
    const inner = kube.watch.bind(kube);
    kube.watch = async function* watch(resource, options) {
      for await (const event of inner(resource, options)) if (event.type === "ERROR") yield event;
    };
    await fixture.clock.advance(121_000);
    await kube.create(ConfigMaps, aConfig("a"));
    await fixture.clock.advance(118_000);
    expect(fixture.calls("list")).toHaveLength(1);
    await fixture.clock.advance(2000);
    expect(fixture.calls("list")).toHaveLength(2);
    expect(informer.list()).toHaveLength(1);
    await fixture.clock.advance(600_000);
    expect(fixture.mirror.stalled(minutes(5))).toEqual([]);
  });

  it("RT-5: bookmarks keep a quiet watch open", async () => {
    const fixture = aMirror();
    await follow(fixture, ConfigMaps);
    await fixture.clock.advance(400_000);
    expect(fixture.calls("watch")).toEqual([0]);
  });

  it("RT-6: lists again after what it cannot read", async () => {
    const fixture = aMirror();
    let broken = true;
    const { kube } = fixture;
    const inner = kube.watch.bind(kube);
    kube.watch = async function* watch(resource, options) {
      if (broken) {
        broken = false;
        throw new SyntaxError("Unexpected end of JSON input");
      }
      yield* inner(resource, options);
    };
    const informer = await follow(fixture, ConfigMaps);
    await fixture.clock.settle();
    await kube.create(ConfigMaps, aConfig("a"));
    await fixture.clock.advance(1000);
    expect(fixture.calls("list")).toHaveLength(2);
    expect(informer.list()).toHaveLength(1);
  });

  it("RT-14: says once a minute what it may not read", async () => {
    const faults = ({ verb }: KubeCall): void => {
      if (verb === "list") throw new KubeError(403, "Forbidden", "configmaps is forbidden");
    };
    const fixture = aMirror({ server: { faults } });
    fixture.mirror.informer(ConfigMaps);
    fixture.mirror.start(fixture.stop.signal);
    await fixture.clock.advance(150_000);
    const errors = fixture.logger.lines.filter(({ level }) => level === "error");
    expect(errors).toHaveLength(3);
    expect(errors[0]?.fields).toMatchObject({ resource: "configmaps" });
  });
});

function nameOf(change: {
  readonly before?: { metadata: { name?: string } };
  readonly after?: { metadata: { name?: string } };
}) {
  return change.after?.metadata.name ?? change.before?.metadata.name ?? "";
}
