import { describe, expect, it } from "vitest";
import { FakeClock } from "../testing/fake-clock.ts";
import { minutes, seconds } from "../units/index.ts";
import { parseTimeScale, ScaledClock } from "./scaled-clock.ts";

const ORIGIN = Date.UTC(2026, 0, 31, 8);

describe("ScaledClock", () => {
  it("shows the same time at the origin, and runs so many times faster from there", async () => {
    const real = new FakeClock(ORIGIN);
    const clock = new ScaledClock(real, { factor: 60, origin: ORIGIN });
    expect(clock.now()).toBe(ORIGIN);
    await real.advance(1_000);
    expect(clock.now()).toBe(ORIGIN + 60_000);
  });

  it("waits the part of a duration, and until the moment its own time shows", async () => {
    const real = new FakeClock(ORIGIN);
    const clock = new ScaledClock(real, { factor: 60, origin: ORIGIN });
    const woke: string[] = [];
    const note = (name: string) => () => woke.push(`${name} at ${real.now() - ORIGIN}`);
    void clock.sleep(minutes(2)).then(note("sleep"));
    clock.schedule(ORIGIN + minutes(3), note("schedule"));
    const cancel = clock.schedule(ORIGIN + seconds(1), note("cancelled"));
    cancel();
    await real.advance(4_000);
    expect(woke).toEqual(["sleep at 2000", "schedule at 3000"]);
  });

  it("two processes with one origin mean the same by a time, whenever they began", async () => {
    const real = new FakeClock(ORIGIN);
    const scale = { factor: 60, origin: ORIGIN };
    const first = new ScaledClock(real, scale);
    await real.advance(7_000);
    const second = new ScaledClock(real, scale);
    expect(second.now()).toBe(first.now());
    expect(second.toReal(first.now())).toBe(real.now());
    expect(second.fromReal(ORIGIN + 1_000)).toBe(ORIGIN + 60_000);
  });
});

describe("parseTimeScale", () => {
  it("reads a factor with and without its origin, cut to whole seconds", () => {
    expect(parseTimeScale("60", ORIGIN + 250)).toEqual({ factor: 60, origin: ORIGIN });
    expect(parseTimeScale("2.5@2026-01-31T08:00:00Z", 0)).toEqual({ factor: 2.5, origin: ORIGIN });
  });

  it.each(["", "fast", "0", "-1", "60@yesterday"])("refuses %j", (text) => {
    expect(() => parseTimeScale(text, ORIGIN)).toThrow(/is no time scale: write 60/);
  });
});
