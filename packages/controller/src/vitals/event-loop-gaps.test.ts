import { FakeClock } from "@karpenter-multicloud/core/testing";
import { PromMetrics } from "@karpenter-multicloud/core/telemetry";
import { afterEach, expect, it } from "vitest";
import { EventLoopGaps } from "./event-loop-gaps.ts";

/** A thread whose timers stand still while it computes, or while others have its CPU. */
class BusyClock extends FakeClock {
  stoodStill = 0;
  computed = 0;

  override now(): number {
    return super.now() + this.stoodStill;
  }

  override schedule(at: number, callback: () => void): () => void {
    return super.schedule(at - this.stoodStill, callback);
  }

  stand(milliseconds: number, computing = milliseconds): void {
    this.stoodStill += milliseconds;
    this.computed += computing;
  }
}

let gaps: EventLoopGaps | undefined;
afterEach(() => gaps?.stop());

function watched(): { readonly clock: BusyClock; readonly seen: () => Promise<readonly string[]> } {
  const clock = new BusyClock();
  const metrics = new PromMetrics();
  gaps = new EventLoopGaps({ clock, metrics, computed: () => clock.computed });
  gaps.start();
  const seen = async (): Promise<readonly string[]> =>
    (await metrics.render()).split("\n").filter((line) => line.startsWith("kmc_event_loop_gap_seconds_"));
  return { clock, seen };
}

it("tells nothing while the loop turns", async () => {
  const { clock, seen } = watched();
  await clock.advance(5000);
  expect((await seen()).find((line) => line.includes("_count "))).toBe("kmc_event_loop_gap_seconds_count 0");
});

it("S-1016: counts how long the loop stood still for work of its own", async () => {
  const { clock, seen } = watched();
  await clock.advance(1000);
  clock.stand(70);
  await clock.advance(1000);
  expect(await seen()).toEqual(
    expect.arrayContaining([
      'kmc_event_loop_gap_seconds_bucket{le="0.05"} 0',
      'kmc_event_loop_gap_seconds_bucket{le="0.1"} 1',
      "kmc_event_loop_gap_seconds_count 1",
    ]),
  );
});

it("time that others had the CPU is no gap", async () => {
  const { clock, seen } = watched();
  await clock.advance(1000);
  clock.stand(400, 3);
  await clock.advance(1000);
  expect((await seen()).find((line) => line.includes("_count "))).toBe("kmc_event_loop_gap_seconds_count 0");
});

it("measures the thread it runs on by default", async () => {
  const clock = new BusyClock();
  const metrics = new PromMetrics();
  gaps = new EventLoopGaps({ clock, metrics });
  gaps.start();
  const until = process.threadCpuUsage().user + 30_000;
  while (process.threadCpuUsage().user < until);
  clock.stand(1000);
  await clock.advance(20);
  expect(await metrics.render()).toContain("kmc_event_loop_gap_seconds_count 1");
});
