import { describe, expect, it } from "vitest";
import { aNodePool } from "../../testing/builders/index.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MemoryLogger } from "../../testing/memory-logger.ts";
import { backOffText, PoolBackOff, type BackOffReason } from "./pool-back-off.ts";

const SECOND = 1000;
const MINUTE = 60_000;
const pool = aNodePool();
const other = aNodePool({ name: "other" });

function world(random = 0.5) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const backOff = new PoolBackOff({ clock, logger, random: () => random });
  const left = (of = pool): number => (backOff.of(of)?.until ?? clock.now()) - clock.now();
  /** Fails as soon as the pause is over, this many times; the pauses that follow. */
  const pauses = async (reason: BackOffReason, times: number): Promise<readonly number[]> => {
    const seen: number[] = [];
    for (let i = 0; i < times; i++) {
      backOff.failed(pool, reason, "no");
      seen.push(left());
      await clock.advance(left());
    }
    return seen;
  };
  return { clock, logger, backOff, left, pauses };
}

describe("PoolBackOff", () => {
  it.each<BackOffReason>(["insufficient_capacity", "nodeclass_not_ready", "create_failed"])(
    "LC-18, LC-19, LC-20: after %s a pool waits 30 s, then twice as long each time, up to 10 minutes",
    async (reason) => {
      const { pauses, backOff } = world();
      expect(await pauses(reason, 7)).toEqual([30, 60, 120, 240, 480, 600, 600].map((each) => each * SECOND));
      expect(backOff.of(pool)).toBeUndefined();
    },
  );

  it.each<BackOffReason>(["launch_timeout", "registration_timeout"])(
    "LC-31, LC-32: one %s is forgiven, the second one is not",
    async (reason) => {
      const { pauses } = world();
      expect(await pauses(reason, 4)).toEqual([0, 30, 60, 120].map((each) => each * SECOND));
    },
  );

  it("spreads the pauses by a tenth", async () => {
    expect(await world(0).pauses("insufficient_capacity", 2)).toEqual([27_000, 54_000]);
    expect(await world(0.999).pauses("insufficient_capacity", 1)).toEqual([32_994]);
  });

  it("failures within a pause do not make it longer: they are of machines that were wanted before", async () => {
    const { clock, backOff, left, logger } = world();
    backOff.failed(pool, "insufficient_capacity", "first");
    await clock.advance(10 * SECOND);
    for (let i = 0; i < 20; i++) backOff.failed(pool, "insufficient_capacity", "more");
    expect(left()).toBe(20 * SECOND);
    expect(logger.messages("warn")).toHaveLength(1);
    await clock.advance(20 * SECOND);
    backOff.failed(pool, "insufficient_capacity", "again");
    expect(left()).toBe(MINUTE);
  });

  it("each reason has its own pauses, and the one that lasts longest counts", async () => {
    const { clock, backOff, pauses, left } = world();
    await pauses("create_failed", 3);
    backOff.failed(pool, "create_failed", "refused");
    backOff.failed(pool, "insufficient_capacity", "nothing left");
    expect(backOff.of(pool)).toMatchObject({ reason: "create_failed", message: "refused" });
    await clock.advance(left());
    backOff.failed(pool, "insufficient_capacity", "nothing left");
    expect(left()).toBe(MINUTE);
  });

  it("others are not held up, nor is a pool that was made anew under the same name", () => {
    const { backOff } = world();
    backOff.failed(pool, "insufficient_capacity", "nothing left");
    expect(backOff.of(pool)).toBeDefined();
    expect(backOff.of(other)).toBeUndefined();
    expect(backOff.of({ ...pool, metadata: { ...pool.metadata, uid: "second" } })).toBeUndefined();
  });

  it("a machine that could be had ends every pause but that of machines that never join", async () => {
    const { backOff, pauses, left } = world();
    await pauses("registration_timeout", 1);
    backOff.failed(pool, "registration_timeout", "late");
    backOff.failed(pool, "insufficient_capacity", "nothing left");
    backOff.launched(pool);
    expect(backOff.of(pool)?.reason).toBe("registration_timeout");
    backOff.registered(pool);
    expect(backOff.of(pool)).toBeUndefined();
    backOff.failed(pool, "insufficient_capacity", "nothing left");
    expect(left()).toBe(30 * SECOND);
  });

  it("forgets failures after an hour", async () => {
    const { clock, backOff, pauses, left } = world();
    await pauses("insufficient_capacity", 6);
    await clock.advance(61 * MINUTE);
    backOff.failed(pool, "insufficient_capacity", "nothing left");
    expect(left()).toBe(30 * SECOND);
  });

  it("tells people what went wrong and when it is tried again", () => {
    const until = Date.UTC(2026, 0, 1, 12, 0, 30);
    expect(backOffText({ reason: "insufficient_capacity", message: "no b3-8 left", until })).toBe(
      "after insufficient_capacity (no b3-8 left) it is tried again at 2026-01-01T12:00:30Z",
    );
  });
});
