import { describe, expect, it } from "vitest";

import { FakeClock } from "../testing/index.ts";
import { milliseconds, minutes, seconds } from "../units/index.ts";
import { RetryLimiter } from "./retry-limiter.ts";
import { TokenBucket } from "./token-bucket.ts";

describe("RetryLimiter, RT-27", () => {
  it("doubles from 5 ms to 1000 s by default", () => {
    const limiter = new RetryLimiter(new FakeClock());
    const delays = Array.from({ length: 20 }, () => limiter.next("a"));
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(delays[17]).toBe(655_360);
    expect(delays.slice(18)).toEqual([1_000_000, 1_000_000]);
  });

  it("counts per key and forgets on demand", () => {
    const limiter = new RetryLimiter(new FakeClock(), { base: seconds(1), max: minutes(1) });
    limiter.next("a");
    limiter.next("a");
    expect([limiter.next("a"), limiter.next("b"), limiter.failures("a")]).toEqual([4000, 1000, 3]);
    limiter.forget("a");
    expect([limiter.failures("a"), limiter.next("a")]).toEqual([0, 1000]);
  });

  it("stays at the maximum after any number of failures", () => {
    const limiter = new RetryLimiter(new FakeClock(), { base: milliseconds(5), max: minutes(1) });
    for (let failure = 0; failure < 5000; failure++) limiter.next("a");
    expect(limiter.next("a")).toBe(60_000);
  });

  it("makes keys wait for a shared bucket when that takes longer", async () => {
    const clock = new FakeClock();
    const limit = { base: milliseconds(10), max: minutes(1), bucket: { perSecond: 2, burst: 2 } };
    const limiter = new RetryLimiter(clock, limit);
    expect(["a", "b", "c", "d"].map((key) => limiter.next(key))).toEqual([10, 10, 500, 1000]);
    await clock.advance(10_000);
    expect(limiter.next("e")).toBe(10);
  });
});

describe("TokenBucket", () => {
  it("lets a burst pass and refills evenly", async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, clock);
    expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false]);
    await clock.advance(100);
    expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false]);
  });

  it("refuses sizes that let nothing pass", () => {
    expect(() => new TokenBucket({ perSecond: 0, burst: 1 }, new FakeClock())).toThrow(RangeError);
    expect(() => new TokenBucket({ perSecond: 1, burst: 0 }, new FakeClock())).toThrow(RangeError);
  });
});
