import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { DeadlineHeap } from "./deadline-heap.ts";

describe("DeadlineHeap", () => {
  it("gives values back by time, equal times first in first out, whatever the order they came in", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
        const heap = new DeadlineHeap<number>();
        for (const [index, at] of times.entries()) heap.push(at, index);
        const popped: [number, number][] = [];
        for (let next = heap.pop(); next !== undefined; next = heap.pop()) popped.push([next.at, next.value]);
        const expected = times
          .map((at, index): [number, number] => [at, index])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(popped).toEqual(expected);
        expect(heap.size).toBe(0);
      }),
      { seed: 7 },
    );
  });
});
