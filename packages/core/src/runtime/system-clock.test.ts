import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { hours, milliseconds } from "../units/index.ts";
import { SystemClock } from "./system-clock.ts";

const DAY_MS = 86_400_000;

describe("SystemClock", () => {
  it("sleeps for real and stops sleeping when aborted", async () => {
    const clock = new SystemClock();
    const before = clock.now();
    await clock.sleep(milliseconds(5));
    expect(clock.now() - before).toBeGreaterThanOrEqual(5);
    const abort = new AbortController();
    const asleep = clock.sleep(hours(1), { signal: abort.signal });
    abort.abort(new Error("stop"));
    await expect(asleep).rejects.toThrow("stop");
  });

  it("follows the wall clock forward at once, as after a suspended machine", () => {
    let wall = 1_000_000;
    const clock = new SystemClock({ wall: () => wall, monotonic: () => 0 });
    wall += DAY_MS;
    expect(clock.now()).toBe(1_000_000 + DAY_MS);
  });

  it("RT-41: runs at half speed, never backwards, until a wall clock that was set back has caught up", () => {
    let wall = 1_000_000;
    let monotonic = 0;
    const clock = new SystemClock({ wall: () => wall, monotonic: () => monotonic });
    wall -= 10_000;
    expect(clock.now()).toBe(1_000_000);
    wall += 4000;
    monotonic += 4000;
    expect(clock.now()).toBe(1_002_000);
    wall += 16_000;
    monotonic += 16_000;
    expect(clock.now()).toBe(wall);
  });

  describe("RT-40: steered", () => {
    /** A machine whose wall clock runs this far ahead of the real time, 0 when the monotonic clock stands at 0. */
    function machine(ahead: number) {
      const real = { ms: 1_000_000, ahead };
      const sources = { wall: () => real.ms + real.ahead, monotonic: () => real.ms };
      return { real, clock: new SystemClock(sources) };
    }

    it.each([15, -15])("shows the right time at once on a machine that is %i minutes ahead", (minutesAhead) => {
      const { real, clock } = machine(minutesAhead * 60_000);
      clock.steer(0);
      expect(clock.now()).toBe(real.ms);
      expect(clock.wallIsAheadBy()).toBe(minutesAhead * 60_000);
      real.ms += 5000;
      expect(clock.now()).toBe(real.ms);
    });

    it("no longer follows the machine's wall clock, whichever way that is set", () => {
      const { real, clock } = machine(0);
      clock.steer(0);
      real.ahead = DAY_MS;
      expect(clock.now()).toBe(real.ms);
      real.ahead = -DAY_MS;
      expect(clock.now()).toBe(real.ms);
      expect(clock.wallIsAheadBy()).toBe(-DAY_MS);
    });

    it("follows a later correction forward at once and back at half speed", () => {
      const { real, clock } = machine(0);
      clock.steer(0);
      clock.steer(10_000);
      expect(clock.now()).toBe(real.ms + 10_000);
      clock.steer(0);
      expect(clock.now()).toBe(real.ms + 10_000);
      real.ms += 8000;
      expect(clock.now()).toBe(real.ms + 6000);
      real.ms += 12_000;
      expect(clock.now()).toBe(real.ms);
    });

    it("does not know how wrong the machine is before", () => {
      expect(machine(5).clock.wallIsAheadBy()).toBeUndefined();
    });
  });

  it("TC-45: a real timer of 30 days, more than 2^31 ms, does not fire at once", async () => {
    const clock = new SystemClock();
    let fired = 0;
    const cancel = clock.schedule(clock.now() + hours(720), () => (fired += 1));
    await clock.sleep(milliseconds(50));
    expect(fired).toBe(0);
    cancel();
  });

  it("calls back in the order of the times, however late a busy process is", async () => {
    const clock = new SystemClock();
    const called: string[] = [];
    clock.schedule(clock.now() + 30, () => called.push("at 30"));
    await clock.sleep(milliseconds(15));
    const start = clock.now();
    // Node runs all overdue timers of one length before those of another: these would come before the one of 20 ms.
    clock.schedule(start + 20, () => called.push("at 35"));
    clock.schedule(start + 30, () => called.push("at 45"));
    while (clock.now() < start + 60);
    await clock.sleep(milliseconds(20));
    expect(called).toEqual(["at 30", "at 35", "at 45"]);
  });

  it("lets what a callback sets going run before the next callback", async () => {
    const clock = new SystemClock();
    const steps: string[] = [];
    const at = clock.now() + 5;
    clock.schedule(at, () => {
      steps.push("first");
      void Promise.resolve().then(() => steps.push("its work"));
    });
    clock.schedule(at, () => steps.push("second"));
    await clock.sleep(milliseconds(20));
    expect(steps).toEqual(["first", "its work", "second"]);
  });

  it("passes real work through", async () => {
    await expect(new SystemClock().during(() => Promise.resolve(7))).resolves.toBe(7);
  });
});

describe("SystemClock, RT-24: long timers", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([720, 8760])("TC-45: fires a timer of %i h then and not before", (length) => {
    const clock = new SystemClock();
    let fired = 0;
    clock.schedule(clock.now() + hours(length), () => (fired += 1));
    vi.advanceTimersByTime(hours(length) - 1000);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(1000);
    expect([fired, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it("never arms more than an hour and keeps no timer after cancelling", () => {
    const spy = vi.spyOn(globalThis, "setTimeout");
    const clock = new SystemClock();
    const cancel = clock.schedule(clock.now() + hours(8760), () => {});
    vi.advanceTimersByTime(hours(10));
    expect(Math.max(...spy.mock.calls.map(([, delay]) => delay ?? 0))).toBe(3_600_000);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    spy.mockRestore();
  });

  it.each([15, -15])(
    "RT-40, RT-41: a correction by %i minutes leaves the length of a running wait alone",
    (minutes) => {
      const clock = new SystemClock();
      const zero = clock.now() - clock.monotonic();
      let fired = 0;
      clock.schedule(clock.now() + 60_000, () => (fired += 1));
      clock.steer(zero + minutes * 60_000);
      vi.advanceTimersByTime(59_000);
      expect(fired).toBe(0);
      vi.advanceTimersByTime(1001);
      expect([fired, vi.getTimerCount()]).toEqual([1, 0]);
    },
  );

  it("calls the others when many are cancelled, and cancelled ones never", () => {
    const clock = new SystemClock();
    const called: number[] = [];
    const cancels = Array.from({ length: 500 }, (_, i) => clock.schedule(clock.now() + i, () => called.push(i)));
    for (const [i, cancel] of cancels.entries()) if (i % 100 !== 7) cancel();
    vi.advanceTimersByTime(1000);
    for (const cancel of cancels) cancel();
    expect(called).toEqual([7, 107, 207, 307, 407]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("a callback that fails keeps no other from coming", () => {
    const clock = new SystemClock();
    let fired = 0;
    clock.schedule(clock.now() + 10, () => {
      throw new Error("failed");
    });
    clock.schedule(clock.now() + 20, () => (fired += 1));
    expect(() => vi.advanceTimersByTime(15)).toThrow("failed");
    vi.advanceTimersByTime(15);
    expect(fired).toBe(1);
  });

  it("refuses a time that is no number, which would hold up all others", () => {
    expect(() => new SystemClock().schedule(Number.NaN, () => {})).toThrow("no number");
  });

  it("never fires a timer set for never", () => {
    const clock = new SystemClock();
    clock.schedule(Number.POSITIVE_INFINITY, () => {});
    expect(vi.getTimerCount()).toBe(0);
  });
});
