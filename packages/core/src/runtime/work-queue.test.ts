import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { FakeClock } from "../testing/index.ts";
import { hours, milliseconds, seconds } from "../units/index.ts";
import type { Duration } from "../units/index.ts";
import { WorkQueue } from "./work-queue.ts";

function takeAll(queue: WorkQueue): string[] {
  const keys: string[] = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) {
    keys.push(item.key);
    queue.done(item.key);
  }
  return keys;
}

describe("WorkQueue, RT-25", () => {
  it("remembers no more times than keys wait, however often they are woken before: a claim expires next month", async () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    const end = clock.now() + hours(720);
    for (let round = 0; round < 1000; round++) {
      for (const key of ["a", "b", "c"]) queue.add(key);
      takeAll(queue);
      for (const key of ["a", "b", "c"]) queue.addAfter(key, milliseconds(end - clock.now()));
      await clock.advance(1000);
    }
    expect([queue.waiting, queue.deadlines < 100]).toEqual([3, true]);
    await clock.advance(hours(720));
    expect([takeAll(queue), queue.waiting, queue.deadlines]).toEqual([["a", "b", "c"], 0, 0]);
  });

  it("is first in, first out and holds a key once", () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    for (const key of ["a", "b", "a", "c", "b"]) queue.add(key);
    expect(takeAll(queue)).toEqual(["a", "b", "c"]);
  });

  it("TC-70: gives exactly one further run to a key woken a hundred times while it runs, after that run", () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    queue.add("a");
    queue.take();
    for (let i = 0; i < 100; i++) queue.add("a");
    expect([queue.take(), queue.depth()]).toEqual([undefined, 0]);
    queue.done("a");
    expect(takeAll(queue)).toEqual(["a"]);
  });

  it("runs what has just happened before what was there anyway", () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    queue.add("old", -100);
    queue.add("new");
    expect([queue.depth(-100), queue.depth(0)]).toEqual([1, 1]);
    expect(takeAll(queue)).toEqual(["new", "old"]);
  });

  it("moves a key forward when it is woken with a higher priority, never back", () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    queue.add("a", -100);
    queue.add("b");
    queue.add("c", -100);
    queue.add("c");
    queue.add("b", -100);
    expect(takeAll(queue)).toEqual(["b", "c", "a"]);
  });

  it("gives low priority at least one turn in ten", () => {
    const queue = new WorkQueue({ clock: new FakeClock() });
    for (let n = 0; n < 40; n++) queue.add(`urgent-${n}`);
    for (let n = 0; n < 3; n++) queue.add(`patient-${n}`, -100);
    const positions = takeAll(queue).flatMap((key, index) => (key.startsWith("patient") ? [index] : []));
    expect(positions).toEqual([9, 19, 29]);
  });

  it("keeps the earliest of several delays and runs the key once", async () => {
    const clock = new FakeClock(0);
    const queue = new WorkQueue({ clock });
    queue.addAfter("a", seconds(30));
    queue.addAfter("a", seconds(10));
    queue.addAfter("a", seconds(20));
    await clock.advance(9999);
    expect([queue.depth(), queue.waiting]).toEqual([0, 1]);
    await clock.advance(1);
    expect(takeAll(queue)).toEqual(["a"]);
    await clock.advance(60_000);
    expect([queue.depth(), clock.pending()]).toEqual([0, 0]);
  });

  it("TC-71: brings a delayed key forward when it is woken", async () => {
    const clock = new FakeClock(0);
    const queue = new WorkQueue({ clock });
    queue.addAfter("a", seconds(10));
    queue.add("a");
    expect(takeAll(queue)).toEqual(["a"]);
    await clock.advance(20_000);
    expect(queue.depth()).toBe(0);
  });

  it("keeps a delay set while the key runs", async () => {
    const clock = new FakeClock(0);
    const queue = new WorkQueue({ clock });
    queue.add("a");
    queue.take();
    queue.addAfter("a", seconds(5));
    queue.done("a");
    expect(queue.depth()).toBe(0);
    await clock.advance(5000);
    expect(takeAll(queue)).toEqual(["a"]);
  });

  it.each([720, 8760])("RT-24: a delay of %i h is kept with one timer", async (length) => {
    const clock = new FakeClock(0);
    const queue = new WorkQueue({ clock });
    queue.addAfter("a", hours(length));
    queue.addAfter("b", hours(length + 1));
    expect(clock.pending()).toBe(1);
    await clock.advance(hours(length));
    expect(takeAll(queue)).toEqual(["a"]);
  });

  it("never runs a key delayed for ever, and at once one whose delay is over", () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.addAfter("never", Number.POSITIVE_INFINITY as Duration);
    queue.addAfter("now", milliseconds(-5));
    expect([takeAll(queue), queue.waiting, clock.pending()]).toEqual([["now"], 0, 0]);
  });

  it("leaves no timer and takes nothing after closing", () => {
    const clock = new FakeClock();
    const queue = new WorkQueue({ clock });
    queue.add("a");
    queue.take();
    queue.add("a");
    queue.addAfter("b", seconds(1));
    queue.close();
    queue.done("a");
    queue.add("c");
    expect([queue.take(), queue.waiting, clock.pending()]).toEqual([undefined, 0, 0]);
  });

  it("under any order of calls runs no key twice at once and loses no wake-up", () => {
    const key = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ kind: fc.constant("add" as const), key, priority: fc.constantFrom(0 as const, -100 as const) }),
      fc.record({ kind: fc.constant("take" as const) }),
      fc.record({ kind: fc.constant("done" as const), key }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new WorkQueue({ clock: new FakeClock() });
        const running = new Set<string>();
        const owed = new Set<string>();
        const finish = (name: string): void => {
          if (running.delete(name)) queue.done(name);
        };
        const take = (): boolean => {
          const item = queue.take();
          if (item === undefined) return false;
          expect(running.has(item.key)).toBe(false);
          expect(owed.delete(item.key)).toBe(true);
          running.add(item.key);
          return true;
        };
        for (const next of steps) {
          if (next.kind === "add") {
            queue.add(next.key, next.priority);
            owed.add(next.key);
          } else if (next.kind === "take") take();
          else finish(next.key);
        }
        do for (const name of running) finish(name);
        while (take());
        expect([owed.size, queue.depth()]).toEqual([0, 0]);
      }),
      { seed: 11 },
    );
  });
});
