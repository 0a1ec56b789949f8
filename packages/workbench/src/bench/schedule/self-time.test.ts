import { expect, it } from "vitest";
import { topSelfTimes } from "./self-time.ts";

const frame = (functionName: string, lineNumber = 0, url = "file:///src/pack/loop.ts") => ({
  functionName,
  scriptId: "1",
  url,
  lineNumber,
  columnNumber: 0,
});

const PROFILE = {
  nodes: [
    { id: 1, callFrame: frame("(root)", 0, "") },
    { id: 2, callFrame: frame("pack", 11) },
    { id: 3, callFrame: frame("", 30) },
    { id: 4, callFrame: frame("pack", 11) },
    { id: 5, callFrame: frame("next", 4, "node:internal/process/task_queues") },
  ],
  samples: [1, 2, 3, 4, 2, 5],
  timeDeltas: [1000, 2000, 2500, 2000, 2000, 500],
};

it("adds the samples of a function wherever it was called from, longest first", () => {
  expect(topSelfTimes(PROFILE, 10)).toEqual([
    { function: "pack pack/loop.ts:12", ms: 6, share: 0.6 },
    { function: "(anonymous) pack/loop.ts:31", ms: 2.5, share: 0.25 },
    { function: "(root)", ms: 1, share: 0.1 },
    { function: "next process/task_queues:5", ms: 0.5, share: 0.05 },
  ]);
});

it("shows no more than it is asked for", () => {
  expect(topSelfTimes(PROFILE, 1)).toHaveLength(1);
});

it("has nothing to say about a profile without samples", () => {
  expect(topSelfTimes({ nodes: PROFILE.nodes }, 10)).toEqual([]);
});
