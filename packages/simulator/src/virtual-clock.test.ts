import { seconds, minutes, hours, milliseconds } from "@karpenter-multicloud/core/units";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "./virtual-clock.ts";

const START = Date.UTC(2026, 0, 1);

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

/** Real time, outside of the clock's knowledge. */
function realSleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe("virtual clock, order", () => {
  it("fires by deadline, then by creation", async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.schedule(START + 2000, () => fired.push("c"));
    clock.schedule(START + 1000, () => fired.push("a"));
    clock.schedule(START + 2000, () => fired.push("d"));
    clock.schedule(START + 1000, () => fired.push("b"));
    await clock.advance(seconds(2));
    expect(fired).toEqual(["a", "b", "c", "d"]);
    expect(clock.now()).toBe(START + 2000);
  });

  it("keeps the order among many timers, some of them cancelled", async () => {
    const clock = new VirtualClock();
    const fired: number[] = [];
    const cancels: (() => void)[] = [];
    const due = Array.from({ length: 500 }, (_, i) => (i * 7919) % 503);
    for (const at of due) cancels.push(clock.schedule(START + at, () => fired.push(at)));
    due.forEach((at, i) => {
      if (at % 3 !== 0) cancels[i]?.();
    });
    await clock.advance(seconds(1));
    expect(fired).toEqual(due.filter((at) => at % 3 === 0).sort((a, b) => a - b));
  });

  it("does not fire what was cancelled by a timer of the same instant", async () => {
    const clock = new VirtualClock();
    const fired: string[] = [];
    clock.schedule(START + 5, () => cancel());
    const cancel = clock.schedule(START + 5, () => fired.push("cancelled"));
    await clock.advance(seconds(1));
    expect(fired).toEqual([]);
  });

  it("never goes back: a timer of the past fires now", async () => {
    const clock = new VirtualClock();
    await clock.advance(minutes(1));
    let at = 0;
    clock.schedule(START, () => (at = clock.now()));
    await clock.idle();
    await clock.advance(milliseconds(0));
    expect(at).toBe(START + 60_000);
  });

  it("lets a chain of sleeps end at the exact sum", async () => {
    const clock = new VirtualClock();
    const chain = async (): Promise<number> => {
      await clock.sleep(hours(1000));
      await clock.sleep(seconds(1.5));
      return clock.now();
    };
    clock.run();
    expect(await chain()).toBe(START + 3_600_000_000 + 1500);
    clock.stop();
  });
});

describe("virtual clock, standing still", () => {
  it("does not move while work is in flight", async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.schedule(START + 1, () => (fired = true));
    clock.run();
    const work = clock.during(() => realSleep(30));
    await realSleep(15);
    expect(fired).toBe(false);
    expect(clock.now()).toBe(START);
    expect(clock.inFlight).toBe(1);
    await work;
    expect(fired).toBe(false);
    await turns(10);
    expect(fired).toBe(true);
    clock.stop();
  });

  it("releases the hold of work that fails", async () => {
    const clock = new VirtualClock();
    await expect(clock.during(() => Promise.reject(new Error("no route")))).rejects.toThrow("no route");
    expect(clock.inFlight).toBe(0);
  });

  it("lets promise chains of several turns finish before time moves", async () => {
    const clock = new VirtualClock();
    let seen = 0;
    const work = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) {
        await turns(2);
        await clock.during(async () => {});
      }
      seen = clock.now();
    };
    clock.schedule(START + 1, () => {});
    clock.run();
    await work();
    expect(seen).toBe(START);
    clock.stop();
  });

  it("does not move without run() unless somebody waits for it", async () => {
    const clock = new VirtualClock();
    let fired = false;
    clock.schedule(START + 1, () => (fired = true));
    await turns(20);
    expect(fired).toBe(false);
    await clock.advance(seconds(1));
    expect(fired).toBe(true);
    const after = clock.now();
    clock.schedule(after + 1, () => {});
    await turns(20);
    expect(clock.now()).toBe(after);
  });

  it("waits without turning while there is nothing to do, and wakes for new work", async () => {
    const clock = new VirtualClock();
    clock.run();
    await realSleep(5);
    const before = performance.eventLoopUtilization();
    await realSleep(60);
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
    await clock.sleep(hours(1));
    expect(clock.now()).toBe(START + 3_600_000);
    clock.stop();
  });

  it("stops at once, and goes on where it stood", async () => {
    const clock = new VirtualClock();
    let ticks = 0;
    const tick = (): void => {
      ticks++;
      clock.schedule(clock.now() + 1000, tick);
    };
    tick();
    clock.run();
    await turns(50);
    clock.stop();
    const at = ticks;
    expect(at).toBeGreaterThan(1);
    await turns(20);
    expect(ticks).toBe(at);
    await clock.advance(seconds(3));
    expect(ticks).toBe(at + 3);
  });
});

describe("virtual clock, until", () => {
  it("answers true at the instant the predicate began to hold", async () => {
    const clock = new VirtualClock();
    let ready = false;
    clock.schedule(START + 90_000, () => (ready = true));
    clock.schedule(START + 90_001, () => (ready = false));
    expect(await clock.until(() => ready, { timeout: minutes(5) })).toBe(true);
    expect(clock.now()).toBe(START + 90_000);
  });

  it("answers false when the time is over", async () => {
    const clock = new VirtualClock();
    expect(await clock.until(() => false, { timeout: minutes(5) })).toBe(false);
    expect(clock.now()).toBe(START + 300_000);
  });

  it("asks only every so often when told so", async () => {
    const clock = new VirtualClock();
    let asked = 0;
    let ready = false;
    clock.schedule(START + 25_000, () => (ready = true));
    const ask = async (): Promise<boolean> => {
      asked++;
      return ready;
    };
    expect(await clock.until(ask, { timeout: minutes(5), every: seconds(10) })).toBe(true);
    expect([asked, clock.now()]).toEqual([4, START + 30_000]);
  });

  it("hands on what the predicate throws, and the clock lives on", async () => {
    const clock = new VirtualClock();
    const broken = (): boolean => {
      throw new Error("cannot look");
    };
    await expect(clock.until(broken, { timeout: minutes(5) })).rejects.toThrow("cannot look");
    await clock.advance(seconds(1));
    expect(clock.now()).toBe(START + 1000);
  });

  it("advances although the predicate itself uses during()", async () => {
    const clock = new VirtualClock();
    let ready = false;
    clock.schedule(START + 1000, () => (ready = true));
    const ask = (): Promise<boolean> => clock.during(async () => ready);
    expect(await clock.until(ask, { timeout: seconds(10) })).toBe(true);
  });
});

describe("virtual clock, sleep", () => {
  it("rejects with the signal's reason when aborted, before and while sleeping", async () => {
    const clock = new VirtualClock();
    await expect(clock.sleep(seconds(1), { signal: AbortSignal.abort(new Error("too late")) })).rejects.toThrow(
      "too late",
    );
    const stop = new AbortController();
    const sleeping = clock.sleep(seconds(1), { signal: stop.signal });
    stop.abort(new Error("shutting down"));
    await expect(sleeping).rejects.toThrow("shutting down");
    await clock.advance(seconds(2));
  });

  it("refuses a timer without a time", () => {
    expect(() => new VirtualClock().schedule(Number.NaN, () => {})).toThrow(RangeError);
  });
});

describe("forked clock", () => {
  it("shares the time and the order of its parent", async () => {
    const clock = new VirtualClock();
    const child = clock.fork();
    const fired: string[] = [];
    child.schedule(START + 10, () => fired.push("child"));
    clock.schedule(START + 10, () => fired.push("parent"));
    await clock.advance(seconds(1));
    expect(fired).toEqual(["child", "parent"]);
    expect(child.now()).toBe(clock.now());
  });

  it("never settles or fires anything after drop, whatever is aborted later", async () => {
    const clock = new VirtualClock();
    const child = clock.fork();
    const heard: string[] = [];
    const stop = new AbortController();
    child.schedule(START + 10, () => heard.push("timer"));
    void child.sleep(seconds(1)).then(() => heard.push("sleep"));
    void child.sleep(seconds(1), { signal: stop.signal }).catch(() => heard.push("abort"));
    child.drop();
    stop.abort();
    child.schedule(START + 20, () => heard.push("later timer"));
    void child.sleep(seconds(1)).then(() => heard.push("later sleep"));
    void child.during(async () => heard.push("later work"));
    await clock.advance(minutes(1));
    expect(heard).toEqual([]);
    expect(child.dropped).toBe(true);
  });

  it("holds the time for work begun before the drop until it really ends, without telling its caller", async () => {
    const clock = new VirtualClock();
    const child = clock.fork();
    const heard: string[] = [];
    let finish = (): void => {};
    void child.during(() => new Promise<void>((resolve) => (finish = resolve))).then(() => heard.push("done"));
    child.drop();
    clock.schedule(START + 1, () => heard.push("time moved"));
    clock.run();
    await turns(20);
    expect(heard).toEqual([]);
    expect(clock.inFlight).toBe(1);
    finish();
    await turns(20);
    expect(heard).toEqual(["time moved"]);
    clock.stop();
  });
});

describe("paced clock", () => {
  it("takes one real second for `speed` virtual ones", async () => {
    const clock = new VirtualClock({ speed: 100 });
    const began = performance.now();
    await clock.advance(seconds(10));
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(90);
    // Less than without the speed, on however busy a machine.
    expect(took).toBeLessThan(10_000);
    expect(clock.now()).toBe(START + 10_000);
  });

  it("flows between timers, also when there are none", async () => {
    const clock = new VirtualClock({ speed: 1000 });
    clock.run();
    await expect.poll(() => clock.now()).toBeGreaterThanOrEqual(START + 20_000);
    const first = clock.now();
    await expect.poll(() => clock.now()).toBeGreaterThan(first);
    clock.stop();
    const stopped = clock.now();
    await realSleep(20);
    expect(clock.now()).toBe(stopped);
  });

  it("wakes early for a timer that comes later but is due earlier", async () => {
    const clock = new VirtualClock({ speed: 10 });
    clock.run();
    clock.schedule(START + 3_600_000, () => {});
    await realSleep(10);
    const began = performance.now();
    await clock.sleep(milliseconds(200));
    // The other timer would come after six minutes.
    expect(performance.now() - began).toBeLessThan(60_000);
    clock.stop();
  });

  it("does not rush after a long hold", async () => {
    const clock = new VirtualClock({ speed: 100 });
    clock.run();
    await clock.during(() => realSleep(200));
    const began = performance.now();
    await clock.sleep(seconds(5));
    expect(performance.now() - began).toBeGreaterThan(30);
    clock.stop();
  });

  it("refuses a speed that is not positive", () => {
    expect(() => new VirtualClock({ speed: 0 })).toThrow("clock speed 0");
  });
});
