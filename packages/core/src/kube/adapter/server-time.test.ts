import { describe, expect, it } from "vitest";
import { SystemClock } from "../../runtime/index.ts";
import { PromMetrics } from "../../telemetry/index.ts";
import { MemoryLogger } from "../../testing/index.ts";
import { ServerTime } from "./server-time.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

/** A machine whose wall clock is ahead of the server's by `ahead`. */
function world(ahead: number) {
  // The monotonic clock counts from somewhere else.
  const machine = { real: START, ahead };
  const clock = new SystemClock({
    wall: () => machine.real + machine.ahead,
    monotonic: () => machine.real - START + 77,
  });
  const logger = new MemoryLogger();
  const metrics = new PromMetrics();
  const time = new ServerTime({ clock, logger, metrics });
  /** One request; the server answers with a clock that is wrong by `odd`, after this part of the round trip. */
  const ask = (
    options: { roundTrip?: number; odd?: number; age?: string; date?: string; part?: number } = {},
  ): void => {
    const { roundTrip = 20, odd = 0, age, date, part = 0.5 } = options;
    const heard = time.asked();
    machine.real += roundTrip * part;
    const shown = date ?? new Date(machine.real + odd).toUTCString();
    machine.real += roundTrip * (1 - part);
    heard({ date: shown, ...(age === undefined ? {} : { age }) });
  };
  const wrong = (): number => Math.abs(clock.now() - machine.real);
  const warnings = (): readonly string[] => logger.messages("warn");
  const later = (ms: number): void => {
    machine.real += ms;
  };
  return { machine, clock, logger, metrics, ask, wrong, warnings, later };
}

describe("ServerTime", () => {
  it.each([15, -15, 1440])("RT-40: a machine that is %i minutes ahead is corrected after three answers", (minutes) => {
    const { ask, wrong } = world(minutes * MINUTE);
    ask();
    ask();
    expect(wrong()).toBe(Math.abs(minutes) * MINUTE);
    ask();
    expect(wrong()).toBeLessThanOrEqual(1000);
  });

  it("RT-40: a difference that headers cannot show is left alone", () => {
    const { ask, wrong, warnings, later } = world(400);
    for (let i = 0; i < 50; i++) {
      ask();
      later(333);
    }
    expect(wrong()).toBe(400);
    expect(warnings()).toEqual([]);
  });

  it("RT-40: warns once above 5 s, with the number, and again only after it was right in between", async () => {
    const { ask, machine, warnings, logger, metrics } = world(15 * MINUTE);
    for (let i = 0; i < 10; i++) ask();
    expect(warnings()).toEqual(["this machine's clock differs from the api server's, whose time is used"]);
    expect(logger.find(warnings()[0] ?? "")?.fields["aheadBySeconds"]).toBeCloseTo(900, -1);
    expect(await metrics.render()).toMatch(/kmc_clock_offset_seconds (899|900)/);
    machine.ahead = 0;
    ask();
    expect(warnings()).toHaveLength(1);
    machine.ahead = -MINUTE;
    ask();
    expect(warnings()).toHaveLength(2);
  });

  it("RT-40: 4 s are corrected without a word", () => {
    const { ask, wrong, warnings } = world(4000);
    for (let i = 0; i < 3; i++) ask();
    expect(wrong()).toBeLessThanOrEqual(1000);
    expect(warnings()).toEqual([]);
  });

  it("RT-40: of the last 20 answers the fastest counts", () => {
    const { ask, wrong, later } = world(15 * MINUTE);
    later(600);
    ask({ roundTrip: 3000, part: 0 });
    ask({ roundTrip: 3000, part: 0 });
    ask({ roundTrip: 10 });
    for (let i = 0; i < 5; i++) ask({ roundTrip: 3000, part: 0 });
    expect(wrong()).toBeLessThanOrEqual(510);
  });

  it("one odd answer moves nothing, whether first or later", () => {
    const { ask, wrong } = world(0);
    ask({ odd: 10 * MINUTE });
    ask();
    ask();
    expect(wrong()).toBe(0);
    ask({ odd: -10 * MINUTE });
    ask({ odd: 10 * MINUTE });
    ask();
    expect(wrong()).toBe(0);
  });

  it("answers of which the middle one agrees with each of the others are not enough", () => {
    const { ask, wrong } = world(0);
    for (const odd of [0, 1990, 3980]) ask({ odd });
    expect(wrong()).toBe(0);
  });

  it("answers out of a cache and answers without a date tell nothing", () => {
    const { ask, wrong } = world(15 * MINUTE);
    for (let i = 0; i < 5; i++) ask({ age: "600" });
    for (let i = 0; i < 5; i++) ask({ date: "" });
    for (let i = 0; i < 5; i++) ask({ date: "yesterday" });
    expect(wrong()).toBe(15 * MINUTE);
  });

  it("a machine that was suspended catches up with three answers", () => {
    const { ask, clock } = world(0);
    for (let i = 0; i < 20; i++) ask();
    const before = clock.now();
    for (let i = 0; i < 3; i++) ask({ odd: 60 * MINUTE });
    expect(clock.now() - before).toBeGreaterThan(59 * MINUTE);
  });
});
