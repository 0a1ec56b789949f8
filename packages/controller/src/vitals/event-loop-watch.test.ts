import { FakeClock } from "@karpenter-multicloud/core/testing";
import { describe, expect, it } from "vitest";
import { EventLoopWatch } from "./event-loop-watch.ts";

/** A clock whose time can pass while its timers, as everything else, stand still. */
class BlockableClock extends FakeClock {
  blockedMs = 0;

  override now(): number {
    return super.now() + this.blockedMs;
  }

  override schedule(at: number, callback: () => void): () => void {
    return super.schedule(at - this.blockedMs, callback);
  }
}

function started(): { readonly clock: BlockableClock; readonly watch: EventLoopWatch } {
  const clock = new BlockableClock();
  const watch = new EventLoopWatch(clock);
  watch.start();
  return { clock, watch };
}

describe("the watch over the event loop", () => {
  it("is content while the loop turns", async () => {
    const { clock, watch } = started();
    await clock.advance(300_000);
    expect(watch.check()).toBeUndefined();
  });

  it("OP-6: tells a loop that stood still for more than 30 s, to the first who asks and for a minute after", async () => {
    const { clock, watch } = started();
    await clock.advance(10_000);
    clock.blockedMs += 42_000;
    expect(watch.check()).toMatch(/^the event loop was blocked for 4[12]s$/);
    await clock.advance(50_000);
    expect(watch.check()).toMatch(/blocked/);
    await clock.advance(15_000);
    expect(watch.check()).toBeUndefined();
  });

  it("forgives a shorter pause", async () => {
    const { clock, watch } = started();
    await clock.advance(10_000);
    clock.blockedMs += 29_000;
    expect(watch.check()).toBeUndefined();
  });
});
