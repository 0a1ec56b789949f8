import { describe, expect, it } from "vitest";
import { seconds } from "../../units/index.ts";
import { BatchWindow } from "./batch-window.ts";

const aWindow = () => new BatchWindow({ idle: seconds(1), max: seconds(10), retry: seconds(10) });

describe("BatchWindow", () => {
  it("S-212: closes one idle time after the last newcomer", () => {
    const window = aWindow();
    window.see(["a"], 0);
    window.see(["a", "b"], 800);
    expect(window.closesAt()).toBe(1800);
  });

  it("S-212: an element already in the window does not hold it open", () => {
    const window = aWindow();
    window.see(["a"], 0);
    window.see(["a"], 900);
    expect(window.closesAt()).toBe(1000);
  });

  it("S-212: closes at the latest one maximum after it opened", () => {
    const window = aWindow();
    for (let i = 0; i < 40; i++)
      window.see(
        Array.from({ length: i + 1 }, (_, n) => `p${n}`),
        i * 500,
      );
    expect(window.closesAt()).toBe(10_000);
  });

  it("S-211: a pod that is still waiting is planned again after the retry time, not before", () => {
    const window = aWindow();
    window.see(["a"], 0);
    window.solved(1000);
    window.see(["a"], 5000);
    expect(window.closesAt()).toBeUndefined();
    expect(window.nextRetryAt()).toBe(11_000);
    window.see(["a"], 11_000);
    expect(window.closesAt()).toBe(12_000);
  });

  it("forgets pods that no longer wait", () => {
    const window = aWindow();
    window.see(["a"], 0);
    window.see([], 100);
    expect(window.closesAt()).toBeUndefined();
  });

  it("S-214: a burst of more than 5,000 may take twice as long to arrive", () => {
    const burst = Array.from({ length: 5001 }, (_, n) => `p${n}`);
    const closes = (waiting: readonly string[]) => {
      const window = aWindow();
      window.see(["first"], 0);
      window.see(["first", ...waiting.slice(1)], 9500);
      return window.closesAt();
    };
    expect([closes(burst.slice(1)), closes(burst)]).toEqual([10_000, 10_500]);
    const window = aWindow();
    for (let second = 0; second < 40; second++) window.see([...burst, `late-${second}`], second * 500);
    expect(window.closesAt()).toBe(20_000);
  });
});

describe("BatchWindow after a round whose plan did not hold", () => {
  it("S-1016: opens again at once for the pods it let down, and for nobody else", () => {
    const window = new BatchWindow({ idle: seconds(1), max: seconds(10), retry: seconds(10) });
    window.see(["a", "b"], 0);
    window.solved(1000, ["b"]);
    expect(window.closesAt()).toBe(2000);
    expect(window.nextRetryAt()).toBe(11_000);
    window.see(["a", "b"], 1500);
    expect(window.closesAt()).toBe(2000);
  });
});

describe("BatchWindow with an idle time of 5 s", () => {
  const aSlowWindow = () => new BatchWindow({ idle: seconds(5), max: seconds(10), retry: seconds(10) });

  it("T-133: the same pod again at 3 s lets it close at 5 s", () => {
    const window = aSlowWindow();
    window.see(["a"], 0);
    window.see(["a"], 3000);
    expect(window.closesAt()).toBe(5000);
  });

  it("T-133: a new pod at 3 s lets it close at 8 s", () => {
    const window = aSlowWindow();
    window.see(["a"], 0);
    window.see(["a", "b"], 3000);
    expect(window.closesAt()).toBe(8000);
  });

  it("T-133: with a new pod every 3 s it closes at 10 s", () => {
    const window = aSlowWindow();
    for (const [index, at] of [0, 3000, 6000, 9000].entries())
      window.see(
        Array.from({ length: index + 1 }, (_, n) => `p${n}`),
        at,
      );
    expect(window.closesAt()).toBe(10_000);
  });
});
