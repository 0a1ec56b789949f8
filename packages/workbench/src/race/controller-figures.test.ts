import { describe, expect, it } from "vitest";
import { gapsBetween, nodesByMethod } from "./controller-figures.ts";

const scrape = (...counts: readonly number[]): string =>
  ["0.02", "0.05", "0.1", "+Inf"]
    .map((bound, at) => `kmc_event_loop_gap_seconds_bucket{le="${bound}"} ${counts[at] ?? 0}`)
    .join("\n");

describe("what the controller tells about itself", () => {
  it("gaps of the start do not count, and the longest is known by its bucket", () => {
    expect(gapsBetween(scrape(1, 2, 3, 4), scrape(5, 9, 10, 11))).toEqual({ count: 7, over50ms: 0, atMostMs: 50 });
    expect(gapsBetween(scrape(0, 0, 0, 0), scrape(1, 2, 4, 4))).toEqual({ count: 4, over50ms: 2, atMostMs: 100 });
    expect(gapsBetween(scrape(1, 2, 3, 4), scrape(1, 2, 3, 4))).toEqual({ count: 0, over50ms: 0, atMostMs: undefined });
    expect(gapsBetween("", scrape(0, 0, 0, 1)).atMostMs).toBe(Number.POSITIVE_INFINITY);
  });

  it("a node counts for the newest command that took it", () => {
    const commands = [
      { method: "drift", nodes: ["a"] },
      { method: "multi", nodes: ["b"], outcome: "GivenUp" },
      { method: "emptiness", nodes: ["a", "b", "stayed"], outcome: "PartlyDone" },
      { method: "multi", nodes: ["c", "d"], outcome: "Done" },
    ] as const;
    const removed = new Set(["a", "b", "c", "d", "by hand"]);
    expect(nodesByMethod(commands, removed)).toEqual({ drift: 1, emptiness: 1, multi: 2 });
  });
});
