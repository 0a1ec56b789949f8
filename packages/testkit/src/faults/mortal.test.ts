import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CUSTOM_RESOURCES, NodePools } from "@karpenter-multicloud/core/api";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { aNodePool, FakeClock, InMemoryKube } from "@karpenter-multicloud/core/testing";
import { seconds } from "@karpenter-multicloud/core/units";
import { describe, expect, it } from "vitest";
import { Mortal } from "./mortal.ts";
import type { MortalOptions } from "./mortal.ts";
import { nameCallsByRequest } from "./mortal-clock.ts";

/** The part of a forked clock that a life needs. */
function fork(parent: Clock) {
  const timers = new Set<() => void>();
  return {
    now: () => parent.now(),
    sleep: (duration: Parameters<Clock["sleep"]>[0]) =>
      new Promise<void>((resolve) => timers.add(parent.schedule(parent.now() + duration, resolve))),
    schedule: (at: number, callback: () => void) => {
      const cancel = parent.schedule(at, callback);
      timers.add(cancel);
      return cancel;
    },
    during: <T>(work: () => Promise<T>) => parent.during(work),
    drop: () => {
      for (const cancel of timers) cancel();
    },
  };
}

function aLife(options: Pick<MortalOptions, "dieAt" | "onDeath"> = {}) {
  const clock = new FakeClock();
  const kube = new InMemoryKube({ now: () => clock.now(), customResources: CUSTOM_RESOURCES });
  return { clock, kube, life: new Mortal({ client: kube, clock: fork(clock), ...options }) };
}

/** "settled" or "silent", after everything that can happen has happened. */
async function fateOf(promise: Promise<unknown>): Promise<string> {
  let fate = "silent";
  const settle = (): void => void (fate = "settled");
  promise.then(settle, settle);
  for (let turn = 0; turn < 5; turn++) await nextTurn();
  return fate;
}

const pools = (kube: InMemoryKube) => kube.list(NodePools).then(({ items }) => items.length);

describe("Mortal", () => {
  it("counts every call twice: before it is sent and before its answer is heard", async () => {
    const { life } = aLife();
    await life.client.create(NodePools, aNodePool({ name: "a" }));
    await expect(life.client.get(NodePools, { name: "none" })).rejects.toThrow("not found");
    expect(life.points()).toEqual([
      { number: 1, moment: "before", call: "create NodePool a" },
      { number: 2, moment: "after", call: "create NodePool a" },
      { number: 3, moment: "before", call: "get NodePool none" },
      { number: 4, moment: "after", call: "get NodePool none" },
    ]);
    expect(life.dead).toBe(false);
  });

  it("dying before a call sends nothing", async () => {
    const { kube, life } = aLife({ dieAt: 1 });
    expect(await fateOf(life.client.create(NodePools, aNodePool({ name: "a" })))).toBe("silent");
    expect(await pools(kube)).toBe(0);
    expect(life.deathPoint).toMatchObject({ number: 1, moment: "before" });
  });

  it("dying after a call leaves its effect behind, unheard", async () => {
    const { kube, life } = aLife({ dieAt: 2 });
    expect(await fateOf(life.client.create(NodePools, aNodePool({ name: "a" })))).toBe("silent");
    expect(await pools(kube)).toBe(1);
    expect(life.deathPoint).toMatchObject({ number: 2, moment: "after" });
  });

  it("dying after a call that failed hides the failure as well", async () => {
    const { life } = aLife({ dieAt: 2 });
    expect(await fateOf(life.client.get(NodePools, { name: "none" }))).toBe("silent");
  });

  it("all later calls of a life that is over neither go out nor come back", async () => {
    const { kube, life } = aLife();
    life.kill();
    expect(await fateOf(life.client.create(NodePools, aNodePool({ name: "a" })))).toBe("silent");
    expect(await fateOf(life.clock.during(async () => kube.create(NodePools, aNodePool({ name: "b" }))))).toBe(
      "silent",
    );
    expect(await pools(kube)).toBe(0);
    expect(life.points()).toEqual([]);
  });

  it("a call that is under way when another one dies has its effect and is not heard", async () => {
    const { kube, life } = aLife();
    const gate = Promise.withResolvers<void>();
    kube.faults = ({ verb, phase }) => (verb === "create" && phase === "before" ? gate.promise : undefined);
    const pending = life.client.create(NodePools, aNodePool({ name: "a" }));
    await nextTurn();
    life.kill();
    gate.resolve();
    expect(await fateOf(pending)).toBe("silent");
    expect(await pools(kube)).toBe(1);
  });

  it("events of a watch are points, and the server sees the watch of a dead process end", async () => {
    const { kube, life } = aLife({ dieAt: 3 });
    const events = life.client.watch(NodePools, { resourceVersion: "0" })[Symbol.asyncIterator]();
    const first = events.next();
    await kube.create(NodePools, aNodePool({ name: "a" }));
    expect(await first).toMatchObject({ done: false, value: { type: "ADDED" } });
    expect(kube.openWatches).toBe(1);
    expect(await fateOf(events.next())).toBe("silent");
    await nextTurn();
    expect(kube.openWatches).toBe(0);
    expect(life.deathPoint).toEqual({ number: 3, moment: "before", call: "watch NodePool" });
  });

  it("timers and sleeps of a life that is over never come", async () => {
    const { clock, life } = aLife();
    let fired = false;
    life.clock.schedule(clock.now() + 1000, () => (fired = true));
    const asleep = life.clock.sleep(seconds(1));
    life.kill();
    await clock.advance(seconds(5));
    expect(fired).toBe(false);
    expect(await fateOf(asleep)).toBe("silent");
  });

  it("tells of its death once, when it is already dead", () => {
    const seen: boolean[] = [];
    const { life } = aLife({ onDeath: () => seen.push(life.dead) });
    life.kill();
    life.kill();
    expect(seen).toEqual([true]);
  });

  it("work that takes real time is named after its caller, or after the request it sends", async () => {
    const { life } = aLife();
    const stop = nameCallsByRequest();
    const server = createServer((_, response) => response.end());
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    try {
      await life.clock.during(function think() {
        return Promise.resolve();
      });
      await life.clock.during(() => ask((server.address() as AddressInfo).port));
    } finally {
      stop();
      server.close();
    }
    expect(life.points().map(({ call }) => call)).toEqual([
      expect.stringMatching(/^during /),
      expect.stringMatching(/^during /),
      "GET /who?x=1",
      "GET /who?x=1",
    ]);
  });
});

function ask(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ port, host: "127.0.0.1", path: "/who?x=1" }, (response) => response.resume().on("end", () => resolve()))
      .on("error", reject)
      .end();
  });
}
