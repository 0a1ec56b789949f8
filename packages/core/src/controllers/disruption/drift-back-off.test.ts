import { describe, expect, it } from "vitest";
import { silentMetrics } from "../../telemetry/index.ts";
import { FakeClock } from "../../testing/fake-clock.ts";
import { seconds } from "../../units/index.ts";
import { DriftBackOff } from "./drift-back-off.ts";

/** Seconds from now until the pool may go on. */
function backOff(random = 0.5) {
  const clock = new FakeClock();
  const pauses = new DriftBackOff({ clock, metrics: silentMetrics, random: () => random });
  const left = (pool = "a"): number => ((pauses.pauses().get(pool)?.until ?? clock.now()) - clock.now()) / 1000;
  return { clock, pauses, left };
}

describe("DriftBackOff", () => {
  it("DX-31: a minute, twice as long each time, ten minutes at most; between half and all of it", async () => {
    const { clock, pauses, left } = backOff();
    const seen: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      pauses.failed("a", "no quota");
      seen.push(left());
      await clock.advance(left() * 1000);
    }
    expect(seen).toEqual([45, 90, 180, 360, 450, 450]);
  });

  it("DX-31: failures inside a pause do not make it longer", async () => {
    const { clock, pauses, left } = backOff();
    pauses.failed("a", "no quota");
    await clock.advance(seconds(10));
    pauses.failed("a", "no quota");
    expect(left()).toBe(35);
    await clock.advance(seconds(40));
    pauses.failed("a", "no quota");
    expect(left()).toBe(90);
  });

  it("DX-31: a replacement that works ends it; other pools never had it", () => {
    const { pauses, left } = backOff();
    pauses.failed("a", "no quota");
    expect(left("b")).toBe(0);
    pauses.succeeded("a");
    pauses.failed("a", "no quota");
    expect(left()).toBe(45);
  });

  it.each([
    [0, 30],
    [0.999, 59.97],
  ])("DX-31: is spread by chance: %d gives %d s", (random, expected) => {
    const { pauses, left } = backOff(random);
    pauses.failed("a", "no quota");
    expect(left()).toBe(expected);
  });
});
