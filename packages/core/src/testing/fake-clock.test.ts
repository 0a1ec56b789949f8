import { describe, expect, it } from "vitest";

import { hours, seconds } from "../units/index.ts";
import { FakeClock } from "./fake-clock.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("FakeClock", () => {
  it("stands still until it is advanced", async () => {
    const clock = new FakeClock(1000);
    let woke = false;
    void clock.sleep(seconds(1)).then(() => (woke = true));
    await clock.settle();
    expect([clock.now(), woke, clock.pending()]).toEqual([1000, false, 1]);
    await clock.advance(1000);
    expect([clock.now(), woke, clock.pending()]).toEqual([2000, true, 0]);
  });

  it("fires timers in order of their time, equal times in order of their setting, each at its own time", async () => {
    const clock = new FakeClock(0);
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now()}`);
    clock.schedule(30, note("c"));
    clock.schedule(10, note("a"));
    clock.schedule(30, note("d"));
    clock.schedule(20, note("b"));
    await clock.advance(100);
    expect(fired).toEqual(["a@10", "b@20", "c@30", "d@30"]);
  });

  it("lets what a timer woke set further timers within the same advance", async () => {
    const clock = new FakeClock(0);
    const times: number[] = [];
    const loop = async (): Promise<void> => {
      for (let round = 0; round < 3; round++) {
        await clock.sleep(seconds(10));
        times.push(clock.now());
      }
    };
    void loop();
    await clock.advance(60_000);
    expect(times).toEqual([10_000, 20_000, 30_000]);
  });

  it("does not fire a cancelled timer", async () => {
    const clock = new FakeClock(0);
    let fired = false;
    const cancel = clock.schedule(10, () => (fired = true));
    cancel();
    await clock.advance(20);
    expect([fired, clock.pending()]).toEqual([false, 0]);
  });

  it("rejects a sleep with the reason of its signal and leaves no timer", async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const asleep = clock.sleep(hours(8760), { signal: abort.signal });
    abort.abort(new Error("stop"));
    await expect(asleep).rejects.toThrow("stop");
    await expect(clock.sleep(seconds(1), { signal: abort.signal })).rejects.toThrow("stop");
    expect(clock.pending()).toBe(0);
  });

  it("holds the next timer back while real work is under way", async () => {
    const clock = new FakeClock(0);
    const seen: number[] = [];
    clock.schedule(10, () => {
      const work = clock.during(async () => {
        for (let turn = 0; turn < 50; turn++) await nextTurn();
      });
      void work.then(() => seen.push(clock.now()));
    });
    clock.schedule(20, () => seen.push(clock.now()));
    await clock.advance(30);
    expect(seen).toEqual([10, 20]);
  });

  it("holds it back as well while the whole process stands still, as on a busy machine", async () => {
    const clock = new FakeClock(0, 20);
    const seen: number[] = [];
    clock.schedule(10, () => {
      const work = clock.during(async () => {
        for (let turn = 0; turn < 10; turn++) await nextTurn();
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        for (let turn = 0; turn < 10; turn++) await nextTurn();
      });
      void work.then(() => seen.push(clock.now()));
    });
    clock.schedule(20, () => seen.push(clock.now()));
    await clock.advance(30);
    expect(seen).toEqual([10, 20]);
  });

  it("does not wait for ever for work that never settles", async () => {
    const clock = new FakeClock(0, 20);
    let fired = false;
    void clock.during(() => new Promise(() => {}));
    clock.schedule(10, () => (fired = true));
    await clock.advance(10);
    expect(fired).toBe(true);
  });
});
