import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/index.ts";
import { RateLimiter } from "./rate-limiter.ts";

const { signal } = new AbortController();

describe("RateLimiter", () => {
  it("lets a burst start at once and the rest one by one", async () => {
    const clock = new FakeClock(0);
    const limiter = new RateLimiter({ perSecond: 5, burst: 2 }, clock);
    const starts: number[] = [];
    const calls = Array.from({ length: 5 }, () => limiter.run(async () => void starts.push(clock.now()), signal));
    await clock.advance(1000);
    await Promise.all(calls);
    expect(starts).toEqual([0, 0, 200, 400, 600]);
  });

  it("fills up again in quiet times, but never beyond the burst", async () => {
    const clock = new FakeClock(0);
    const limiter = new RateLimiter({ perSecond: 10, burst: 2 }, clock);
    await limiter.run(async () => {}, signal);
    await clock.advance(60_000);
    const starts: number[] = [];
    const calls = Array.from({ length: 3 }, () => limiter.run(async () => void starts.push(clock.now()), signal));
    await clock.advance(1000);
    await Promise.all(calls);
    expect(starts).toEqual([60_000, 60_000, 60_100]);
  });

  it("keeps the limit of calls under way, in the order they were asked for", async () => {
    const clock = new FakeClock(0);
    const limiter = new RateLimiter({ perSecond: 1000, burst: 1000, maxInFlight: 2 }, clock);
    const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>());
    const started: number[] = [];
    const calls = gates.map(({ promise }, index) =>
      limiter.run(async () => {
        started.push(index);
        await promise;
      }, signal),
    );
    await clock.settle();
    expect(started).toEqual([0, 1]);
    gates[1]?.resolve();
    await clock.settle();
    expect(started).toEqual([0, 1, 2]);
    for (const { resolve } of gates) resolve();
    await Promise.all(calls);
    expect(started).toEqual([0, 1, 2, 3]);
  });

  it("an aborted wait gives its place away and runs nothing", async () => {
    const clock = new FakeClock(0);
    const limiter = new RateLimiter({ perSecond: 1000, burst: 1000, maxInFlight: 1 }, clock);
    const gate = Promise.withResolvers<void>();
    const stop = new AbortController();
    const first = limiter.run(() => gate.promise, signal);
    const aborted = limiter.run(async () => "ran", stop.signal);
    const last = limiter.run(async () => "last", signal);
    stop.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    gate.resolve();
    await first;
    expect(await last).toBe("last");
  });

  it("refuses a pace that would never let anything through", () => {
    expect(() => new RateLimiter({ perSecond: 0, burst: 1 }, new FakeClock(0))).toThrow(RangeError);
  });
});
