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
});
