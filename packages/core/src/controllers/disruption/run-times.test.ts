import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { MemoryLogger } from "../../testing/memory-logger.ts";
import { minutes } from "../../units/index.ts";
import { RunTimes } from "./run-times.ts";

describe("RunTimes", () => {
  it("D-12: more than 15 minutes between two runs are told once, at debug, and again only when it happens again", async () => {
    const [clock, logger] = [new FakeClock(), new MemoryLogger()];
    const times = new RunTimes({ clock, logger });
    times.ran("single");
    await clock.advance(minutes(15));
    times.look();
    expect(logger.messages("debug")).toEqual([]);
    await clock.advance(minutes(1));
    times.look();
    times.look();
    expect(logger.messages("debug")).toEqual(["abnormal time between runs"]);
    expect(logger.find("abnormal time between runs")?.fields).toEqual({ name: "single", "time-since": "16m0s" });
    times.ran("single");
    await clock.advance(minutes(16));
    times.look();
    expect(logger.messages("debug")).toHaveLength(2);
  });
});
