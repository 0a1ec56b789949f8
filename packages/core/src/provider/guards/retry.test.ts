import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/index.ts";
import { milliseconds, seconds } from "../../units/index.ts";
import { CircuitBreaker } from "./circuit-breaker.ts";
import { retryDelay, withRetry, type RetryPolicy, type RetryVerdict } from "./retry.ts";

const { signal } = new AbortController();
const policy: RetryPolicy = { attempts: 3, base: seconds(1), max: seconds(3), maxAfter: seconds(60) };
const always = (): RetryVerdict => ({ retry: true, reason: "transient" });

/** Fails until the last of `failures` was thrown. */
function failing(failures: number): {
  readonly work: (attempt: number) => Promise<string>;
  readonly attempts: number[];
} {
  const attempts: number[] = [];
  const work = async (attempt: number): Promise<string> => {
    attempts.push(attempt);
    if (attempt <= failures) throw new Error(`failure ${attempt}`);
    return "done";
  };
  return { work, attempts };
}

describe("withRetry", () => {
  it("tries again until it works, with growing pauses", async () => {
    const time = new FakeClock(0);
    const { work, attempts } = failing(2);
    const retries: string[] = [];
    const done = withRetry(work, {
      policy,
      classify: always,
      time,
      random: () => 0.5,
      signal,
      onRetry: (reason, attempt, wait) => retries.push(`${reason} ${attempt} ${wait}`),
    });
    await time.advance(10_000);
    expect(await done).toBe("done");
    expect(attempts).toEqual([1, 2, 3]);
    expect(retries).toEqual(["transient 1 500", "transient 2 1000"]);
  });

  it("throws the last error unchanged when the attempts are used up", async () => {
    const time = new FakeClock(0);
    const done = withRetry(failing(9).work, { policy, classify: always, time, random: () => 0, signal });
    done.catch(() => {});
    await time.advance(10_000);
    await expect(done).rejects.toThrow("failure 3");
  });

  it("does not repeat what the classifier calls final", async () => {
    const { work, attempts } = failing(9);
    const classify = (): RetryVerdict => ({ retry: false });
    const done = withRetry(work, { policy, classify, time: new FakeClock(0), random: () => 0, signal });
    await expect(done).rejects.toThrow("failure 1");
    expect(attempts).toEqual([1]);
  });
});

describe("retryDelay", () => {
  it("doubles up to its maximum", () => {
    expect([1, 2, 3, 4].map((attempt) => retryDelay(policy, attempt, () => 1))).toEqual([1000, 2000, 3000, 3000]);
  });

  it("waits at least what the cloud asked for, within reason", () => {
    expect(retryDelay(policy, 1, () => 0, seconds(2))).toBe(2000);
    expect(retryDelay(policy, 1, () => 0, seconds(600))).toBe(60_000);
  });
});

describe("CircuitBreaker", () => {
  it("opens after failures in a row, lets one call probe, and closes when it works", () => {
    let now = 0;
    const breaker = new CircuitBreaker({ failures: 2, pause: seconds(30) }, () => now);
    breaker.failed();
    expect(breaker.blockedFor()).toBe(0);
    breaker.failed();
    expect(breaker.blockedFor()).toBe(milliseconds(30_000));
    now = 30_000;
    expect(breaker.blockedFor()).toBe(0);
    expect(breaker.blockedFor()).toBeGreaterThan(0);
    breaker.succeeded();
    expect(breaker.blockedFor()).toBe(0);
  });

  it("a success in between starts the count anew, and a failed probe opens it again", () => {
    let now = 0;
    const breaker = new CircuitBreaker({ failures: 2, pause: seconds(30) }, () => now);
    breaker.failed();
    breaker.succeeded();
    breaker.failed();
    expect(breaker.blockedFor()).toBe(0);
    breaker.failed();
    now = 40_000;
    expect(breaker.blockedFor()).toBe(0);
    breaker.failed();
    expect(breaker.blockedFor()).toBe(30_000);
  });
});
