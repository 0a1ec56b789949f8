import { describe, expect, it } from "vitest";
import { FakeClock } from "../../testing/fake-clock.ts";
import { Turn } from "./turn.ts";

describe("a turn", () => {
  const never = new AbortController().signal;

  it("S-1016: is over after twenty milliseconds, and the next one begins when the others have had theirs", async () => {
    const clock = new FakeClock();
    const turn = new Turn({ clock, giveWay: () => clock.advance(100) }, never);
    await clock.advance(19);
    expect(turn.isOver()).toBe(false);
    await clock.advance(1);
    expect(turn.isOver()).toBe(true);
    await turn.next();
    expect(turn.isOver()).toBe(false);
  });

  it("S-1016: is never over where there is nobody to give way to", async () => {
    const clock = new FakeClock();
    const turn = new Turn({ clock }, never);
    await clock.advance(60_000);
    expect(turn.isOver()).toBe(false);
  });

  it("does not go on when it was ended meanwhile", async () => {
    const ended = new AbortController();
    const giveWay = async (): Promise<void> => ended.abort(new Error("the controllers are stopping"));
    const turn = new Turn({ clock: new FakeClock(), giveWay }, ended.signal);
    await expect(turn.next()).rejects.toThrow("the controllers are stopping");
  });
});
